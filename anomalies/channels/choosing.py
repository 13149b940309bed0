"""Choosing: which channels hear of an incident by its rule, their own wishes and the plan, and why one does not."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Q

from anomalies.models import AlertChannel, AnomalyIncident, Severity
from luxebrain.lib.problems import PlanLimit
from tenants.models import Plan, Tenant

Kind = AlertChannel.Kind
WORDS = {Kind.MAIL: "mail", Kind.SLACK: "Slack", Kind.WEBHOOK: "webhook"}
ALWAYS = Kind.MAIL  # a shop that can be told nowhere would be told nothing


@dataclass
class Chosen:
    """Those that are told, and those that would be if the shop's plan had their kind."""

    told: list[AlertChannel] = field(default_factory=list)
    locked: list[AlertChannel] = field(default_factory=list)


def of_incident(incident: AnomalyIncident, *, severity: str) -> Chosen:
    """The channels of the platform and of this shop that its rule names and that want to hear of it."""
    tenant = incident.tenant
    found = Chosen()
    for channel in wanting(tenant, severity, incident.metric, named=incident.facts.get("channels") or ()):
        (found.told if is_included(channel.tenant, channel.kind) else found.locked).append(channel)
    return found


def wanting(
    tenant: Tenant | None, severity: str, metric: str, *, named: Sequence[str] = ()
) -> list[AlertChannel]:
    """The active channels of the platform, and of this shop, that want to hear of this.

    named: kinds ("slack") or channels ("channel:7") that a rule tells. Where none of them is in use any more, all
    are asked: an incident that nobody hears of is worse than one too many."""
    whose = Q(tenant=None) | Q(tenant=tenant) if tenant else Q(tenant=None)
    rows = list(AlertChannel.objects.using("ops").filter(whose, is_active=True).select_related("tenant__plan"))
    rows = [row for row in rows if is_named(row, named)] or rows
    rank = Severity(severity).rank
    return [
        row for row in rows if Severity(row.min_severity).rank <= rank and (not row.metrics or metric in row.metrics)
    ]


def is_named(channel: AlertChannel, named: Sequence[str]) -> bool:
    return not named or channel.kind in named or name_of(channel) in named


def name_of(channel: AlertChannel) -> str:
    """As a rule writes it."""
    return f"channel:{channel.pk}"


def choices(tenant: Tenant | None) -> list[tuple[str, list[tuple[str, str]]]]:
    """What a rule can name, in groups: kinds, the platform's channels and those of one shop."""
    rows = AlertChannel.objects.using("ops")
    groups = [("Every channel of a kind", [(str(kind), f"Every {word} channel") for kind, word in WORDS.items()])]
    for title, owner in [("Of the platform", None), *([(f"Of {tenant}", tenant)] if tenant else [])]:
        found = [(name_of(row), f"{row.name} ({row.get_kind_display()})") for row in rows.filter(tenant=owner)]
        groups += [(title, found)] if found else []
    return groups


def words(named: Sequence[str]) -> str:
    """What a rule names, in a line; "everybody" where it names nothing."""
    if not named:
        return "every channel"
    kinds = [WORDS[Kind(one)] for one in named if one in Kind.values]
    pks = [int(one.partition(":")[2]) for one in named if one.startswith("channel:")]
    names = list(AlertChannel.objects.using("ops").filter(pk__in=pks).values_list("name", flat=True))
    gone = len(pks) - len(names)
    parts = [f"every {kind}" for kind in kinds] + names + ([f"{gone} removed"] if gone else [])
    return ", ".join(parts)


def is_included(tenant: Tenant | None, kind: str) -> bool:
    """Whether this kind of channel is part of the shop's plan; the platform and mail have no plan."""
    return tenant is None or kind == ALWAYS or kind in tenant.plan.alert_channels


def require(tenant: Tenant | None, kind: str) -> None:
    """Raises PlanLimit where the shop's plan has no such channels."""
    if tenant is not None and not is_included(tenant, kind):
        raise PlanLimit(reason(tenant, kind))


def reason(tenant: Tenant, kind: str) -> str:
    """Why the shop is not told there, and which plans would."""
    plans = Plan.objects.using("ops").order_by("position")
    return tenant.plan.lacks(f"{WORDS[Kind(kind)]} channels", (plan for plan in plans if kind in plan.alert_channels))
