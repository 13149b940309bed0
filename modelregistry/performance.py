"""What the versions did in the shop: replaces the figures of days, and reads them back in sums."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from modelregistry.models import DailyPerformance
from tenants.models import Tenant

ENOUGH_LISTS = 100  # fewer lists shown than this, and a share says more about chance than about the shop


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one day, version, placement and currency."""

    day: date
    version: int
    placement: str
    currency: str
    impressions: int = 0
    clicks: int = 0
    carts: int = 0
    bought: int = 0
    orders: int = 0
    revenue: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of some days. Lists: shown, clicked, carted, bought from; orders and revenue (shop's currency)."""

    shown: int = 0
    clicked: int = 0
    carted: int = 0
    bought: int = 0
    orders: int = 0
    revenue: Decimal = Decimal(0)

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(*(a + b for a, b in zip(self._values(), other._values(), strict=True)))

    def _values(self) -> tuple[Any, ...]:
        return self.shown, self.clicked, self.carted, self.bought, self.orders, self.revenue

    def share(self, metric: str) -> float | None:
        """Hits of trials; None where there were no trials."""
        hits, trials = self.hits(metric)
        return hits / trials if trials else None

    def hits(self, metric: str) -> tuple[int, int]:
        """(hits, trials) of "ctr", "cart_rate" or "conversion"; hits never above the trials."""
        # A list shown before midnight may be clicked after it: never more than all of them.
        hits, trials = {
            "ctr": (self.clicked, self.shown),
            "cart_rate": (self.carted, self.clicked),
            "conversion": (self.bought, self.clicked),
        }[metric]
        return min(hits, trials), trials


def replace(tenant: Tenant, *, days: Iterable[date], rows: Iterable[Row]) -> None:
    """Puts `rows` in the place of all that was kept for `days`. Call inside a transaction."""
    tenant.daily_performance.filter(day__in=list(days)).delete()
    now = timezone.now()
    DailyPerformance.unscoped.using(tenant.alias).bulk_create(
        [
            DailyPerformance(
                tenant_id=tenant.pk,
                day=row.day,
                version=row.version,
                placement=row.placement,
                currency=row.currency,
                impressions=row.impressions,
                clicks=row.clicks,
                carts=row.carts,
                bought=row.bought,
                orders=row.orders,
                revenue=row.revenue,
                updated_at=now,
            )
            for row in rows
        ],
        batch_size=1000,
    )


def totals(tenant: Tenant, *, first: date, last: date) -> tuple[int, int]:
    """(lists shown, lists clicked) on the days first…last, both included."""
    found = tenant.daily_performance.filter(day__range=(first, last)).aggregate(
        shown=Sum("impressions"), clicked=Sum("clicks")
    )
    return found["shown"] or 0, found["clicked"] or 0


def by_placement(tenant: Tenant, *, first: date, last: date) -> dict[str, Totals]:
    """Sums of the days first…last by placement; "" = lists without one."""
    return {row["placement"]: _totals(row) for row in _sums(tenant, first, last, "placement")}


def by_version(tenant: Tenant, *, first: date, last: date) -> dict[int, Totals]:
    """Sums of the days first…last by version; 0 = lists made without a model."""
    return {row["version"]: _totals(row) for row in _sums(tenant, first, last, "version")}


def by_version_and_placement(tenant: Tenant, *, first: date, last: date) -> list[tuple[int, str, Totals]]:
    """(version, placement, sums) of the days first…last, newest version first; "" = lists without a placement."""
    rows = _sums(tenant, first, last, "version", "placement").order_by("-version", "placement")
    return [(row["version"], row["placement"], _totals(row)) for row in rows]


def _sums(tenant: Tenant, first: date, last: date, *by: str) -> QuerySet[DailyPerformance, dict[str, Any]]:
    own = Q(currency=tenant.currency)
    return (
        tenant.daily_performance.filter(day__range=(first, last))
        .values(*by)
        .annotate(
            shown=Sum("impressions"), clicked=Sum("clicks"), carted=Sum("carts"), lists=Sum("bought"),
            ordered=Sum("orders"), money=Sum("revenue", filter=own),
        )
    )  # fmt: skip


def _totals(row: dict[str, Any]) -> Totals:
    return Totals(
        row["shown"], row["clicked"], row["carted"], row["lists"], row["ordered"], row["money"] or Decimal(0)
    )
