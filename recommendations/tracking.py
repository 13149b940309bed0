"""What recommendations brought: attributes orders to clicks, and rolls events up into daily figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connections
from django.utils import timezone

from modelregistry import performance
from recommendations import tracking_sql as sql
from recommendations.models import RollUp
from tenants import tenancy, work
from tenants.models import Tenant

# A transaction stamps its rows when it begins: one that is still open now may show older ones later.
OVERLAP = timedelta(minutes=2)
TASK = "recommendations.roll_up"
COUNTED = ("impression", "click", "cart", "purchase")


@dataclass(frozen=True, slots=True)
class RolledUp:
    """What one roll-up did: the days made anew, and the attributed order lines in them."""

    days: Sequence[date]
    attributed: int


def roll_up(tenant: Tenant, *, since: datetime | None = None) -> RolledUp:
    """Makes the figures of every day anew that was touched since the last roll-up.

    Late and repeated events, changed and refunded orders touch the days they belong to, so the
    result is the same as if everything had arrived in order. `since`: every day from then on.
    An order with an id counts once, whether it came as an order, as purchase events or as both.
    """
    with tenant.atomic():
        mark = _mark(tenant)
        started = _clock(tenant)
        after = (mark.arrived_until - OVERLAP) if mark.arrived_until else None
        if mark.window_hours != tenant.attribution_hours:
            since = _start_of(tenant, _frozen_before(tenant))  # another window: every day that can be made anew
        days = _touched(tenant, arrived_after=after, since=since)
        attributed = 0
        if days:
            attributed = _attribute(tenant, days, arrived_after=after)
            performance.replace(tenant, days=days, rows=_figures(tenant, days))
        mark.arrived_until = _settled(tenant, started)
        mark.finished_at = timezone.now()
        mark.window_hours = tenant.attribution_hours
        mark.save(update_fields=["arrived_until", "finished_at", "window_hours"])
    return RolledUp(days, attributed)


def _mark(tenant: Tenant) -> RollUp:
    """The tenant's mark, locked: two roll-ups of one tenant wait for each other."""
    tenant.roll_ups.bulk_create([RollUp(tenant_id=tenant.pk)], ignore_conflicts=True)
    return tenant.roll_ups.select_for_update().get()


def _clock(tenant: Tenant) -> datetime:
    """The database's time, because it is the one that stamps arrivals."""
    return _rows(tenant, "select statement_timestamp()")[0][0]


def _settled(tenant: Tenant, started: datetime) -> datetime:
    """Events still in the inbox keep their time of arrival: do not pass the oldest of them."""
    waiting = tenant.event_batches.order_by("received_at").values_list("received_at", flat=True).first()
    return min(started, waiting) if waiting else started


def _touched(tenant: Tenant, *, arrived_after: datetime | None, since: datetime | None) -> list[date]:
    values = _values(tenant) | {"after": arrived_after, "since": since}
    if arrived_after is None:
        query = sql.ALL_DAYS
    elif since is None:
        query = sql.TOUCHED_DAYS
    else:
        query = f"{sql.TOUCHED_DAYS} union {sql.DAYS_SINCE}"
    first = _frozen_before(tenant)
    return sorted({row[0] for row in _rows(tenant, query, values) if row[0] >= first})


def _frozen_before(tenant: Tenant) -> date:
    """The first day all of whose counted events are still kept, and the clicks before it that may earn on it.

    Figures of earlier days stay as they are.
    """
    kept = timedelta(days=min(tenant.plan.days_of(kind) for kind in COUNTED))
    earliest = timezone.now() - kept + _window(tenant)
    return earliest.astimezone(tenant.zone).date() + timedelta(days=1)


def _attribute(tenant: Tenant, days: list[date], *, arrived_after: datetime | None) -> int:
    """Attributes the orders of these days anew; what no longer holds (a refund) is gone."""
    values = _values(tenant) | _span(tenant, days) | {"after": arrived_after}
    _rows(tenant, sql.FORGET, values)
    return len(_rows(tenant, sql.ATTRIBUTE, values))


def _figures(tenant: Tenant, days: list[date]) -> list[performance.Row]:
    return [performance.Row(*row) for row in _rows(tenant, sql.FIGURES, _values(tenant) | _span(tenant, days))]


def _values(tenant: Tenant) -> dict[str, Any]:
    return {
        "tenant": tenant.pk,
        "zone": tenant.time_zone,
        "currency": tenant.currency,
        "window": _window(tenant),
    }


def _window(tenant: Tenant) -> timedelta:
    return timedelta(hours=tenant.attribution_hours)


def _start_of(tenant: Tenant, day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), tzinfo=tenant.zone)


def _span(tenant: Tenant, days: list[date]) -> dict[str, Any]:
    """The days, and instants that surely enclose them, so that indexes and partitions can be used."""
    return {"days": days, "first": _start_of(tenant, days[0]), "end": _start_of(tenant, days[-1] + timedelta(days=1))}


def _rows(tenant: Tenant, query: str, values: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    with connections[tenant.alias].cursor() as cursor:
        cursor.execute(query, values or {})
        return cursor.fetchall() if cursor.description else []


def fan_out() -> int:
    """Makes a roll-up due for every tenant where something arrived; how many there were."""
    with connections["ops"].cursor() as cursor:
        cursor.execute(sql.TENANTS_WITH_NEWS)
        due = [row[0] for row in cursor.fetchall()]
    for tenant in tenancy.across().filter(pk__in=due):
        work.enqueue(tenant, TASK, key="roll_up")
    return len(due)


ENOUGH_LISTS = performance.ENOUGH_LISTS


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a period beside that of the period before. `change` is None where neither is sound.

    `change` is a share of the previous value for amounts, and a difference of shares for shares.
    """

    value: Any
    previous: Any
    change: float | None
    enough: bool
    based_on: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What recommendations did from `first` to `last`, both included, in the tenant's days."""

    first: date
    last: date
    days: int
    served: Figure
    ctr: Figure
    conversion: Figure
    revenue: Figure
    currency: str
    other_revenue: Sequence[tuple[str, Decimal]]
    orders: int
    clicked: int


def summary(tenant: Tenant, *, days: int, until: date | None = None) -> Summary:
    """The figures of the `days` days that end with `until` (default: today, in the tenant's zone).

    Click-through = lists clicked ÷ lists shown. Conversion = lists that an
    order followed ÷ lists clicked.
    """
    last = until or tenant.today()
    first = last - timedelta(days=days - 1)
    now = _period(tenant, first, last)
    then = _period(tenant, first - timedelta(days=days), first - timedelta(days=1))
    enough = now.shown >= ENOUGH_LISTS
    comparable = enough and then.shown >= ENOUGH_LISTS
    return Summary(
        first=first,
        last=last,
        days=days,
        served=_amount(now.shown, then.shown, enough=now.shown > 0, based_on=now.shown, comparable=comparable),
        ctr=_share((now.clicked, now.shown), (then.clicked, then.shown), enough=enough, comparable=comparable),
        conversion=_share(
            (now.converted, now.clicked), (then.converted, then.clicked), enough=enough, comparable=comparable
        ),
        revenue=_amount(
            now.money.get(tenant.currency, Decimal(0)),
            then.money.get(tenant.currency, Decimal(0)),
            enough=now.shown > 0 or bool(now.money),
            based_on=now.orders,
            comparable=comparable,
        ),
        currency=tenant.currency,
        other_revenue=sorted((code, amount) for code, amount in now.money.items() if code != tenant.currency),
        orders=now.orders,
        clicked=now.clicked,
    )


@dataclass(frozen=True, slots=True)
class _Period:
    shown: int
    clicked: int
    orders: int
    converted: int
    money: dict[str, Decimal]


def _period(tenant: Tenant, first: date, last: date) -> _Period:
    shown, clicked = performance.totals(tenant, first=first, last=last)
    span = _span(tenant, [first, last])
    found = _rows(tenant, sql.EARNED, _values(tenant) | span)
    orders, converted = _rows(tenant, sql.ATTRIBUTED_ORDERS, _values(tenant) | span)[0]
    clicked = min(clicked, shown) if shown else clicked
    return _Period(shown, clicked, orders, min(converted, clicked), dict(found))


def _amount(value: Any, previous: Any, *, enough: bool, based_on: int, comparable: bool) -> Figure:
    change = float((value - previous) / previous) if previous and comparable else None
    return Figure(value, previous, change, enough, based_on)


def _share(now: tuple[int, int], then: tuple[int, int], *, enough: bool, comparable: bool) -> Figure:
    value = now[0] / now[1] if now[1] else 0.0
    previous = then[0] / then[1] if then[1] else 0.0
    sound = comparable and bool(now[1]) and bool(then[1])
    return Figure(value, previous, value - previous if sound else None, enough and bool(now[1]), now[1])
