"""Banners: the worst open incident of a shop that this person has not dismissed."""

from dataclasses import dataclass

from anomalies import wording
from anomalies.models import AnomalyIncident, Severity, State
from tenants.models import Tenant, User


@dataclass(frozen=True)
class Banner:
    pk: int
    severity: str
    tone: str
    title: str
    text: str
    more: int


def of(tenant: Tenant, user: User) -> Banner | None:
    """High before medium before low, then the newest. A dismissed one is shown again when it got worse."""
    rows = list(
        tenant.anomaly_incidents.filter(state__in=[State.NEW, State.ACKNOWLEDGED]).select_related("tenant")
        .order_by("-last_seen_at")[:50]
    )  # fmt: skip
    if not rows:
        return None
    away = dict(
        tenant.banner_dismissals.filter(user=user, incident__in=rows).values_list("incident_id", "severity")
    )
    shown = [row for row in rows if row.pk not in away or row.level.rank > Severity(away[row.pk]).rank]
    if not shown:
        return None
    worst = max(shown, key=lambda row: row.level.rank)
    said = wording.say(worst)
    tone = "info" if said.tone == "neutral" else said.tone
    return Banner(worst.pk, said.severity, tone, said.title, wording.sentence(worst), len(shown) - 1)


def dismiss(incident: AnomalyIncident, *, by: User) -> None:
    incident.tenant.banner_dismissals.update_or_create(
        incident=incident, user=by, defaults={"severity": incident.severity}
    )
