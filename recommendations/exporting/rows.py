"""The rows of an export, page by page in the order of a key, each page in a context of its own.

A page is a short transaction: an export of millions of rows keeps none open, and what changes in the
meantime is in the file with its old or its new state.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from tenants import tenancy
from tenants.models import Tenant

PAGE = 2000
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Window:
    """Days in the shop's time zone, both included; None is open."""

    first: date | None = None
    last: date | None = None

    def bounds(self, tenant: Tenant) -> tuple[datetime | None, datetime | None]:
        begin = datetime.combine(self.first, time.min, tzinfo=tenant.zone) if self.first else None
        end = datetime.combine(self.last + timedelta(days=1), time.min, tzinfo=tenant.zone) if self.last else None
        return begin, end


@dataclass(frozen=True)
class Kind:
    """`columns`: (name, type); types: text, money, whole, flag, time, day, list, json."""

    label: str
    columns: tuple[tuple[str, str], ...]
    of: Callable[[Tenant, Window], QuerySet]
    read: Callable[[Tenant, list[Any]], Iterator[Row]]
    key: tuple[str, ...] = ("pk",)
    has_window: bool = False


def _columns(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, kind or "text") for name, _, kind in (part.partition(":") for part in text.split()))


def _within(rows: QuerySet, name: str, tenant: Tenant, window: Window) -> QuerySet:
    begin, end = window.bounds(tenant)
    if begin:
        rows = rows.filter(**{f"{name}__gte": begin})
    return rows.filter(**{f"{name}__lt": end}) if end else rows


def _days(tenant: Tenant, window: Window) -> QuerySet:
    rows = tenant.daily_performance.all()
    if window.first:
        rows = rows.filter(day__gte=window.first)
    return rows.filter(day__lte=window.last) if window.last else rows


def _products(tenant: Tenant, page: list[Any]) -> Iterator[Row]:
    for p in page:
        yield (p.external_id, p.title, p.description, p.url, p.image_url, p.price, p.currency, p.categories, p.brand,
               p.tags, p.attributes, p.stock, p.is_published, p.source_updated_at)  # fmt: skip


def _customers(tenant: Tenant, page: list[Any]) -> Iterator[Row]:
    for c in page:
        yield c.external_id, c.country, c.attributes, c.source_updated_at


def _orders(tenant: Tenant, page: list[Any]) -> Iterator[Row]:
    """One row per line. An order without lines has one row with an empty product."""
    lines: dict[int, list[Any]] = {}
    for line in tenant.order_lines.filter(order__in=[order.pk for order in page]).order_by("order_id", "position"):
        lines.setdefault(line.order_id, []).append(line)
    for o in page:
        customer = o.customer.external_id if o.customer else ""
        head = (o.external_id, customer, o.session_id, o.state, o.currency, o.total, o.ordered_at, o.source_updated_at)
        for line in lines.get(o.pk, []):
            yield (*head, line.product_external_id, line.quantity, line.unit_price)
        if o.pk not in lines:
            yield (*head, "", None, None)


def _events(tenant: Tenant, page: list[Any]) -> Iterator[Row]:
    for e in page:
        yield (str(e.id), e.kind, e.occurred_at, e.customer_external_id, e.session_id, e.product_external_id,
               e.quantity, e.value, e.currency, e.order_external_id, e.recommendation_id, e.placement,
               e.properties)  # fmt: skip


def _figures(tenant: Tenant, page: list[Any]) -> Iterator[Row]:
    for d in page:
        yield d.day, d.version, d.placement, d.impressions, d.clicks, d.orders, d.revenue, d.currency


KINDS = {
    "products": Kind(
        "Products",
        _columns("id title description url image_url price:money currency categories:list brand tags:list "
                 "attributes:json stock:whole published:flag updated_at:time"),
        lambda tenant, window: tenant.products.all(), _products,
    ),
    "customers": Kind(
        "Customers", _columns("id country attributes:json updated_at:time"),
        lambda tenant, window: tenant.customers.all(), _customers,
    ),
    "orders": Kind(
        "Orders with their lines",
        _columns("order_id customer_id session_id status currency total:money ordered_at:time updated_at:time "
                 "product_id quantity:whole unit_price:money"),
        lambda tenant, window: _within(tenant.orders.select_related("customer"), "ordered_at", tenant, window),
        _orders, has_window=True,
    ),
    "events": Kind(
        "Events",
        _columns("event_id type occurred_at:time customer_id session_id product_id quantity:whole value:money "
                 "currency order_id recommendation_id placement properties:json"),
        lambda tenant, window: _within(tenant.events.all(), "occurred_at", tenant, window),
        _events, key=("occurred_at", "id"), has_window=True,
    ),
    "figures": Kind(
        "Daily figures of recommendations",
        _columns("day:day version:whole placement impressions:whole clicks:whole orders:whole revenue:money currency"),
        _days, _figures, has_window=True,
    ),
}  # fmt: skip


def pages(tenant_id: int, kind: str, window: Window) -> Iterator[tuple[list[Row], int]]:
    """Rows and how many objects (an order with its lines is one) they are, until there are no more."""
    known = KINDS[kind]
    after: tuple[Any, ...] = ()
    while True:
        with tenancy.enter(tenant_id) as tenant:
            rows = known.of(tenant, window)
            if len(known.key) == 1 and after:
                rows = rows.filter(**{f"{known.key[0]}__gt": after[0]})
            elif after:
                first, second = known.key
                same = Q(**{first: after[0], f"{second}__gt": after[1]})
                rows = rows.filter(Q(**{f"{first}__gte": after[0]}) & (Q(**{f"{first}__gt": after[0]}) | same))
            page = list(rows.order_by(*known.key)[:PAGE])
            if not page:
                return
            made = list(known.read(tenant, page))
            after = tuple(getattr(page[-1], name) for name in known.key)
        yield made, len(page)


def count(tenant: Tenant, kind: str, window: Window) -> int:
    return KINDS[kind].of(tenant, window).count()
