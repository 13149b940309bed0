"""Watching: the rounds of the detector over all tenants. Each may run twice or late; nothing is counted twice."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from django.db import connections
from django.utils import timezone

from anomalies import actions, incidents, platform, rules, suspects
from anomalies.detection import AnomalyDetector, OrderSeen
from anomalies.detectors.counts import CountEngine
from anomalies.detectors.rare import RareEngine
from anomalies.detectors.reals import RealEngine
from anomalies.incidents import Signal
from anomalies.models import Stream, StreamPoint, WatchMark
from luxebrain.lib import logs, redis
from recommendations.models import Order
from tenants import pace, refusals, tenancy
from tenants.models import Tenant

LOOK_BACK = timedelta(minutes=15)  # how far before the mark a round reads again, so that sliding windows are whole
MOST_BEHIND = timedelta(hours=2)  # counters live as long
_QUANTILE_ORDERS = 1000  # a 99.9 % quantile of fewer says nothing
_ENGINES = {"real": RealEngine, "rare": RareEngine}  # the others count
log = logs.get(__name__)


def active_tenants() -> list[Tenant]:
    return list(tenancy.across().filter(state=Tenant.State.ACTIVE).order_by("pk"))


def look(*, now: datetime | None = None, renew: Callable[[], object] = lambda: None) -> int:
    """The fixed limits, every few seconds: calls, refusals and orders since the last look. Returns the signals."""
    now = now or timezone.now()
    since = max(mark("limits", now), now - MOST_BEHIND) - LOOK_BACK
    tenants = active_tenants()
    detector = AnomalyDetector(rules.book())
    signals = 0
    for looked in (_calls, _refusals, _orders):
        renew()
        for tenant, found in looked(detector, tenants, since, now):
            for signal in found:
                signals += 1
                tell(tenant, signal, now=now)
    advance("limits", now)
    platform.sweep(tenants, now=now)
    return signals


def tell(tenant: Tenant, signal: Signal, *, now: datetime) -> None:
    """A signal becomes an incident, or part of one, unless it was expected; what a rule says is done."""
    incident = incidents.flag(tenant, signal, now=now)
    if incident is not None:
        actions.perform(tenant, incident, now=now)


def engine_of(stream: Stream) -> Any:
    """The stream's engine; one of another version is begun anew."""
    kind = _ENGINES.get(stream.engine, CountEngine)
    try:
        return kind.load(bytes(stream.state)) if stream.state else kind()
    except ValueError:
        log.warning("stream.begun_anew", stream=stream.pk, metric=stream.metric)
        return kind()


def _calls(detector: AnomalyDetector, tenants: Sequence[Tenant], since: datetime, now: datetime):
    minutes = range(int((since + LOOK_BACK).timestamp()) // 60 - 1, int(now.timestamp()) // 60 + 1)
    try:
        counted = pace.read([tenant.pk for tenant in tenants], minutes)
    except redis.Unreachable:
        log.warning("watch.calls_unknown")
        return
    for tenant in tenants:
        yield tenant, detector.calls(tenant, counted.get(tenant.pk, {}))


def _refusals(detector: AnomalyDetector, tenants: Sequence[Tenant], since: datetime, now: datetime):
    try:
        seen = suspects.sort(refusals.between(since, now + timedelta(seconds=1)))
    except redis.Unreachable:
        log.warning("watch.refusals_unknown")
        return
    whole = since + timedelta(minutes=5)  # windows that begin earlier have lost their context
    for tenant in tenants:
        if tenant.pk in seen.of_tenant:
            yield tenant, detector.refusals(tenant, seen.of_tenant[tenant.pk], since=_window(whole))
    platform.refused(seen.of_nobody, now=now)


def _window(at: datetime) -> datetime:
    """The beginning of the first whole window of five minutes from `at` on."""
    seconds = int(at.timestamp())
    return datetime.fromtimestamp(seconds + (-seconds) % 300, UTC)


def _orders(detector: AnomalyDetector, tenants: Sequence[Tenant], since: datetime, now: datetime):
    """Orders that were placed since; those that arrive later than a quarter of an hour count for large orders only
    as far as their placing lies in the range that is read again."""
    rows = Order.objects.across_tenants().filter(tenant__in=tenants, ordered_at__gte=since, ordered_at__lte=now)
    of_tenant: dict[int, list[OrderSeen]] = {}
    # In their order: what an incident says last is what happened last, wherever the rows lie in the table.
    for row in rows.select_related("customer").exclude(state=Order.State.TEST).order_by("ordered_at", "pk"):
        customer = row.customer.external_id if row.customer else ""
        seen = OrderSeen(row.external_id, row.total, row.currency, customer, row.ordered_at)
        of_tenant.setdefault(row.tenant_id, []).append(seen)
    whole, usual_counts = _window(since + timedelta(minutes=5)), _usual(of_tenant, now)
    for tenant in tenants:
        if tenant.pk in of_tenant:
            usual, seen = partial(quantile, tenant), of_tenant[tenant.pk]
            most = usual_counts.get(tenant.pk)
            yield tenant, detector.orders(tenant, seen, since=whole, usual=usual, usual_count=most)


def quantile(tenant: Tenant, currency: str) -> float | None:
    """The shop's own 99.9 % quantile of a year's orders in this currency; None below _QUANTILE_ORDERS of them."""
    with connections["ops"].cursor() as cursor:
        cursor.execute(
            "select count(*), percentile_cont(0.999) within group (order by total) from recommendations_order "
            "where tenant_id = %s and currency = %s and ordered_at >= now() - interval '1 year' "
            "and ordered_at < now() - interval '1 hour' and is_countable",
            [tenant.pk, currency],
        )
        count, value = cursor.fetchone()
    return float(value) if count >= _QUANTILE_ORDERS else None


def _usual(tenant_ids: Iterable[int], now: datetime) -> dict[int, float]:
    """What each learned baseline of orders calls usual at most for a bucket of now; none while it learns."""
    near = StreamPoint.objects.across_tenants().filter(
        tenant__in=list(tenant_ids), metric="orders", at__gte=now - timedelta(hours=1), high__isnull=False
    )
    return dict(near.order_by("at").values_list("tenant_id", "high"))  # the newest comes last and stays


def settle(*, now: datetime | None = None, renew: Callable[[], object] = lambda: None) -> int:
    """Ends what is long quiet, and wakes what slept until now; returns how many ended."""
    now = now or timezone.now()
    ended = 0
    for tenant in active_tenants():
        renew()
        ended += incidents.settle(tenant, now=now)
    platform.settle(now=now)
    return ended


def mark(name: str, now: datetime) -> datetime:
    """How far this round has come; `now` when it never ran."""
    found = position(name)
    return datetime.fromtimestamp(found, UTC) if found else now


def position(name: str) -> int:
    """What the round has read so far, as its own number; 0 when it never ran."""
    row = WatchMark.objects.using("ops").filter(pk=name).first()
    return row.position if row else 0


def advance(name: str, now: datetime) -> None:
    move(name, int(now.timestamp()))


def move(name: str, to: int) -> None:
    """Moves the mark on, never back."""
    with connections["ops"].cursor() as cursor:
        cursor.execute(
            "insert into anomalies_watchmark (name, position, updated_at) values (%s, %s, now()) on conflict (name) do "
            "update set position = greatest(anomalies_watchmark.position, excluded.position), updated_at = now()",
            [name, to],
        )
