"""The lists of one chunk's customers, by the version and at the moment that its job keeps."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.utils import Error as DatabaseError

from luxebrain.lib import redis
from modelregistry.routing import CHAMPION, Route
from recommendations import batch_histories, batch_packing, batch_personal, candidates, control, history, serving
from recommendations.assortment import Assortment
from recommendations.batch_lists import Made
from recommendations.batch_packing import FAILED, SKIPPED, Lists
from recommendations.candidates import Shop
from recommendations.queries import Query
from recommendations.serving import Call, RecommendationEngine
from tenants import epochs, tenancy

# Faults of the machinery, not of a customer: the whole chunk is done again.
MACHINERY = (DatabaseError, OSError, MemoryError, *redis.Unreachable)
_KEPT_SHOPS = 2
_pinned: OrderedDict[tuple[int, int], Shop] = OrderedDict()
_lock = threading.Lock()


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
        bundle = self.shop.bundle
        self.numbers = bundle.customers.index(self.ids) if bundle is not None else np.full(len(self.ids), -1, np.int32)
        self.problems: dict[int, str] = {}
        self.holdout = candidates.shop(order.tenant_id, self.epochs).routes.holdout
        is_cold = self.engine._is_cold_start()
        self.plan = batch_personal.simple_plan(self.shop, order.query, is_cold=is_cold, moment=order.moment)
        since = self.shop.read_at if self.plan is not None and self.plan.bought == "show" else 0
        self.histories = batch_histories.of_many(order.tenant_id, self.ids, order.query.session, since=since)
        self.strangers = self._strangers()

    def lists(self, *, before_each: Callable[[int], None] = lambda place: None, one_by_one: bool = False) -> Lists:
        """All of them; a fault of one customer is noted, a fault of the machinery raised.

        before_each    called with the place of every customer that is asked for singly
        """
        made = Made(len(self.ids))
        settled = {place for place in self._special() if self._settled(place, made)}
        left = [place for place in range(len(self.ids)) if place not in settled]
        if self.plan is not None and not one_by_one:
            found = self._together(left)
            made.put(found.places, found.items, found.scores, found.source)
            done = set(found.places.tolist())
            left = [place for place in left if place not in done]
        if not one_by_one and self._is_alike():
            left = self._as_one(left, made, before_each)
        for place in left:
            before_each(place)
            self._alone(place, made)
        return made.lists(self.shop, self.strangers)

    def _special(self) -> set[int]:
        """Places of whom `_settled` may say yes."""
        strangers = self.strangers if self.order.on_unknown != "popular" else ()
        nameless = (place for place, one in enumerate(self.ids) if not one)
        return {*strangers, *self.problems, *nameless}

    def _settled(self, place: int, made: Made) -> bool:
        """Whether nothing is to be computed: it failed before, or the job leaves strangers out."""
        if place in self.strangers and self.order.on_unknown != "popular":
            if self.order.on_unknown == "skip":
                made.states[place] = SKIPPED
                return True
            self.problems[place] = batch_packing.UNKNOWN
        if not self.ids[place] and not self.order.query.session:  # erased since the job was asked for
            made.states[place] = SKIPPED
            return True
        if place in self.problems:
            made.states[place] = FAILED
            return True
        return False

    def _together(self, places: Sequence[int]) -> batch_personal.Found:
        """The lists of those whose history the model knows, by one product of matrices."""
        assert self.plan is not None
        assert self.shop.bundle is not None
        past = self.shop.bundle.histories.indptr
        known = [place for place in places if self.ids[place]]
        if self.holdout is not None:
            known = [place for place in known if self._route(place) is CHAMPION]
        acted = {name[2:] for name in self.histories if name[:2] == "c:"}
        quiet = np.array([place for place in known if self.ids[place] not in acted], np.int64)
        numbers = self.numbers[quiet]
        there = (numbers >= 0) & (past[numbers + 1] > past[np.maximum(numbers, 0)])
        busy = [
            (place, self.ids[place], history.parse(self.histories[f"c:{self.ids[place]}"]))
            for place in known if self.ids[place] in acted
        ]
        personal = batch_personal.Personal(self.shop, self.plan, self.order.query, moment=self.order.moment)
        return personal.find(quiet[there], numbers[there], busy)

    def _is_alike(self) -> bool:
        """Whether all customers of whom nothing is known get one and the same list."""
        query, rules = self.order.query, self.shop.control
        if query.uses_shopper or rules.uses_shopper or query.products or query.session:
            return False
        return not control.plan(rules, query, context=None, shopper=None, now=self.order.moment).rotation

    def _as_one(self, places: Sequence[int], made: Made, before_each: Callable[[int], None]) -> list[int]:
        """One list for all of whom neither the model nor the last days know anything; the places that are left."""
        alike: dict[bool, list[int]] = {}
        left: list[int] = []
        for place in places:
            is_known = self.numbers[place] >= 0 or f"c:{self.ids[place]}" in self.histories
            if is_known or not self.ids[place]:
                left.append(place)
            else:
                alike.setdefault(self._route(place).held_out, []).append(place)
        for first, *others in alike.values():
            before_each(first)
            self._alone(first, made)
            if first in self.problems:
                left += others
            else:
                made.repeat(first, others)
        return left

    def _route(self, place: int) -> Route:
        """Who is held out of personal lists is so in batches too, by the customer's own hash."""
        name = self.ids[place]
        route = self.holdout.routes[self.holdout.arm_of(name, {})] if self.holdout is not None and name else CHAMPION
        return route if route.held_out else CHAMPION

    def _alone(self, place: int, made: Made) -> None:
        """One customer's list as a single call makes it."""
        asked = self.order.query.on(customer=self.ids[place])
        names = serving.subjects(asked)
        values: list[Any] = [self.histories.get(name, [history.LOADED]) for name in names]
        call = Call(self.epochs, values, ("history",) * len(names), self.order.moment)
        try:
            composed = self.engine.serve(asked, call, shop=self.shop, usual=self._route(place))[0].composed
        except MACHINERY:
            raise
        except Exception as fault:  # noqa: BLE001  (one customer's fault must not cost the others their lists)
            self.problems[place] = f"{type(fault).__name__}: {fault}"[:200]
            made.states[place] = FAILED
            return
        pool = composed.pool
        made.add(place, pool.items, pool.scores, [composed.sources[code] for code in pool.sources.tolist()])

    def _strangers(self) -> set[int]:
        """Places of those of whom neither rows nor acts nor the model say anything."""
        open_ = [
            place for place, at in enumerate(self.numbers.tolist())
            if at < 0 and self.ids[place] and f"c:{self.ids[place]}" not in self.histories
        ]
        if not open_:
            return set()
        with tenancy.within(self.order.tenant_id) as tenant:
            rows = tenant.customers.filter(external_id__in=[self.ids[place] for place in open_])
            there = set(rows.values_list("external_id", flat=True))
        nameless = [place for place in open_ if self.ids[place] not in there]
        acted = batch_histories.recorded(self.order.tenant_id, [self.ids[place] for place in nameless])
        return {place for place in nameless if self.ids[place] not in acted}


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
        return epochs.read(tenant_id)
    except redis.Unreachable:
        return None
