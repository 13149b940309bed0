"""A shop's rows as the arrays that training reads, straight out of COPY and never through the ORM."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from recommendations import extract, merging
from recommendations.algorithms.data import Baskets, IdMap, Interactions
from recommendations.algorithms.features import ProductFeatures
from recommendations.algorithms.tokens import Tokens
from recommendations.extract import KINDS, NOBODY, Catalogue, Numbering, Rows
from recommendations.history import WEIGHTS
from recommendations.names import Names
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
    tokens        what the products have in common with other shops', where a key was given for it
    """

    interactions: Interactions
    baskets: Baskets
    features: ProductFeatures
    counts: dict[str, int]
    tokens: Tokens | None = None

    @property
    def begins_at(self) -> datetime | None:
        return self._moment(0)

    @property
    def ends_at(self) -> datetime | None:
        return self._moment(-1)

    def _moment(self, place: int) -> datetime | None:
        times = self.interactions.occurred_at
        return datetime.fromtimestamp(int(times[place]), UTC) if len(times) else None


@contextmanager
def _collecting_later() -> Iterator[None]:
    """What is said of the products is many small lists, and none is garbage: to look through the whole process for
    cycles again and again while they are made costs more than to make them."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


@_collecting_later()
def of(tenant: Tenant, *, until: datetime | None = None, key: bytes | None = None) -> Dataset:
    """Everything the shop's countable orders and its shoppers' events say, up to `until`; with a `key`, tokens.

    Runs in the caller's transaction (an entered tenant, or one read through "ops").
    """
    names = Numbering()
    lines, events = extract.lines(tenant, until, names), extract.events(tenant, until, names)
    catalogue = extract.catalogue(tenant, names)
    met = names.products.marked(lines.product, events.product, catalogue.product)
    products, product_of = names.products.ordered(met)
    with ThreadPoolExecutor(1, "described") as beside:  # sorting rows leaves the interpreter to who reads words
        described = beside.submit(_described, catalogue, product_of[catalogue.product], len(products), names.words, key)
        shoppers, rows = _rows(lines, events, product_of, names.shoppers)
        order = merging.ordered(rows, len(shoppers))
        kept = order[merging.stays(rows)[order]]
        # Who hid a product has still bought it together with others.
        bought = order[rows.kind[order] == KINDS["order"]]
        orders, basket = np.unique(rows.order[bought], return_inverse=True)
        interactions = _interactions(rows, kept, shoppers, products, until)
        features, tokens = described.result()
    return Dataset(
        interactions=interactions,
        baskets=Baskets(
            basket=basket.astype(np.int32), product=rows.product[bought], occurred_at=rows.moment[bought]
        ),
        features=features,
        counts={
            "orders": len(orders),
            "lines": len(bought),
            "events": int(np.count_nonzero(rows.kind[kept] != KINDS["order"])),
            "customers": len(shoppers),
            "products": len(products),
            "interactions": len(kept),
        },
        tokens=tokens,
    )


def _rows(lines: Rows, events: Rows, product_of: np.ndarray, names: Names) -> tuple[pa.Array, Rows]:
    """Names of the shoppers, and all rows by their numbers and those of `product_of`."""
    moment = np.concatenate((lines.moment, events.moment))
    shoppers, shopper = merging.shoppers(lines, events, moment, names)
    return shoppers, Rows(
        shopper=shopper,
        session=shopper,
        product=product_of[np.concatenate((lines.product, events.product))],
        moment=moment,
        kind=np.concatenate((lines.kind, events.kind)),
        units=np.concatenate((lines.units, events.units)),
        order=np.concatenate((lines.order, events.order)),
    )


def _described(
    catalogue: Catalogue, places: np.ndarray, count: int, names: Names, key: bytes | None
) -> tuple[ProductFeatures, Tokens | None]:
    columns = _columns(catalogue, places, count, names)
    return ProductFeatures.of(**columns), Tokens.of(key=key, **columns) if key else None


def _interactions(
    rows: Rows, kept: np.ndarray, shoppers: pa.Array, products: pa.Array, until: datetime | None
) -> Interactions:
    moments = rows.moment[kept]
    latest = int(moments[-1]) if len(moments) else 0
    return Interactions(
        customers=_id_map(shoppers),
        products=_id_map(products),
        customer=rows.shopper[kept],
        product=rows.product[kept],
        weight=_WEIGHT_OF[rows.kind[kept]],
        occurred_at=moments,
        kind=rows.kind[kept],
        units=rows.units[kept],
        until=int(until.timestamp()) if until else latest,
    )


def _id_map(names: pa.Array) -> IdMap:
    names = pa.concat_arrays([names])  # buffers that begin with the first name
    _, offsets, text = names.buffers()
    cuts = np.frombuffer(offsets, np.int32)[: len(names) + 1].astype(np.int64)
    return IdMap(blob=np.frombuffer(text or b"", np.uint8)[: cuts[-1]], offsets=cuts)


def _columns(catalogue: Catalogue, places: np.ndarray, count: int, names: Names) -> dict[str, Any]:
    """What is said of `count` products, in their order; the arguments of `ProductFeatures.of` and `Tokens.of`.

    places   of each row of the catalogue, its product's
    """
    row = np.full(count, -1, np.int64)
    row[places] = np.arange(len(places))
    absent = row < 0  # of a product without an entry; the last row stands for it, unread
    prices = np.append(catalogue.price, np.nan)[row]

    def of(column: np.ndarray) -> np.ndarray:
        return np.append(column, np.int32(NOBODY))[row]

    return {
        "titles": names.texts(of(catalogue.title), absent),
        "categories": _lists(of(catalogue.categories), absent, names),
        "brands": names.texts(of(catalogue.brand), absent),
        "prices": pa.array(prices, mask=np.isnan(prices)).to_pylist(),
        "tags": _lists(of(catalogue.tags), absent, names),
        "n_products": count,
    }


def _lists(numbers: np.ndarray, absent: np.ndarray, names: Names) -> list[list[str]]:
    """JSON lists, each distinct one read once; empty where there is none."""
    distinct, place = np.unique(np.where(absent, -1, numbers), return_inverse=True)
    texts = names.texts(distinct, distinct < 0)
    found: list[list[str]] = [orjson.loads(text) if text is not None else [] for text in texts]
    return [found[at] for at in place.tolist()]
