"""Personal lists of many customers at once, where their plan is simple: one product of matrices instead of many calls.

What comes out is what a single call gives. A customer whose list hangs on the rounding of float32 sums (two
scores closer than that) is scored again by the single call's own sums; whose list the model alone cannot fill is left
to the single call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from recommendations import control, history
from recommendations.algorithms import blend
from recommendations.algorithms.als import ALS
from recommendations.algorithms.bundle import Bundle
from recommendations.algorithms.data import DAY
from recommendations.algorithms.history import HALF_LIFE_DAYS
from recommendations.algorithms.leading import is_clear, leading, rows_at_once
from recommendations.algorithms.longest import LongestFirst, Search
from recommendations.candidacy import Eligible
from recommendations.candidates import Shop
from recommendations.control import Plan
from recommendations.newcomers import Newcomers
from recommendations.queries import Query
from recommendations.sources import Act, in_cart

# Parts whose scores cover the whole catalogue; of the others what is not above 0 says nothing.
_DENSE = frozenset({"als", "hybrid", "popularity"})
Leading = tuple[np.ndarray, np.ndarray]  # rows x (limit + 1): columns, scores


@dataclass(slots=True)
class Person:
    """One customer: number in the model (-1: not known), history, and products that may not be listed."""

    place: int
    number: int
    items: np.ndarray
    weights: np.ndarray
    banned: np.ndarray


@dataclass(slots=True)
class Found:
    """places: int [m] of the customers that were done; items int32, scores float32, each m x limit."""

    places: np.ndarray
    items: np.ndarray
    scores: np.ndarray
    source: str = ""


@dataclass(slots=True)
class Gathered:
    """Histories as rows of one matrix, and the bans as (row, product) pairs."""

    places: list[int] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    items: list[np.ndarray] = field(default_factory=list)
    weights: list[np.ndarray] = field(default_factory=list)
    banned: list[np.ndarray] = field(default_factory=list)


def simple_plan(shop: Shop, query: Query, *, is_cold: bool, moment: float) -> Plan | None:
    """The plan that holds for every customer alike and takes the best in their order; None where there is none."""
    if shop.bundle is None or is_cold or query.candidates or query.products or query.session:
        return None
    if query.uses_shopper or shop.control.uses_shopper or shop.assortment.has_groups:
        return None
    plan = control.plan(shop.control, query, context=None, shopper=None, now=moment)
    only_excludes = all(rule.action == "exclude" for rule in plan.rules)
    steps = (plan.boosts, plan.diversity, plan.most_of_category, plan.most_of_brand, plan.novelty, plan.rotation)
    if plan.kind != "personalised" or plan.is_off or not only_excludes or any(steps) or plan.min_relevance:
        return None
    part = shop.bundle.parts[shop.bundle.personal]
    able = part.personal and (hasattr(part, "score_many") or part.name == "neighbours")
    return plan if able and not plan.weights and plan.bought in ("show", "hide") else None


class Personal:
    """Scores for one chunk. Of the shop and the plan only what is the same for all is kept here."""

    def __init__(self, shop: Shop, plan: Plan, query: Query, *, moment: float) -> None:
        assert shop.bundle is not None
        self.shop, self.plan, self.query, self.moment = shop, plan, query, moment
        self.bundle: Bundle = shop.bundle
        self.part = self.bundle.parts[self.bundle.personal]
        self.is_dense = _is_dense(self.part)
        self.newcomers = shop.assortment.newcomers
        first = len(self.bundle.products)
        new = self.newcomers.items if self.newcomers is not None else np.empty(0, np.int32)
        self.products = np.concatenate((np.arange(first, dtype=np.int32), new))  # product of each column
        self.column = {int(item): first + at for at, item in enumerate(new.tolist())}
        self.closed = np.flatnonzero(~self._eligible()(self.products))
        self.spread = _spread(self.newcomers, first) if self.newcomers is not None else None

    def _eligible(self) -> Eligible:
        index = self.shop.assortment.index
        rules = self.plan.ruled("exclude")
        eligible = Eligible(self.shop.assortment, wheres=self.plan.wheres, excluding=rules)
        eligible.ban(index(list(self.query.exclude)).tolist(), "excluded by the request")
        for rule in rules:
            if rule.products:
                eligible.ban(index(rule.products).tolist(), "rule")
        return eligible

    def find(self, quiet: np.ndarray, numbers: np.ndarray, busy: Sequence[tuple[int, str, list[Act]]]) -> Found:
        """Lists of the customers at the places `quiet` (their numbers in the model in `numbers`), who did nothing since
        the training, and of the `busy` (place, id, acts newest first)."""
        gathered = Gathered()
        for place, customer, acts in busy:
            self._add(gathered, place, customer, acts)
        matrix, places, whose = self._matrix(quiet, numbers, gathered)
        banned = self._pairs(gathered.banned, len(quiet))
        by_factors = isinstance(self.part, ALS)
        columns, values = self._by_factors(matrix, banned) if by_factors else self._by_scores(matrix, whose, banned)
        limit = self.plan.limit
        enough = np.isfinite(values[:, limit - 1]) if self.is_dense else values[:, limit - 1] > 0
        # What is below 0 or not there counts as far away from the last of the list.
        clear = is_clear(values if self.is_dense else np.where(values > 0, values, -np.inf))
        if by_factors:
            for row in np.flatnonzero(enough & ~clear).tolist():
                columns[row], values[row] = self._as_alone(matrix, row, banned)
                clear[row] = is_clear(values[row : row + 1], tolerance=0)[0]
        kept = np.flatnonzero(enough & clear)
        return Found(places[kept], self.products[columns[kept, :limit]], values[kept, :limit], self.part.name)

    def _add(self, gathered: Gathered, place: int, customer: str, acts: list[Act]) -> None:
        fresh = [act for act in acts if act[2] >= self.shop.read_at]
        recent = history.weigh(fresh, now=self.moment)
        past, number = self.bundle.history_of(customer or None, recent, now=int(self.moment))
        if not len(past.items):
            return
        names = in_cart(acts) | {product for product, kind, _ in acts if kind == "hide"}
        if self.plan.bought == "hide":
            names |= {product for product, kind, _ in acts if kind == "purchase"}
        banned = self.shop.assortment.index(sorted(names)) if names else np.empty(0, np.int32)
        if self.plan.bought == "hide":
            banned = np.concatenate((banned, self.bundle.bought.by(number)))
        gathered.places.append(place)
        gathered.numbers.append(number)
        gathered.items.append(past.items)
        gathered.weights.append(past.weights)
        gathered.banned.append(banned)

    def _matrix(
        self, quiet: np.ndarray, numbers: np.ndarray, busy: Gathered
    ) -> tuple[sparse.csr_array, np.ndarray, np.ndarray]:
        """(histories of the quiet, then of the busy; places; numbers in the model)."""
        past = self.bundle.histories
        starts, counts = past.indptr[numbers], past.indptr[numbers + 1] - past.indptr[numbers]
        ends = np.cumsum(counts)
        total = int(ends[-1]) if len(ends) else 0
        at = np.arange(total) + np.repeat(starts - ends + counts, counts)
        days = max(int(self.moment) - past.until, 0) / DAY
        weights = past.weights[at] * np.float32(0.5 ** (days / HALF_LIFE_DAYS))
        lengths = np.concatenate((counts, [len(one) for one in busy.items])).astype(np.int64)
        items = np.concatenate((past.items[at], *busy.items)).astype(np.int32)
        bounds = np.concatenate(([0], np.cumsum(lengths)))
        matrix = sparse.csr_array(
            (np.concatenate((weights, *busy.weights)), items, bounds), shape=(len(lengths), len(self.bundle.products))
        )
        return matrix, np.concatenate((quiet, busy.places)).astype(np.int64), np.concatenate((numbers, busy.numbers))

    def _pairs(self, banned: Sequence[np.ndarray], skipped: int) -> tuple[np.ndarray, np.ndarray]:
        """(row, column) of the bans of the rows from `skipped` on."""
        columns = [self._columns(items) for items in banned]
        rows = np.repeat(np.arange(skipped, skipped + len(columns)), [len(one) for one in columns])
        return rows, np.concatenate((np.empty(0, np.int64), *columns)).astype(np.int64)

    def _by_factors(self, histories: sparse.csr_array, banned: tuple[np.ndarray, np.ndarray]) -> Leading:
        assert isinstance(self.part, ALS)
        is_open = np.ones(len(self.products), np.bool_)
        is_open[self.closed] = False
        first, longest = len(self.bundle.products), self.part.longest
        search = Search(self.part.shoppers(histories), self.plan.limit + 1)
        search.among(longest if is_open[:first].all() else longest.only(is_open[:first]), banned=banned)
        if self.spread is not None:
            borrowed = np.asarray(self.spread @ self.part.factors, np.float32)
            said = borrowed.any(axis=1)  # of whom nothing is known stands last: where they are needed, not here
            search.among(LongestFirst(borrowed).only(is_open[first:] & said), first=first, banned=banned)
        return search.items, search.scores

    def _as_alone(self, histories: sparse.csr_array, row: int, banned: tuple[np.ndarray, np.ndarray]) -> Leading:
        """The same for one row by the very sums of a single call, for a list that hangs on their rounding."""
        span = slice(histories.indptr[row], histories.indptr[row + 1])
        scores = self.part.score_history(histories.indices[span], histories.data[span])
        if self.newcomers is not None:
            scores = self.newcomers.join(scores)
        own = scores[1][self.products]
        own[self.closed] = -np.inf
        own[banned[1][slice(*np.searchsorted(banned[0], (row, row + 1)))]] = -np.inf
        columns, values = leading(own[None], self.plan.limit + 1)
        return columns[0], values[0]

    def _by_scores(
        self, histories: sparse.csr_array, numbers: np.ndarray, banned: tuple[np.ndarray, np.ndarray]
    ) -> Leading:
        limit, step = self.plan.limit + 1, rows_at_once(len(self.products))
        found, values = [np.empty((0, limit), np.int32)], [np.empty((0, limit), np.float32)]
        for start in range(0, len(numbers), step):
            rows = slice(start, start + step)
            scores = self._with_newcomers(self._scores(histories[rows], numbers[rows]))
            scores[:, self.closed] = -np.inf
            span = slice(*np.searchsorted(banned[0], (start, start + step)))
            scores[banned[0][span] - start, banned[1][span]] = -np.inf
            one = leading(scores, limit)
            found.append(one[0])
            values.append(one[1])
        return np.concatenate(found), np.concatenate(values)

    def _columns(self, items: np.ndarray) -> np.ndarray:
        first = len(self.bundle.products)
        if (items >= first).any():
            found = [self.column.get(int(item), -1) if item >= first else int(item) for item in items.tolist()]
            items = np.array(found, np.int64)
        return items[items >= 0]

    def _scores(self, histories: sparse.csr_array, numbers: np.ndarray) -> np.ndarray:
        found = blend.many(self.part, histories, numbers.astype(np.int32))
        scores = found.toarray() if sparse.issparse(found) else np.asarray(found)
        return scores if scores.dtype == np.float32 and scores.flags.writeable else scores.astype(np.float32)

    def _with_newcomers(self, scores: np.ndarray) -> np.ndarray:
        if self.spread is None:
            return scores
        borrowed = np.ascontiguousarray((self.spread @ scores.T).T)
        if self.is_dense:  # of whom nothing is known stands last
            borrowed = np.where(borrowed != 0, borrowed, scores.min(axis=1, keepdims=True))
        return np.concatenate((scores, borrowed.astype(np.float32)), axis=1)


def _is_dense(part: object) -> bool:
    parts = part.parts if isinstance(part, blend.Blend) else [part]
    return any(one.name in _DENSE for one in parts)  # type: ignore[attr-defined]


def _spread(newcomers: Newcomers, first: int) -> sparse.csr_array:
    """newcomers x known products: what each score of a known product adds to a newcomer's."""
    return sparse.csr_array(
        (newcomers.weights, newcomers.known, newcomers.indptr), shape=(len(newcomers), first)
    )
