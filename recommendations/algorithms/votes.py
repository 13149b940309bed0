"""Which tokens of products are bought together: the vote of one shop, and the sum over shops."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import sparse

from recommendations.algorithms import little
from recommendations.algorithms.ids import Arrays
from recommendations.algorithms.tokens import Tokens

# What one shop says is bounded: so many of its baskets, tokens and pairs count, and each pair for 1 at most.
BASKETS, TOKENS, PAIRS = 2_000, 3_000, 60_000
# A token in fewer baskets than this, a pair in fewer than that, is not judged.
LEAST_BASKETS, LEAST_TOGETHER = 3, 2
# A pair goes together where its baskets exceed what chance lets expect by more than this many errors.
ERRORS = 1.0
STRONGEST = 1.5  # log of how much more often than by chance; more counts as this
STEPS = 255
# A token or pair of which fewer other shops speak is nobody else's to know.
SHOPS = 3


@dataclass(frozen=True)
class Votes:
    """What one shop says; no product, no customer, no word.

    names    uint64, ascending: digests of the tokens that it has seen often enough to judge
    first, second   int32 places in `names`, first < second (of `shares` <=), by first and then second
    strength        uint8 or uint16: parts of the largest such number
    baskets         how many were looked at
    """

    names: np.ndarray
    first: np.ndarray
    second: np.ndarray
    strength: np.ndarray
    baskets: int

    @classmethod
    def of(cls, baskets: sparse.csr_array, tokens: Tokens, *, before: Votes | None = None) -> Votes:
        """baskets: baskets x products, 1 where it was in it, oldest first; the last BASKETS of them count.

        before    what the shop said last: a pair stays as it was said unless the baskets now speak against it, so that
                  neither a season nor a flood of orders takes back what was learnt
        """
        held = sparse.csr_array(baskets[max(0, baskets.shape[0] - BASKETS):] @ tokens.matrix)
        held.data[:] = 1
        count = held.shape[0]
        spread = np.bincount(held.indices, minlength=held.shape[1])
        known = np.flatnonzero(spread >= LEAST_BASKETS)
        if len(known) > TOKENS:
            known = np.sort(known[np.argsort(-spread[known], kind="stable")[:TOKENS]])
        held, spread = sparse.csr_array(held[:, known]), spread[known]
        both = sparse.coo_array(sparse.triu(sparse.csr_array(held.T @ held), k=1))
        chance = spread[both.row] * spread[both.col] / max(count, 1)
        beyond = (both.data - chance) / np.sqrt(chance + 1)
        good = np.flatnonzero((both.data >= LEAST_TOGETHER) & (beyond > ERRORS))
        if len(good) > PAIRS:
            good = good[np.argsort(-beyond[good], kind="stable")[:PAIRS]]
        good = good[np.lexsort((both.col[good], both.row[good]))]
        lift = np.log((both.data[good] + 1) / (chance[good] + 1))
        strength = np.clip(lift / STRONGEST, 0, 1) * STEPS
        now = cls(tokens.names[known], both.row[good].astype(np.int32), both.col[good].astype(np.int32),
                  np.rint(strength).astype(np.uint8), count)
        if before is None:
            return now
        return _kept(now, before, spread, sparse.csr_array(both))

    def arrays(self) -> Arrays:
        return {"names": self.names, "first": self.first, "second": self.second, "strength": self.strength,
                "baskets": np.array([self.baskets], np.int64)}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Votes:
        return cls(*(arrays[name] for name in ("names", "first", "second", "strength")),
                   baskets=int(arrays["baskets"][0]))


def _kept(now: Votes, before: Votes, spread: np.ndarray, together: sparse.csr_array) -> Votes:
    """What was said before and is not contradicted, as it was said; then what is new. Both change by little at a time.

    spread, together    how many baskets hold each of `now.names`, and each two of them (upper half)
    """
    at = places(now.names, before.names)
    first, second = at[before.first], at[before.second]
    judged = (first >= 0) & (second >= 0)
    short = np.zeros(len(before.first))
    if judged.any():
        chance = spread[first[judged]] * spread[second[judged]] / max(now.baskets, 1)
        held = np.asarray(together[first[judged], second[judged]]).ravel()
        short[judged] = np.where(chance >= LEAST_TOGETHER, np.maximum(chance - held, 0), 0)
    old = np.delete(np.arange(len(short)), little.spread(short, before.first, before.second))
    said = _keys(before.names, before.first, before.second)
    fresh = np.where(np.isin(_keys(now.names, now.first, now.second), said), 0, now.strength.astype(int))
    fresh = np.sort(little.spread(fresh, now.first, now.second)[: max(PAIRS - len(old), 0)])
    used = np.concatenate((now.first[fresh], now.second[fresh]))
    names = np.unique(np.concatenate((before.names, now.names[used])))
    pairs = []
    for votes, rows in ((before, old), (now, fresh)):
        place = np.searchsorted(names, votes.names)
        pairs.append((place[votes.first[rows]], place[votes.second[rows]], votes.strength[rows]))
    first, second, strength = (np.concatenate(column) for column in zip(*pairs, strict=True))
    order = np.lexsort((second, first))
    return Votes(names, first[order].astype(np.int32), second[order].astype(np.int32), strength[order], now.baskets)


def _keys(names: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """One number for each pair, the same in every shop."""
    return names[first] * np.uint64(0x9E3779B97F4A7C15) ^ names[second]


@dataclass(frozen=True)
class Table:
    """What shops say together, each with one vote; pairs as in `Votes`.

    total    float32, the strengths that shops gave, 0 to 1 each, summed
    top, second_top   as `Votes.strength`, the two strongest of these
    yes      int32, the shops that gave any
    asked    int32, the shops that could judge both tokens
    shops    all that voted
    """

    ARRAYS: ClassVar[tuple[str, ...]] = ("names", "first", "second", "total", "yes", "asked", "top", "second_top")

    names: np.ndarray
    first: np.ndarray
    second: np.ndarray
    total: np.ndarray
    yes: np.ndarray
    asked: np.ndarray
    top: np.ndarray
    second_top: np.ndarray
    shops: int

    @property
    def agreed(self) -> np.ndarray:
        """The strengths without the strongest of each pair: whatever one shop says, no more than the others say too."""
        return np.maximum(self.total - parts(self.top), 0).astype(np.float32)

    @classmethod
    def of(cls, votes: Callable[[], Iterable[Votes]], *, least: int = SHOPS) -> Table:
        """The sum; what fewer than `least` shops say is left out. `votes` is read three times."""
        shops, names = 0, _Tally()
        for one in votes():
            names.add(one.names, np.ones(len(one.names)))
            shops += 1
        known, spread = names.result()
        known = known[spread[:, 0] >= least]
        pairs, kind = _Tally(), np.dtype("u1")
        for one in votes():
            first, second, kept = _among(known, one)
            pairs.add((first.astype(np.uint64) << np.uint64(32)) | second.astype(np.uint64), parts(one.strength[kept]))
            kind = one.strength.dtype
        keys, sums = pairs.result()
        kept = sums[:, 0] >= least
        first, second = (keys[kept] >> np.uint64(32)).astype(np.int32), keys[kept].astype(np.uint32).astype(np.int32)
        yes, asked, top, second_top = (np.zeros(len(first), of) for of in ("i4", "i4", kind, kind))
        yes[:] = sums[kept, 0]
        made = cls(known, first, second, sums[kept, 1].astype(np.float32), yes, asked, top, second_top, shops)
        for one in votes():
            able = np.isin(known, one.names)
            asked += able[first] & able[second]
            at, strength = made._said(one)
            second_top[at] = np.maximum(second_top[at], np.minimum(top[at], strength))
            top[at] = np.maximum(top[at], strength)
        return made

    def _said(self, one: Votes) -> tuple[np.ndarray, np.ndarray]:
        """(places of the table's pairs that this shop gave, its strengths)."""
        first, second, kept = _among(self.names, one)
        keys = (self.first.astype(np.int64) << 32) | self.second
        mine = (first.astype(np.int64) << 32) | second
        at = np.minimum(np.searchsorted(keys, mine), max(len(keys) - 1, 0))
        found = np.flatnonzero(keys[at] == mine) if len(keys) else np.empty(0, np.intp)
        return at[found], one.strength[kept][found]

    def without(self, own: Votes, *, least: int = SHOPS) -> Table:
        """What the others say: the vote of one shop, which is in it, taken out again."""
        able = np.isin(self.names, own.names)
        asked = self.asked - (able[self.first] & able[self.second])
        at, strength = self._said(own)
        total, yes, top = self.total.copy(), self.yes.copy(), self.top.copy()
        total[at] -= parts(strength)
        yes[at] -= 1
        top[at] = np.where(strength >= top[at], self.second_top[at], top[at])
        left = yes >= least
        return Table(self.names, self.first[left], self.second[left], np.maximum(total[left], 0), yes[left],
                     asked[left], top[left], np.zeros_like(top[left]), self.shops - 1)

    def arrays(self) -> Arrays:
        found = {name: getattr(self, name) for name in self.ARRAYS}
        return found | {"shops": np.array([self.shops], np.int64)}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Table:
        return cls(*(np.asarray(arrays[name]) for name in cls.ARRAYS), shops=int(arrays["shops"][0]))


def places(names: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Where each of the wanted stands in `names` (ascending), -1 where it does not."""
    if not len(names):
        return np.full(len(wanted), -1)
    at = np.minimum(np.searchsorted(names, wanted), len(names) - 1)
    return np.where(names[at] == wanted, at, -1)


def parts(strength: np.ndarray) -> np.ndarray:
    """0 to 1, float32."""
    return (strength / np.float32(np.iinfo(strength.dtype).max)).astype(np.float32)


def _among(known: np.ndarray, votes: Votes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(first, second, which): the pairs whose tokens are both known, in places of `known`."""
    place = places(known, votes.names)
    first, second = place[votes.first], place[votes.second]
    kept = np.flatnonzero((first >= 0) & (second >= 0))
    return first[kept], second[kept], kept


class _Tally:
    """Sums by key, (how often, values summed), with no more held than a few shops' keys above the distinct ones."""

    HELD = 2_000_000

    def __init__(self) -> None:
        self.keys: list[np.ndarray] = []
        self.values: list[np.ndarray] = []
        self.waiting = 0

    def add(self, keys: np.ndarray, values: np.ndarray) -> None:
        self.keys.append(keys)
        self.values.append(np.stack((np.ones(len(keys)), values), axis=1))
        self.waiting += len(keys)
        if self.waiting > self.HELD:
            self._fold()

    def result(self) -> tuple[np.ndarray, np.ndarray]:
        self._fold()
        return self.keys[0], self.values[0]

    def _fold(self) -> None:
        keys = np.concatenate([np.empty(0, np.uint64), *self.keys])
        values = np.concatenate([np.empty((0, 2)), *self.values])
        unique, place = np.unique(keys, return_inverse=True)
        sums = np.stack([np.bincount(place, values[:, column], minlength=len(unique)) for column in (0, 1)], axis=1)
        self.keys, self.values, self.waiting = [unique], [sums], 0
