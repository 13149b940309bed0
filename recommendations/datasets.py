"""A shop's rows as the arrays that training reads, straight out of COPY and never through the ORM."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.csv
from django.db import connections

from recommendations.algorithms.data import Baskets, IdMap, Interactions
from recommendations.algorithms.features import ProductFeatures
from recommendations.history import WEIGHTS
from tenants.models import Tenant

# Interactions.kind; 0 is a line of an order.
KINDS = {"order": 0, "purchase": 1, "cart": 2, "click": 3, "view": 4}
SESSION = "s:"
_WEIGHT_OF = np.array([WEIGHTS["purchase"], *(WEIGHTS[name] for name in list(KINDS)[1:])], np.float32)
_REMOVE = 5


@dataclass(frozen=True)
class Dataset:
    """What one training sees.

    interactions  a row per order line or event; weight as in `recommendations.history.WEIGHTS`
                  (a purchase is 1), units in pieces (events that are no purchase: 1), time in
                  whole seconds since 1970 UTC; ordered by time, shopper, product, kind
    baskets       a row per line of a countable order
    features      a row per product of `interactions.products`; products without a catalogue entry
                  have an empty row
    counts        orders, lines, events, customers (sessions without a customer are among them and
                  named "s:<session>"), products, interactions
    """

    interactions: Interactions
    baskets: Baskets
    features: ProductFeatures
    counts: dict[str, int]

    @property
    def begins_at(self) -> datetime | None:
        return self._moment(0)

    @property
    def ends_at(self) -> datetime | None:
        return self._moment(-1)

    def _moment(self, place: int) -> datetime | None:
        times = self.interactions.occurred_at
        return datetime.fromtimestamp(int(times[place]), UTC) if len(times) else None


@dataclass(frozen=True)
class _Rows:
    """Columns of equal length; shopper "" is a guest."""

    shopper: pa.Array
    product: pa.Array
    moment: np.ndarray
    kind: np.ndarray
    units: np.ndarray
    order: np.ndarray  # -1 where there is none

    def __len__(self) -> int:
        return len(self.moment)


def of(tenant: Tenant, *, until: datetime | None = None) -> Dataset:
    """Everything the shop's countable orders and its shoppers' events say, up to `until`.

    Runs in the caller's transaction (an entered tenant, or one read through "ops").
    """
    lines, events = _lines(tenant, until), _events(tenant, until)
    catalogue = _catalogue(tenant)
    products, product = _numbered(catalogue["id"], lines.product, events.product)
    shoppers, shopper = _numbered([], lines.shopper, events.shopper)
    if shoppers and shoppers[0] == "":  # sorted: guests come first
        shoppers, shopper = shoppers[1:], shopper - 1
    rows = _Rows(
        shopper=shopper,
        product=product,
        moment=np.concatenate((lines.moment, events.moment)),
        kind=np.concatenate((lines.kind, events.kind)),
        units=np.concatenate((lines.units, events.units)),
        order=np.concatenate((lines.order, events.order)),
    )
    order = np.lexsort((rows.order, rows.kind, rows.product, rows.shopper, rows.moment))
    kept = order[_stays(rows)[order]]
    interactions = _interactions(rows, kept, shoppers, products, until)
    bought = kept[rows.kind[kept] == KINDS["order"]]
    numbers = np.unique(rows.order[bought], return_inverse=True)
    return Dataset(
        interactions=interactions,
        baskets=Baskets(
            basket=numbers[1].astype(np.int32), product=rows.product[bought], occurred_at=rows.moment[bought]
        ),
        features=_features(catalogue, products),
        counts={
            "orders": len(numbers[0]),
            "lines": len(bought),
            "events": len(kept) - len(bought),
            "customers": len(shoppers),
            "products": len(products),
            "interactions": len(kept),
        },
    )


def _interactions(
    rows: _Rows, kept: np.ndarray, shoppers: list[str], products: list[str], until: datetime | None
) -> Interactions:
    moments = rows.moment[kept]
    latest = int(moments[-1]) if len(moments) else 0
    return Interactions(
        customers=IdMap.of(shoppers),
        products=IdMap.of(products),
        customer=rows.shopper[kept],
        product=rows.product[kept],
        weight=_WEIGHT_OF[rows.kind[kept]],
        occurred_at=moments,
        kind=rows.kind[kept],
        units=rows.units[kept],
        until=int(until.timestamp()) if until else latest,
    )


def _stays(rows: _Rows) -> np.ndarray:
    """Leaves out removals, and with them what was put into the cart before and taken out again."""
    stays = rows.kind != _REMOVE
    taken = np.flatnonzero(~stays)
    if not len(taken):
        return stays
    pair = rows.shopper.astype(np.int64) << 32 | rows.product
    pairs, place = np.unique(pair[taken], return_inverse=True)
    last = np.zeros(len(pairs), np.int64)
    np.maximum.at(last, place, rows.moment[taken])
    carts = np.flatnonzero((rows.kind == KINDS["cart"]) & (rows.shopper >= 0))
    found = np.minimum(np.searchsorted(pairs, pair[carts]), len(pairs) - 1)
    withdrawn = (pairs[found] == pair[carts]) & (rows.moment[carts] <= last[found])
    stays[carts[withdrawn]] = False
    return stays


def _numbered(also: list[str], *columns: pa.Array) -> tuple[list[str], np.ndarray]:
    """The distinct ids in the order of their text, and each row's number: the same whatever order
    the database answers in."""
    sizes = [len(column) for column in columns]
    whole = pa.chunked_array([*columns, pa.array(also, pa.string()).dictionary_encode()]).unify_dictionaries()
    names = whole.chunk(0).dictionary.to_pylist()
    rank = np.empty(len(names), np.int32)
    order = sorted(range(len(names)), key=names.__getitem__)
    rank[order] = np.arange(len(names), dtype=np.int32)
    codes = np.concatenate([chunk.indices.to_numpy(zero_copy_only=False) for chunk in whole.chunks])
    return [names[number] for number in order], rank[codes[: sum(sizes)]]


_LINES = """
select coalesce(c.external_id, case when o.session_id <> '' then 's:' || o.session_id else '' end),
       l.product_external_id, extract(epoch from o.ordered_at)::bigint, l.quantity, o.id
from recommendations_orderline l
join recommendations_order o on o.tenant_id = l.tenant_id and o.id = l.order_id
left join recommendations_customer c on c.tenant_id = o.tenant_id and c.id = o.customer_id
where l.tenant_id = %(tenant)s and o.tenant_id = %(tenant)s and o.is_countable and l.quantity > 0
  and o.ordered_at < %(until)s
"""

# A purchase that also arrived as an order is the order's to tell, whatever became of the order.
_EVENTS = """
select case when e.customer_external_id <> '' then e.customer_external_id
            when e.session_id <> '' then 's:' || e.session_id else '' end,
       e.product_external_id, extract(epoch from e.occurred_at)::bigint,
       case when e.kind = 'purchase' then greatest(e.quantity, 1) else 1 end,
       case e.kind when 'purchase' then 1 when 'cart' then 2 when 'click' then 3 when 'view' then 4 else 5 end
from recommendations_event e
where e.tenant_id = %(tenant)s and e.kind in ('purchase', 'cart', 'click', 'view', 'remove')
  and e.product_external_id <> '' and e.occurred_at < %(until)s
  and not (e.kind = 'purchase' and e.order_external_id <> '' and e.order_external_id in (
    select o.external_id from recommendations_order o where o.tenant_id = %(tenant)s))
"""

_PRODUCTS = """
select external_id, title, brand, coalesce(price::float8, 'NaN'), array_to_json(categories)::text,
       array_to_json(tags)::text
from recommendations_product where tenant_id = %(tenant)s
"""
_TEXT = pa.dictionary(pa.int32(), pa.string())


def _lines(tenant: Tenant, until: datetime | None) -> _Rows:
    table = _copy(tenant, _LINES, until, [_TEXT, _TEXT, pa.int64(), pa.int64(), pa.int64()])
    moments = table[2].to_numpy()
    return _Rows(
        shopper=_text(table[0]),
        product=_text(table[1]),
        moment=moments,
        kind=np.full(len(moments), KINDS["order"], np.uint8),
        units=table[3].to_numpy().astype(np.float32),
        order=table[4].to_numpy(),
    )


def _events(tenant: Tenant, until: datetime | None) -> _Rows:
    table = _copy(tenant, _EVENTS, until, [_TEXT, _TEXT, pa.int64(), pa.int64(), pa.uint8()])
    moments = table[2].to_numpy()
    return _Rows(
        shopper=_text(table[0]),
        product=_text(table[1]),
        moment=moments,
        kind=table[4].to_numpy(),
        units=table[3].to_numpy().astype(np.float32),
        order=np.full(len(moments), -1, np.int64),
    )


def _catalogue(tenant: Tenant) -> dict[str, list[Any]]:
    kinds = [pa.string(), pa.string(), pa.string(), pa.float64(), pa.string(), pa.string()]
    columns = [column.to_pylist() for column in _copy(tenant, _PRODUCTS, None, kinds).columns]
    return dict(zip(("id", "title", "brand", "price", "categories", "tags"), columns, strict=True))


def _features(catalogue: dict[str, list[Any]], products: list[str]) -> ProductFeatures:
    place = {name: number for number, name in enumerate(catalogue["id"])}
    rows = [place.get(name) for name in products]

    def column(name: str, empty: Any) -> list[Any]:
        values = catalogue[name]
        return [empty if row is None else values[row] for row in rows]

    prices = column("price", float("nan"))
    return ProductFeatures.of(
        titles=column("title", ""),
        categories=[orjson.loads(value) for value in column("categories", "[]")],
        brands=column("brand", ""),
        prices=[None if price != price else price for price in prices],
        tags=[orjson.loads(value) for value in column("tags", "[]")],
        n_products=len(products),
    )


def _copy(tenant: Tenant, query: str, until: datetime | None, kinds: list[pa.DataType]) -> pa.Table:
    """The rows of a query as columns, through the transaction that sees this tenant's rows only."""
    sink = io.BytesIO()
    with connections[tenant.alias].cursor() as cursor:
        limits = {"tenant": tenant.pk, "until": until or "infinity"}
        text = cursor.cursor.mogrify(query, limits).decode()
        cursor.cursor.copy_expert(f"copy ({text}) to stdout (format csv)", sink)
    names = [str(number) for number in range(len(kinds))]
    if not sink.tell():
        return pa.table([pa.array([], kind) for kind in kinds], names=names)
    sink.seek(0)
    return pa.csv.read_csv(
        sink,
        read_options=pa.csv.ReadOptions(column_names=names, use_threads=False, block_size=16 << 20),
        parse_options=pa.csv.ParseOptions(newlines_in_values=True),
        convert_options=pa.csv.ConvertOptions(
            column_types=dict(zip(names, kinds, strict=True)), null_values=["NaN"], strings_can_be_null=False
        ),
    )


def _text(column: pa.ChunkedArray) -> pa.Array:
    return column.unify_dictionaries().combine_chunks()
