"""Answered lists looked up: found by request, shopper or product; what followed each."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connections
from django.db.models import Q, QuerySet

from luxebrain.lib.problems import NotFound
from recommendations import identity
from recommendations.models import ServedList
from tenants import tenancy
from tenants.models import Tenant

PAGE, PIECE = 50, 1000  # lists shown, and read at once for a file
LIGHT = ("facts",)  # read only where one list is looked at


@dataclass(frozen=True, slots=True)
class Found:
    """One page of lists, newest first. `by` says in words what the text turned out to be, "" without one."""

    rows: list[ServedList]
    by: str
    next: str


def within(tenant: Tenant, begins: datetime | None, ends: datetime | None) -> QuerySet[ServedList]:
    """The lists answered from `begins` until before `ends`; the days outside are partitions that are not read."""
    rows = tenant.served_lists.filter(at__gte=begins) if begins else tenant.served_lists.all()
    return rows.filter(at__lt=ends) if ends else rows


def search(
    tenant: Tenant, text: str = "", *, placement: str = "", kind: str = "", begins: datetime | None = None,
    ends: datetime | None = None, before: str = "", size: int,
) -> Found:  # fmt: skip
    """The newest lists that the text names: a request, a list, a shopper, a session or a product listed.

    before    the recommendation id that the page before ended with
    """
    rows = within(tenant, begins, ends).order_by("-at", "-recommendation_id").defer(*LIGHT)
    if placement:
        rows = rows.filter(placement=placement)
    if kind:
        rows = rows.filter(kind=kind)
    by = ""
    if text:
        rows, by = _named(rows, text)
    moment = moment_of(before)
    if moment is not None:
        rows = rows.filter(at__lte=moment).filter(Q(at__lt=moment) | Q(recommendation_id__lt=before))
    found = list(rows[: size + 1])
    more = len(found) > size
    return Found(found[:size], by, found[size - 1].recommendation_id if more else "")


def pieces(tenant_id: int, text: str, *, most: int, **chosen: Any) -> Iterator[list[ServedList]]:
    """What `search` finds, the newest `most`, each piece in a short transaction of its own."""
    before, left = "", most
    while left > 0:
        with tenancy.enter(tenant_id) as tenant:
            found = search(tenant, text, before=before, size=min(PIECE, left), **chosen)
        yield found.rows
        before, left = found.next, left - len(found.rows)
        if not before:
            return


def _named(rows: QuerySet[ServedList], text: str) -> tuple[QuerySet[ServedList], str]:
    moment = moment_of(text)
    if moment is not None:
        return rows.filter(at=moment, recommendation_id=text), "the list"
    tries = (
        ("the request", Q(request_id=text)),
        ("the shopper", Q(customer_external_id=text)),
        ("the session", Q(session_id=text)),
        ("the product", Q(products__contains=[text])),
    )
    for words, condition in tries:
        if rows.filter(condition).exists():
            return rows.filter(condition), words
    return rows.none(), ""


def moment_of(recommendation_id: str) -> datetime | None:
    """When the list of this id was made, to the millisecond; None for what is no id of ours."""
    if identity.version_of(recommendation_id) is None:
        return None
    try:
        return datetime.fromtimestamp(int(recommendation_id[4:16], 16) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def of_request(tenant: Tenant, request_id: str) -> list[ServedList]:
    """The lists of one request, in the order of their answer. Raises NotFound."""
    rows = list(tenant.served_lists.filter(request_id=request_id).order_by("at", "recommendation_id")[:PAGE])
    if not rows:
        raise NotFound("There is no such request, or it is older than 30 days.")
    return rows


@dataclass(frozen=True, slots=True)
class Followed:
    """What came after a list. `amount` by currency, of order lines that followed a click."""

    shown: int
    clicks: dict[str, int]
    orders: list[dict[str, Any]]

    @property
    def click_count(self) -> int:
        return sum(self.clicks.values())

    @property
    def amounts(self) -> dict[str, Decimal]:
        sums: dict[str, Decimal] = {}
        for order in self.orders:
            sums[order["currency"]] = sums.get(order["currency"], Decimal(0)) + order["amount"]
        return sums


def followed(tenant: Tenant, row: ServedList) -> Followed:
    """Times shown, clicks by product, and attributed order lines of one list."""
    with connections[tenant.alias].cursor() as cursor:
        cursor.execute(_EVENTS, {"tenant": tenant.pk, "list": row.recommendation_id})
        counted = cursor.fetchall()
    # Attributions stand by time of the order, which is after the list.
    orders = tenant.attributions.filter(
        ordered_at__gte=row.at - timedelta(minutes=5), recommendation_id=row.recommendation_id
    ).order_by("ordered_at", "pk")
    return Followed(
        sum(count for kind, _, count in counted if kind == "impression"),
        {product: count for kind, product, count in counted if kind == "click"},
        list(orders.values("order_external_id", "product_external_id", "amount", "currency", "ordered_at")[:50]),
    )


_EVENTS = """
select kind, product_external_id, count(*) from recommendations_event
where tenant_id = %(tenant)s and recommendation_id = %(list)s and kind in ('impression', 'click') group by 1, 2
"""
