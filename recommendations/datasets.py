"""A shop's rows as the arrays that training reads, straight out of COPY and never through the ORM."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from recommendations import extract
from recommendations.algorithms.data import Baskets, IdMap, Interactions
from recommendations.algorithms.features import ProductFeatures
from recommendations.extract import KINDS, REMOVE, Rows
from recommendations.history import WEIGHTS
from tenants.models import Tenant

_WEIGHT_OF = np.array([WEIGHTS["purchase"], *(WEIGHTS[name] for name in list(KINDS)[1:])], np.float32)


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


def of(tenant: Tenant, *, until: datetime | None = None) -> Dataset:
    """Everything the shop's countable orders and its shoppers' events say, up to `until`.

    Runs in the caller's transaction (an entered tenant, or one read through "ops").
    """
    lines, events = extract.lines(tenant, until), extract.events(tenant, until)
    catalogue = extract.catalogue(tenant)
    products, product = _numbered(catalogue["id"], lines.product, events.product)
    shoppers, shopper = _numbered([], lines.shopper, events.shopper)
    if shoppers and shoppers[0] == "":  # sorted: guests come first
        shoppers, shopper = shoppers[1:], shopper - 1
    rows = Rows(
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
    rows: Rows, kept: np.ndarray, shoppers: list[str], products: list[str], until: datetime | None
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


def _stays(rows: Rows) -> np.ndarray:
    """Leaves out removals, and with them what was put into the cart before and taken out again."""
    stays = rows.kind != REMOVE
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
    names = np.asarray(whole.chunk(0).dictionary.to_pylist(), object)
    codes = np.concatenate([chunk.indices.to_numpy(zero_copy_only=False) for chunk in whole.chunks])
    used = np.flatnonzero(np.bincount(codes, minlength=len(names)))  # e.g. no customer without an order
    distinct = sorted(set(names[used]))
    places = {name: number for number, name in enumerate(distinct)}
    rank = np.zeros(len(names), np.int32)
    rank[used] = [places[name] for name in names[used]]
    return distinct, rank[codes[: sum(sizes)]]


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
