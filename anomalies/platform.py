"""Platform incidents: one metric in alarm for many shops at once is said once, and holds the shops' own back."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count

from anomalies import notices
from anomalies.detection import RefusalSeen, crowded, densest, top
from anomalies.models import AnomalyIncident, PlatformIncident, Severity, Side, State
from luxebrain.lib import logs
from tenants.models import Tenant

WITHIN = timedelta(minutes=10)
SHARE, FEWEST = 0.2, 5
QUIET = timedelta(minutes=30)
REFUSED_MOST, REFUSED_SECONDS = 4, 300
log = logs.get(__name__)


def sweep(tenants: Sequence[Tenant], *, now: datetime) -> list[PlatformIncident]:
    """Opens or updates the platform incident of each metric that alarms for at least a fifth of the active tenants."""
    fresh = AnomalyIncident.objects.across_tenants().filter(
        state__in=[State.NEW, State.ACKNOWLEDGED], last_seen_at__gte=now - WITHIN, tenant__in=tenants
    )
    counts = fresh.order_by().values("metric", "side").annotate(shops=Count("tenant", distinct=True))
    found = []
    for row in counts:
        if row["shops"] < max(FEWEST, SHARE * len(tenants)):
            continue
        found.append(_hold(row["metric"], row["side"], row["shops"], len(tenants), fresh, now))
    return found


def _hold(metric: str, side: str, shops: int, active: int, fresh: Any, now: datetime) -> PlatformIncident:
    with transaction.atomic(using="ops"):
        incident = _open(metric, side, now)
        incident.tenant_count, incident.active_count = max(incident.tenant_count, shops), active
        incident.last_seen_at = now
        incident.save(using="ops")
        for own in fresh.filter(metric=metric, side=side, platform=None).select_related("tenant"):
            own.platform = incident
            own.save(using="ops", update_fields=["platform"])
            notices.hold_back(own, "part of a platform incident")
    return incident


def _open(metric: str, side: str, now: datetime) -> PlatformIncident:
    rows = PlatformIncident.objects.using("ops").filter(metric=metric, side=side).exclude(state=State.RESOLVED)
    found = rows.select_for_update().first()
    if found is not None:
        return found
    try:
        with transaction.atomic(using="ops"):
            made = PlatformIncident(metric=metric, side=side, first_seen_at=now, last_seen_at=now)
            made.save(using="ops", force_insert=True)
            log.warning("platform_incident.opened", metric=metric, side=side)
            return made
    except IntegrityError:  # another worker was first
        return rows.select_for_update().get()


def refused(seen: Sequence[RefusalSeen], *, now: datetime) -> PlatformIncident | None:
    """Addresses that try keys and names which nobody has."""
    by_address: dict[str, list[datetime]] = {}
    for one in seen:
        for subject in one.subjects:
            by_address.setdefault(subject, []).append(one.at)
    since = now - timedelta(seconds=REFUSED_SECONDS)
    hot = Counter(
        {
            name: densest(times, REFUSED_SECONDS)
            for name, times in by_address.items()
            if any(at >= since for at in crowded(times, most=REFUSED_MOST, seconds=REFUSED_SECONDS))
        }
    )
    if not hot:
        return None
    with transaction.atomic(using="ops"):
        incident = _open("failed_auth", Side.UP, now)
        incident.facts = {**incident.facts, "who": {"subjects": top(hot)}}
        incident.severity = Severity.HIGH if max(hot.values()) > 25 else Severity.MEDIUM
        incident.last_seen_at = now
        incident.save(using="ops")
    return incident


def settle(*, now: datetime) -> int:
    """Ends what nobody saw for half an hour, and lets the shops' own speak again."""
    with transaction.atomic(using="ops"):
        rows = PlatformIncident.objects.using("ops").exclude(state=State.RESOLVED).filter(last_seen_at__lt=now - QUIET)
        ended = list(rows.select_for_update())
        for incident in ended:
            resolve(incident, by=None, note="Quiet for half an hour.", now=now)
    return len(ended)


def resolve(incident: PlatformIncident, *, by: Any, note: str, now: datetime) -> None:
    incident.state, incident.resolved_at, incident.resolved_by, incident.note = State.RESOLVED, now, by, note[:500]
    incident.save(using="ops")
    incident.held_back.using("ops").update(platform=None)
