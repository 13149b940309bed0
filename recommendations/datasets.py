"""A shop's rows as the arrays that training reads, straight out of COPY and never through the ORM."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from recommendations import extract
from recommendations.algorithms.data import Baskets, IdMap, Interactions
from recommendations.algorithms.features import ProductFeatures
from recommendations.algorithms.tokens import Tokens
from recommendations.extract import HIDE, KINDS, REMOVE, RETURN, Rows
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


def of(tenant: Tenant, *, until: datetime | None = None, key: bytes | None = None) -> Dataset:
    """Everything the shop's countable orders and its shoppers' events say, up to `until`; with a `key`, tokens.

    Runs in the caller's transaction (an entered tenant, or one read through "ops").
    """
    lines, events = extract.lines(tenant, until), extract.events(tenant, until)
    catalogue = extract.catalogue(tenant)
    products, product = _numbered(catalogue["id"].combine_chunks(), lines.product, events.product)
    moment = np.concatenate((lines.moment, events.moment))
    shoppers, shopper = _shoppers(lines, events, moment)
    rows = Rows(
        shopper=shopper,
        session=shopper,
        product=product,
        moment=moment,
        kind=np.concatenate((lines.kind, events.kind)),
        units=np.concatenate((lines.units, events.units)),
        order=np.concatenate((lines.order, events.order)),
    )
    order = _ordered(rows, len(shoppers))
    kept = order[_stays(rows)[order]]
    interactions = _interactions(rows, kept, shoppers, products, until)
    # Who hid a product has still bought it together with others.
    bought = order[rows.kind[order] == KINDS["order"]]
    numbers = np.unique(rows.order[bought], return_inverse=True)
    described = _columns(catalogue, products)
    return Dataset(
        interactions=interactions,
        baskets=Baskets(
            basket=numbers[1].astype(np.int32), product=rows.product[bought], occurred_at=rows.moment[bought]
        ),
        features=ProductFeatures.of(**described),
        counts={
            "orders": len(numbers[0]),
            "lines": len(bought),
            "events": int(np.count_nonzero(rows.kind[kept] != KINDS["order"])),
            "customers": len(shoppers),
            "products": len(products),
            "interactions": len(kept),
        },
        tokens=Tokens.of(key=key, **described) if key else None,
    )


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


def _ordered(rows: Rows, shoppers: int) -> np.ndarray:
    """The rows by time, shopper, product, kind, order."""
    if not len(rows):
        return np.empty(0, np.intp)
    first = (rows.moment - rows.moment.min()) * (shoppers + 1) + rows.shopper + 1
    order = np.argsort(first)
    # Few rows are of one shopper and second: those alone are looked at more closely.
    sorted_ = first[order]
    same = sorted_[1:] == sorted_[:-1]
    tied = np.flatnonzero(np.concatenate(([False], same)) | np.concatenate((same, [False])))
    close = order[tied]
    order[tied] = close[np.lexsort((rows.order[close], rows.kind[close], rows.product[close], first[close]))]
    return order


def _id_map(names: pa.Array) -> IdMap:
    names = pa.concat_arrays([names])  # buffers that begin with the first name
    _, offsets, text = names.buffers()
    cuts = np.frombuffer(offsets, np.int32)[: len(names) + 1].astype(np.int64)
    return IdMap.of_text(np.frombuffer(text or b"", np.uint8)[: cuts[-1]], cuts)


def _shoppers(lines: Rows, events: Rows, moment: np.ndarray) -> tuple[pa.Array, np.ndarray]:
    """Names of the shoppers, and each row's number (-1: a guest); what a guest did before signing in
    in the same session is the customer's, as serving has it."""
    names, numbers = _numbered(pa.array([], pa.string()), lines.shopper, events.shopper, lines.session, events.session)
    count = len(moment)
    nobody = 0 if len(names) and names[0].as_py() == "" else -1  # sorted: guests come first
    shopper = _adopted(numbers[:count], numbers[count:], moment, nobody, len(names))
    used = np.bincount(shopper, minlength=len(names)) > 0
    used[: nobody + 1] = False
    renumbered = np.where(used, np.cumsum(used) - 1, -1).astype(np.int32)
    return names.filter(pa.array(used)), renumbered[shopper]


def _adopted(
    shopper: np.ndarray, session: np.ndarray, moment: np.ndarray, nobody: int, names: int
) -> np.ndarray:
    """Rows of a session alone go to the customer who signs in next in that session."""
    anonymous = (shopper == session) & (session != nobody)
    signed = np.flatnonzero((shopper != session) & _among(session, session[anonymous], names))
    waiting = np.flatnonzero(anonymous & _among(session, session[signed], names))
    if not len(waiting):
        return shopper
    # Sign-ins by session and time; the first at or after each waiting row, if it is of that session.
    signed = signed[np.lexsort((moment[signed], session[signed]))]
    span = int(moment.max() - moment.min()) + 1
    key = session.astype(np.int64) * span + (moment - moment.min())
    at = np.searchsorted(key[signed], key[waiting])
    found = signed[np.minimum(at, len(signed) - 1)]
    fits = (at < len(signed)) & (session[found] == session[waiting])
    adopted = shopper.copy()
    adopted[waiting[fits]] = shopper[found[fits]]
    return adopted


def _among(numbers: np.ndarray, wanted: np.ndarray, count: int) -> np.ndarray:
    """Whether each of the numbers, all below `count`, is one of those wanted."""
    marked = np.zeros(count, np.bool_)
    marked[wanted] = True
    return marked[numbers]


# What each sign against a product takes back of what the same shopper did before.
_TAKES_BACK = {
    REMOVE: [KINDS["cart"]],
    RETURN: [KINDS[name] for name in ("purchase", "cart", "click", "view")],
    HIDE: list(KINDS.values()),
}


def _stays(rows: Rows) -> np.ndarray:
    """Leaves out signs against a product, and with them what they take back."""
    stays = np.isin(rows.kind, list(KINDS.values()))
    if stays.all():
        return stays
    pair = rows.shopper.astype(np.int64) << 32 | rows.product
    for sign, kinds in _TAKES_BACK.items():
        taken = np.flatnonzero((rows.kind == sign) & (rows.shopper >= 0))
        if not len(taken):
            continue
        pairs, place = np.unique(pair[taken], return_inverse=True)
        last = np.full(len(pairs), np.iinfo(np.int64).min)
        np.maximum.at(last, place, rows.moment[taken])
        asked = np.flatnonzero(np.isin(rows.kind, kinds) & (rows.shopper >= 0))
        found = np.minimum(np.searchsorted(pairs, pair[asked]), len(pairs) - 1)
        withdrawn = (pairs[found] == pair[asked]) & (rows.moment[asked] <= last[found])
        stays[asked[withdrawn]] = False
    return stays


def _numbered(also: pa.Array, *columns: pa.Array) -> tuple[pa.Array, np.ndarray]:
    """The distinct ids in the order of their text, and each row's number: the same whatever order
    the database answers in. `also` are ids that no row needs to have."""
    count = sum(map(len, columns))
    whole = pa.chunked_array([*columns, also.dictionary_encode()]).unify_dictionaries()
    codes = np.concatenate([chunk.indices.to_numpy(zero_copy_only=False) for chunk in whole.chunks])
    names = whole.chunk(0).dictionary
    used = np.flatnonzero(np.bincount(codes, minlength=len(names)))  # e.g. no customer without an order
    order = used[pc.sort_indices(names.take(pa.array(used))).to_numpy()]
    names = names.take(pa.array(order))
    new = np.ones(len(order), np.bool_)
    if len(order) > 1:
        new[1:] = pc.not_equal(names[1:], names[:-1]).to_numpy(zero_copy_only=False)
    rank = np.zeros(int(order.max(initial=-1)) + 1, np.int32)
    rank[order] = np.cumsum(new) - 1
    return names.filter(pa.array(new)), rank[codes[:count]]


def _columns(catalogue: pa.Table, products: pa.Array) -> dict[str, Any]:
    """What is said of the products, in their order; the arguments of `ProductFeatures.of` and `Tokens.of`."""
    rows = catalogue.take(pc.index_in(products, value_set=catalogue["id"].combine_chunks()))
    return {
        "titles": rows["title"].to_pylist(),
        "categories": _lists(rows["categories"]),
        "brands": rows["brand"].to_pylist(),
        "prices": rows["price"].to_pylist(),
        "tags": _lists(rows["tags"]),
        "n_products": len(products),
    }


def _lists(column: pa.ChunkedArray) -> list[list[str]]:
    """JSON lists, each distinct one read once; empty where there is none."""
    found: list[list[str]] = []
    for chunk in column.chunks:
        known = [orjson.loads(text) for text in chunk.dictionary.to_pylist()]
        found += [[] if code is None else known[code] for code in chunk.indices.to_pylist()]
    return found
