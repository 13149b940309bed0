"""The lists of one chunk's customers, by the version and at the moment that its job keeps."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from django.conf import settings
from django.db import connections
from django.db.utils import Error as DatabaseError

from luxebrain.lib import redis
from recommendations import batch_packing, candidates, history, serving
from recommendations.assortment import Assortment
from recommendations.batch_packing import EMPTY, FAILED, LISTED, SKIPPED, Lists
from recommendations.candidates import Shop
from recommendations.queries import Query
from recommendations.serving import Call, RecommendationEngine
from tenants import epochs, tenancy

# Faults of the machinery, not of a customer: the whole chunk is done again.
MACHINERY = (DatabaseError, OSError, MemoryError, *redis.Unreachable)
_KEPT_SHOPS = 2
_pinned: OrderedDict[tuple[int, int], Shop] = OrderedDict()
_lock = threading.Lock()
Part = tuple[int, bool, list[tuple[str, float, str]]]


@dataclass(frozen=True, slots=True)
class Order:
    """What every customer of a job is asked: `version` 0 = without a model; `moment` in epoch seconds."""

    tenant_id: int
    query: Query
    version: int
    moment: float
    on_unknown: str = "popular"


class Engine(RecommendationEngine):
    """The engine of single calls, which finds out once per chunk what is the same for all its customers."""

    def __init__(self, tenant_id: int) -> None:
        super().__init__(tenant_id)
        self._cold: bool | None = None
        self._best: list[tuple[str, float]] | None = None

    def _is_cold_start(self, flag: bytes = b"") -> bool:
        if self._cold is None:
            self._cold = super()._is_cold_start(flag)
        return self._cold

    def _ranked(self, shop: Shop, call: Call) -> list[tuple[str, float]]:
        if self._best is None:
            self._best = super()._ranked(shop, call)
        return self._best


class Scorer:
    """Answers for the customers of one chunk.

    problems    place in the chunk → the fault that this customer's list ended with
    """

    def __init__(self, order: Order, ids: Sequence[str]) -> None:
        self.order, self.ids = order, list(ids)
        self.engine = Engine(order.tenant_id)
        self.epochs = _epochs(order.tenant_id)
        self.shop = shop_of(order, self.epochs)
        self.problems: dict[int, str] = {}
        self.histories = self._histories()
        self.strangers = self._strangers()

    def lists(self, *, before_each: Callable[[int], None] = lambda place: None) -> Lists:
        """All of them, one after another; a fault of one customer is noted, a fault of the machinery raised."""
        return batch_packing.joined(self._one(place, before_each) for place in range(len(self.ids)))

    def _one(self, place: int, before_each: Callable[[int], None]) -> Part:
        is_unknown = place in self.strangers
        if place in self.problems:
            return FAILED, is_unknown, []
        if is_unknown and self.order.on_unknown != "popular":
            if self.order.on_unknown == "skip":
                return SKIPPED, True, []
            self.problems[place] = batch_packing.UNKNOWN
            return FAILED, True, []
        before_each(place)
        try:
            rows = self.rows(place)
        except MACHINERY:
            raise
        except Exception as fault:  # noqa: BLE001  (one customer's fault must not cost the others their lists)
            self.problems[place] = f"{type(fault).__name__}: {fault}"[:200]
            return FAILED, is_unknown, []
        return (LISTED if rows else EMPTY), is_unknown, rows

    def rows(self, place: int) -> list[tuple[str, float, str]]:
        """(product, score, source) of one customer, the best first."""
        asked = self.order.query.on(customer=self.ids[place])
        names = serving.subjects(asked)
        values: list[Any] = [self.histories.get(name, [history.LOADED]) for name in names]
        call = Call(self.epochs, values, ("history",) * len(names), self.order.moment)
        composed = self.engine.serve(asked, call, shop=self.shop)[0].composed
        pool = composed.pool
        products = self.shop.assortment.ids(pool.items.tolist())
        origins = [composed.sources[code] for code in pool.sources.tolist()]
        return list(zip(products, pool.scores.tolist(), origins, strict=True))

    def _histories(self) -> dict[str, list[bytes]]:
        """What each customer did lately as the cache server keeps it, completed from the rows where it is not whole."""
        names = [f"c:{one}" for one in self.ids if one]
        if self.order.query.session:
            names.append(f"s:{self.order.query.session}")
        kept = dict(zip(names, _kept(self.order.tenant_id, names), strict=True))
        missing = [name[2:] for name, raw in kept.items() if name[:2] == "c:" and not history.is_loaded(raw)]
        for customer, acts in recorded(self.order.tenant_id, missing).items():
            kept[f"c:{customer}"] = [*kept[f"c:{customer}"], *acts]
        return {name: [*raw, history.LOADED] for name, raw in kept.items() if raw}

    def _strangers(self) -> set[int]:
        """Places of those of whom neither rows nor acts nor the model say anything."""
        bundle = self.shop.bundle
        known = bundle.customers.index(self.ids) if bundle is not None else [-1] * len(self.ids)
        open_ = [
            place for place, at in enumerate(known)
            if at < 0 and self.ids[place] and f"c:{self.ids[place]}" not in self.histories
        ]
        if not open_:
            return set()
        with tenancy.within(self.order.tenant_id) as tenant:
            rows = tenant.customers.filter(external_id__in=[self.ids[place] for place in open_])
            there = set(rows.values_list("external_id", flat=True))
        return {place for place in open_ if self.ids[place] not in there}


def shop_of(order: Order, moved: tuple[bytes, ...] | None) -> Shop:
    """The shop with the job's version; other versions than the one in service are kept, the last few of them.

    Raises NotFound for a version that is gone, ArtifactError or BundleDamaged for one that cannot be loaded.
    """
    live = candidates.shop(order.tenant_id, moved)
    if live.version == order.version and not live.degraded:
        return live
    with _lock:
        held = _pinned.get((order.tenant_id, order.version))
    if held is None or held.window is not live.window:
        if order.version:
            with tenancy.within(order.tenant_id) as tenant:
                held = candidates.with_version(tenant, order.version, moved)
        else:
            held = Shop(order.tenant_id, window=live.window)
        with _lock:
            _pinned[order.tenant_id, order.version] = held
            while len(_pinned) > _KEPT_SHOPS:
                _pinned.popitem(last=False)
    held.control = live.control
    if held.assortment.is_stale(held.bundle.products if held.bundle else None):
        held.assortment = Assortment(held.window, held.bundle)
    return held


def forget() -> None:
    """Drops every copy (tests)."""
    with _lock:
        _pinned.clear()


def _epochs(tenant_id: int) -> tuple[bytes, ...] | None:
    try:
        return tuple(value or b"" for value in redis.client().hmget(epochs.name(tenant_id), epochs.KINDS))
    except redis.Unreachable:
        return None


def _kept(tenant_id: int, names: Sequence[str]) -> list[list[bytes]]:
    try:
        pipe = redis.client().pipeline(transaction=False)
        for name in names:
            pipe.lrange(history.key(tenant_id, name), 0, settings.HISTORY_EVENTS)
        return pipe.execute()
    except redis.Unreachable:  # then the rows say it all
        return [[] for _ in names]


def recorded(tenant_id: int, customers: Sequence[str]) -> dict[str, list[bytes]]:
    """The newest acts of each of these customers from the rows, as the cache server would keep them."""
    found: dict[str, list[bytes]] = {}
    if not customers:
        return found
    values = {"tenant": tenant_id, "customers": list(customers), "most": settings.HISTORY_EVENTS}
    with tenancy.within(tenant_id), connections["default"].cursor() as cursor:
        cursor.execute(serving.RECORDED_OF_MANY, values)
        for customer, product, kind, moment in cursor.fetchall():
            found.setdefault(customer, []).append(orjson.dumps([product, kind, int(moment)]))
    return found
