"""Counting: how many incidents are open, for the badge, the tabs, the API and the overview."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone

from anomalies.models import AnomalyIncident, PlatformIncident, Severity, State
from tenants.models import Tenant


@dataclass(frozen=True)
class Counts:
    """Incidents by state; `high`, `medium` and `low` are of the open ones."""

    open: int
    acknowledged: int
    archived: int
    resolved: int
    high: int
    medium: int
    low: int

    @property
    def badge(self) -> str:
        return "99+" if self.open > 99 else str(self.open)

    @property
    def text(self) -> str:
        """What a screen reader says."""
        return "1 open anomaly" if self.open == 1 else f"{self.open} open anomalies"


def everywhere() -> QuerySet[AnomalyIncident]:
    """Incidents of all shops but those that a platform incident holds back, through the operators' role."""
    return AnomalyIncident.objects.across_tenants().filter(platform=None)


def of_platform(*, only_open: bool = False) -> Counts:
    """only_open: for a badge on every page, which must not count through what was resolved long ago."""
    shared = PlatformIncident.objects.using("ops").filter(state=State.NEW)
    return _count(_open(everywhere()) if only_open else everywhere(), shared)


def of_tenant(tenant: Tenant, *, only_open: bool = False) -> Counts:
    rows = tenant.anomaly_incidents.all()
    return _count(_open(rows) if only_open else rows, None)


def _open(rows: QuerySet[AnomalyIncident]) -> QuerySet[AnomalyIncident]:
    return rows.filter(state=State.NEW)


def _count(rows: QuerySet[AnomalyIncident], shared: QuerySet[PlatformIncident] | None) -> Counts:
    new = Q(state=State.NEW)
    found = rows.aggregate(
        open=Count("pk", filter=new),
        acknowledged=Count("pk", filter=Q(state=State.ACKNOWLEDGED)),
        archived=Count("pk", filter=Q(state=State.ARCHIVED)),
        resolved=Count("pk", filter=Q(state=State.RESOLVED)),
        **{level.value: Count("pk", filter=new & Q(severity=level)) for level in Severity},
    )
    for level in shared.values_list("severity", flat=True) if shared is not None else ():
        found["open"] += 1
        found[level] += 1
    return Counts(**found)


def signals(rows: QuerySet[AnomalyIncident], *, now: datetime | None = None) -> dict[str, Any]:
    """"231 signals became 7 incidents": of the incidents that were seen in the last day."""
    fresh = rows.filter(last_seen_at__gte=(now or timezone.now()) - timedelta(days=1))
    found = fresh.aggregate(signals=Sum("count"), incidents=Count("pk"))
    return {"signals": found["signals"] or 0, "incidents": found["incidents"]}
