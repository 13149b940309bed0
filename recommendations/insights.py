"""Insights: what a shop's lists show of its catalogue, from the log of answers, events and orders."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connections
from django.utils import timezone

from luxebrain.lib import figures
from recommendations import listed_spans
from recommendations.evaluation import spread
from tenants.models import Tenant

DAYS = (7, 28)
BANDS = 4
CATEGORIES = 8
TOP = 20


@dataclass(slots=True)
class Products:
    """Every product of the catalogue with its counts in the period; parallel lists and arrays.

    listed     answered lists that it stood in; clicks: lists in which it was clicked
    orders     attributed orders; units: sold in the period; ever: sold at any time
    """

    ids: list[str]
    titles: list[str]
    prices: np.ndarray
    categories: list[str]
    is_published: np.ndarray
    in_stock: np.ndarray
    created: list[datetime]
    listed: np.ndarray
    clicks: np.ndarray
    orders: np.ndarray
    units: np.ndarray
    ever: np.ndarray

    @property
    def for_sale(self) -> np.ndarray:
        return self.is_published & self.in_stock


@dataclass(slots=True)
class Insight:
    """What the page shows; shares are 0 to 1, None where nothing can be said. first_ten: of all places in lists."""

    days: int
    lists: int
    products: Products
    coverage: float | None = None
    gini: float | None = None
    first_ten: float | None = None
    deciles: dict[str, list[float]] = field(default_factory=dict)
    prices: list[tuple[str, tuple[float, float, float]]] = field(default_factory=list)
    categories: list[tuple[str, tuple[float, float, float]]] = field(default_factory=list)
    top: list[dict[str, Any]] = field(default_factory=list)
    cold: int = 0
    cold_listed: int = 0
    cold_share: float | None = None


def read(tenant: Tenant, *, days: int) -> Insight:
    """The last `days` days until now, test calls left out."""
    since = timezone.now() - timedelta(days=days)
    parts = listed_spans.parts(tenant, days=days, since=since)
    values = {"tenant": tenant.pk, "since": since, "span": parts.span, "begins": parts.begins, "ends": parts.ends}
    with connections[tenant.alias].cursor() as cursor:
        cursor.execute(_LISTS, values)
        lists = int(cursor.fetchone()[0])
        cursor.execute(_PRODUCTS, values)
        products = _products(cursor.fetchall())
    found = Insight(days, lists, products)
    sale = products.for_sale
    listed = products.listed
    if sale.any():
        found.coverage = float((listed[sale] > 0).mean())
        found.gini = spread.gini(listed[sale])
        popular = products.units[sale]
        found.deciles = {
            "Listed": spread.by_decile(popular, listed[sale]),
            "Clicked": spread.by_decile(popular, products.clicks[sale]),
        }
        found.prices = _prices(products, sale, tenant.currency)
        found.categories = _categories(products, sale)
    found.top = _top(products)
    cold = sale & (products.ever == 0)
    found.cold, found.cold_listed = int(cold.sum()), int((listed[cold] > 0).sum())
    total = float(listed.sum())
    found.first_ten = float(np.sort(listed)[::-1][:10].sum()) / total if total else None
    found.cold_share = float(listed[cold].sum()) / total if total else None
    return found


def _products(rows: list[tuple[Any, ...]]) -> Products:
    columns = list(zip(*rows, strict=True)) if rows else [()] * 12
    prices = np.array([float("nan") if one is None else float(one) for one in columns[2]], float)
    flags = [np.array(one, bool) for one in columns[4:6]]
    counts = [np.array(one, float) for one in columns[7:12]]
    return Products(
        list(columns[0]), list(columns[1]), prices, [one or "" for one in columns[3]], *flags, list(columns[6]), *counts
    )


def _prices(products: Products, sale: np.ndarray, currency: str) -> list[tuple[str, tuple[float, float, float]]]:
    """(band, shares of listed, sold, catalogue); bands hold a quarter of the catalogue for sale each."""
    known = sale & ~np.isnan(products.prices)
    if known.sum() < BANDS:
        return []
    edges = np.unique(np.quantile(products.prices[known], [0.25, 0.5, 0.75]))
    groups = np.where(np.isnan(products.prices), -1, np.searchsorted(edges, products.prices, side="right"))
    texts = [figures.price(float(edge), currency) for edge in edges]
    labels = [f"Below {texts[0]}", *(f"{low} to {high}" for low, high in zip(texts, texts[1:], strict=False)),
              f"{texts[-1]} and more"]  # fmt: skip
    return _mix(labels, groups, products, known)


def _categories(products: Products, sale: np.ndarray) -> list[tuple[str, tuple[float, float, float]]]:
    names, counts = np.unique([name for name, ok in zip(products.categories, sale, strict=True) if ok and name],
                              return_counts=True)  # fmt: skip
    if not len(names):
        return []
    first = [str(names[place]) for place in np.argsort(-counts, kind="stable")[:CATEGORIES]]
    place = {name: number for number, name in enumerate(first)}
    groups = np.array([place.get(name, len(first)) if name else -1 for name in products.categories])
    return _mix([*first, "Others"] if len(names) > len(first) else first, groups, products, sale)


def _mix(
    labels: list[str], groups: np.ndarray, products: Products, sale: np.ndarray
) -> list[tuple[str, tuple[float, float, float]]]:
    size = max(len(labels), int(groups.max(initial=0)) + 1)
    worths = (products.listed, products.units, sale.astype(float))
    columns = [spread.shares(groups, worth, size) for worth in worths]
    return [(label, (columns[0][n], columns[1][n], columns[2][n])) for n, label in enumerate(labels)]


def _top(products: Products) -> list[dict[str, Any]]:
    order = np.lexsort((-products.clicks, -products.listed))[:TOP]
    return [
        {
            "product_id": products.ids[at], "title": products.titles[at], "lists": int(products.listed[at]),
            "clicks": int(products.clicks[at]), "rate": products.clicks[at] / products.listed[at],
            "orders": int(products.orders[at]),
        }
        for at in order.tolist() if products.listed[at] > 0
    ]


# What was counted at night, without the lists of it that are older than the period, and with those after it.
_LISTS = """
select (select coalesce(sum(lists), 0) from recommendations_listedspan
        where tenant_id = %(tenant)s and id = %(span)s)
    + (select count(*) from recommendations_servedlist
        where tenant_id = %(tenant)s and at >= %(ends)s and not is_test and cardinality(products) > 0)
    - (select count(*) from recommendations_servedlist
        where tenant_id = %(tenant)s and at >= %(begins)s and at < %(since)s and not is_test
        and cardinality(products) > 0)
"""

# Counts first, the catalogue beside them.
_PRODUCTS = """
with listed as (
    select product, sum(n) as n from (
        select u.product, u.n from recommendations_listedspan d cross join unnest(d.products, d.counts) as u(product, n)
        where d.tenant_id = %(tenant)s and d.id = %(span)s
        union all
        select p.product, 1 from recommendations_servedlist s cross join unnest(s.products) as p(product)
        where s.tenant_id = %(tenant)s and s.at >= %(ends)s and not s.is_test
        union all
        select p.product, -1 from recommendations_servedlist s cross join unnest(s.products) as p(product)
        where s.tenant_id = %(tenant)s and s.at >= %(begins)s and s.at < %(since)s and not s.is_test
    ) as parts group by 1
), clicked as (
    select product_external_id as product, count(distinct recommendation_id) as n from recommendations_event
    where tenant_id = %(tenant)s and occurred_at >= %(since)s and kind = 'click' and recommendation_id <> '' group by 1
), earned as (
    select product_external_id as product, count(distinct order_external_id) as n from recommendations_attribution
    where tenant_id = %(tenant)s and ordered_at >= %(since)s group by 1
), sold as (
    select l.product_external_id as product, sum(l.quantity) as ever,
           sum(l.quantity) filter (where o.ordered_at >= %(since)s) as n
    from recommendations_order o
    join recommendations_orderline l on l.tenant_id = o.tenant_id and l.order_id = o.id
    where o.tenant_id = %(tenant)s and o.is_countable group by 1
)
select p.external_id, p.title, p.price, p.categories[1], p.is_published, coalesce(p.stock > 0, true), p.created_at,
       coalesce(listed.n, 0), coalesce(clicked.n, 0), coalesce(earned.n, 0), coalesce(sold.n, 0),
       coalesce(sold.ever, 0)
from recommendations_product p
left join listed on listed.product = p.external_id
left join clicked on clicked.product = p.external_id
left join earned on earned.product = p.external_id
left join sold on sold.product = p.external_id
where p.tenant_id = %(tenant)s order by p.external_id
"""
