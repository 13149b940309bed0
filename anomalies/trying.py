"""Trying a rule out: how many incidents it would have raised in the last 30 days, from what is stored."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from anomalies import metrics
from anomalies.detection import MAGNITUDE, crowded
from anomalies.models import AlertRule, StreamPoint
from anomalies.watching import quantile
from recommendations.models import Order
from tenants import tenancy
from tenants.models import Tenant

DAYS = 30
QUIET = timedelta(minutes=30)  # six quiet buckets end an incident


@dataclass(frozen=True)
class Outcome:
    """incidents: how many; shops: in how many shops; note: how exact that is."""

    incidents: int
    shops: int
    asked: int
    note: str

    @property
    def sentence(self) -> str:
        if self.asked == 0:
            return "There is no shop that this rule would hold for."
        words = "incident" if self.incidents == 1 else "incidents"
        where = "" if self.incidents == 0 else f" in {self.shops} of {self.asked} shops"
        return f"In the last {DAYS} days it would have raised {self.incidents} {words}{where}. {self.note}".strip()


def try_out(rule: AlertRule, *, now: datetime | None = None) -> Outcome:
    """Of the shops that the rule would hold for: its own shop, those of its plan, or all."""
    now = now or timezone.now()
    shops = tenancy.across().filter(state=Tenant.State.ACTIVE)
    if rule.tenant_id:
        shops = shops.filter(pk=rule.tenant_id)
    elif rule.plan_id:
        shops = shops.filter(plan_id=rule.plan_id)
    tenants, since = list(shops), now - timedelta(days=DAYS)
    hits, note = _hits(rule, tenants, since)
    counts = [episodes(times) for times in hits.values()]
    return Outcome(sum(counts), sum(1 for count in counts if count), len(tenants), note)


def _hits(rule: AlertRule, tenants: Sequence[Tenant], since: datetime) -> tuple[dict[int, list[datetime]], str]:
    if rule.kind == AlertRule.Kind.BASELINE:
        return _baseline(rule, tenants, since), "By the stored buckets of five minutes."
    if rule.metric == "large_order":
        return _large(rule, tenants, since), "By the stored orders."
    if rule.metric == "rapid_orders":
        return _rapid(rule, tenants, since), "By the stored orders."
    points = _points("requests" if rule.metric == "api_rate" else "refusals", tenants, since)
    if rule.metric == "api_rate":
        least = rule.threshold * max(1.0, metrics.BUCKET_SECONDS / rule.window_seconds)
        found = _over(points.filter(value__gt=least))
        return found, "At least: calls are kept by five minutes, and a shorter burst may hide in them."
    return _over(points.filter(value__gte=rule.threshold)), "At most: refusals are kept for the shop as a whole."


def _points(metric: str, tenants: Sequence[Tenant], since: datetime):
    rows = StreamPoint.objects.across_tenants().filter(tenant__in=tenants, metric=metric, at__gte=since)
    return rows.order_by("at")


def _over(rows) -> dict[int, list[datetime]]:
    found: dict[int, list[datetime]] = defaultdict(list)
    for tenant_id, at in rows.values_list("tenant_id", "at"):
        found[tenant_id].append(at)
    return found


def _baseline(rule: AlertRule, tenants: Sequence[Tenant], since: datetime) -> dict[int, list[datetime]]:
    if metrics.get(rule.metric).kind != "real":
        least = -rule.threshold
        return _over(_points(rule.metric, tenants, since).filter(log10p__lte=least))
    found: dict[int, list[datetime]] = defaultdict(list)
    rows = _points(rule.metric, tenants, since).exclude(log10p=None)
    for tenant_id, at, log10p in rows.values_list("tenant_id", "at", "log10p"):
        if 16.0 * (1.0 - 10.0**log10p) >= rule.threshold:
            found[tenant_id].append(at)
    return found


def _orders(tenants: Sequence[Tenant], since: datetime):
    rows = Order.objects.across_tenants().filter(tenant__in=tenants, ordered_at__gte=since)
    return rows.exclude(state=Order.State.TEST).order_by("ordered_at")


def _large(rule: AlertRule, tenants: Sequence[Tenant], since: datetime) -> dict[int, list[datetime]]:
    shops = {tenant.pk: tenant for tenant in tenants}
    usual: dict[tuple[int, str], float] = {}
    found: dict[int, list[datetime]] = defaultdict(list)
    rows = _orders(tenants, since).filter(total__gt=rule.threshold)
    for tenant_id, currency, total, at in rows.values_list("tenant_id", "currency", "total", "ordered_at"):
        limit = rule.threshold * MAGNITUDE.get(currency, 1)
        if total <= limit:
            continue
        key = (tenant_id, currency)
        if key not in usual:
            usual[key] = quantile(shops[tenant_id], currency) or 0.0
        if total > max(limit, usual[key]):
            found[tenant_id].append(at)
    return found


def _rapid(rule: AlertRule, tenants: Sequence[Tenant], since: datetime) -> dict[int, list[datetime]]:
    of_shop = defaultdict(list)
    for tenant_id, at in _orders(tenants, since).values_list("tenant_id", "ordered_at"):
        of_shop[tenant_id].append(at)
    most, seconds = int(rule.threshold), rule.window_seconds
    return {tenant_id: crowded(times, most=most, seconds=seconds) for tenant_id, times in of_shop.items()}


def episodes(times: Iterable[datetime]) -> int:
    """How many incidents these signals would have become: half an hour of quiet ends one."""
    count, last = 0, None
    for at in sorted(times):
        if last is None or at - last > QUIET:
            count += 1
        last = at
    return count
