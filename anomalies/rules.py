"""Rules: which threshold counts for a shop, its own before its plan's before everybody's."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from anomalies import metrics
from anomalies.detectors import reals
from anomalies.detectors.counts import ALERT
from anomalies.detectors.rare import STRANGE
from anomalies.models import AlertRule, ExpectedWindow, Stream
from tenants.models import Tenant

# The specification's limits (requirements 2.4), and the strangeness from which a baseline speaks.
DEFAULT_LIMITS = {
    # metric: (threshold, window in seconds, severity)
    "api_rate": (100.0, 60, "medium"),
    "failed_auth": (5.0, 300, "medium"),
    "large_order": (10_000.0, 300, "low"),
    "rapid_orders": (10.0, 300, "medium"),
}
# Counts and values: as measured by bench/anomalies.py and bench/values.py (0.2 of the score, twice in a row).
# Measures of models: one in a thousand, at one a day.
DEFAULT_STRANGENESS = {"count": ALERT, "real": 16.0 * reals.ALERT, "rare": STRANGE}
NIGHT = range(2, 6)  # hours of the shop's day in which everything weighs a step more


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds for one tenant and metric. `source` says where it comes from: shop, plan, platform or default."""

    metric: str
    kind: str
    threshold: float
    window_seconds: int = 300
    severity: str = ""
    action: str = ""
    throttle: tuple[int, int] = (10, 60)  # calls a minute, minutes: where the action is to throttle
    cool_down: int = AlertRule.COOL_DOWN  # minutes
    channels: tuple[str, ...] = ()  # kinds ("slack") or channels ("channel:7") that are told; empty = all
    is_active: bool = True
    source: str = "default"
    rule_id: int | None = None


def default(metric: str, kind: str) -> Rule:
    if kind == "limit":
        threshold, window, severity = DEFAULT_LIMITS[metric]
        return Rule(metric, kind, threshold, window, severity)
    return Rule(metric, kind, DEFAULT_STRANGENESS[metrics.get(metric).kind])


class RuleBook:
    """The rules of many tenants, read once. `of(tenant, metric, kind)` gives the one that counts."""

    def __init__(self, rows: Iterable[AlertRule], taught: Mapping[tuple[int, str], float] | None = None) -> None:
        """taught: (tenant, metric) → what somebody called a false alarm lately; a limit is at least that."""
        self.taught = taught or {}
        self._rows: dict[tuple[str, str, int | None, str | None], AlertRule] = {
            (row.metric, row.kind, row.tenant_id, row.plan_id): row for row in rows
        }

    def of(self, tenant: Tenant, metric: str, kind: str) -> Rule:
        for source, owner, plan in (
            ("shop", tenant.pk, None), ("plan", None, tenant.plan_id), ("platform", None, None),
        ):  # fmt: skip
            row = self._rows.get((metric, kind, owner, plan))
            if row is not None:
                return self._taught(tenant, _as_rule(row, source))
        return self._taught(tenant, default(metric, kind))

    def _taught(self, tenant: Tenant, rule: Rule) -> Rule:
        floor = self.taught.get((tenant.pk, rule.metric), 0.0) if rule.kind == "limit" else 0.0
        return replace(rule, threshold=max(rule.threshold, floor))


def _as_rule(row: AlertRule, source: str) -> Rule:
    return Rule(
        row.metric, row.kind, row.threshold, row.window_seconds, row.severity or _severity(row), row.action,
        (row.throttle_per_minute, row.throttle_minutes), row.cool_down_minutes, tuple(row.channels), row.is_active,
        source, row.pk,
    )  # fmt: skip


def _severity(row: AlertRule) -> str:
    return DEFAULT_LIMITS[row.metric][2] if row.metric in DEFAULT_LIMITS and row.kind == "limit" else ""


def book() -> RuleBook:
    """Every rule there is, through the operators' role."""
    taught = Stream.objects.across_tenants().filter(engine="limit", raised_until__gt=timezone.now())
    rows = taught.values_list("tenant_id", "metric", "cumulative")
    floors = {(tenant_id, metric): value or 0.0 for tenant_id, metric, value in rows}
    return RuleBook(AlertRule.objects.using("ops").all(), floors)


def of_tenant(tenant: Tenant) -> RuleBook:
    """What a shop itself may see: its own rules and those that are everybody's or its plan's."""
    mine = Q(tenant=tenant) | Q(tenant=None, plan=None) | Q(tenant=None, plan_id=tenant.plan_id)
    return RuleBook(AlertRule.objects.using(tenant.alias).filter(mine))


def is_night(at: datetime, tenant: Tenant) -> bool:
    return at.astimezone(tenant.zone).hour in NIGHT


def is_expected(tenant: Tenant, metric: str, since: datetime, until: datetime | None = None) -> bool:
    """Whether a window that holds touches [since, until], or the moment where there is no `until`."""
    return _holding(tenant, since, until or since).filter(metric__in=("", metric)).exists()


def expected_metrics(tenant: Tenant, at: datetime) -> set[str]:
    """The metrics of all windows that hold at this moment; "" among them stands for every metric."""
    return set(_holding(tenant, at, at).values_list("metric", flat=True))


def _holding(tenant: Tenant, since: datetime, until: datetime) -> QuerySet[ExpectedWindow]:
    """The windows that hold a baseline, neither removed nor there to be drawn alone, and touch [since, until]."""
    return tenant.expected_windows.filter(removed_at=None, holds=True, starts_at__lte=until, ends_at__gt=since)
