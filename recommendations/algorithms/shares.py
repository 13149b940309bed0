"""How often whole titles are bought together in one shop, as its word on that: bounded in visits, changed by little."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from recommendations.algorithms import little
from recommendations.algorithms.votes import BASKETS, TOKENS, Votes, places

# Whatever a shop sells, its word counts as so many visits at most; with fewer, each visit counts as one.
VISITS = 600
# A visit of n titles counts n^-LARGE: a wholesaler's list of everything says little about what goes together.
LARGE = 0.3
STEPS = 65_535
PAIRS = 100_000
# From one making of a word to the next a pair is raised by this factor, where it is now seen so many times as often.
RISE, CLEARLY = 1.03, 2.0
# It is taken back where it is in none of so many newest visits.
SEEN = 10_000


def of(baskets: sparse.csr_array, titles: sparse.csr_array, names: np.ndarray, *, before: Votes | None = None) -> Votes:
    """Votes on pairs of titles, also of each with itself (how often it is bought); strength in STEPS of VISITS.

    baskets   baskets x products, 1 where it was in it, oldest first; the last BASKETS of them count
    titles    products x titles, 1 where the product has it; names: uint64, ascending, of the titles
    before    what the shop said last: nothing of it is lowered, neither by a season nor by a flood; what is in no visit
              any more is taken back, little at a time, as what is new comes in
    """
    whole = sparse.csr_array(baskets[max(0, baskets.shape[0] - SEEN):] @ titles)
    whole.data[:] = 1
    held = sparse.csr_array(whole[max(0, whole.shape[0] - BASKETS):])
    bought = np.bincount(held.indices, minlength=held.shape[1])
    known = np.flatnonzero(bought)
    if len(known) > TOKENS:
        known = np.sort(known[np.argsort(-bought[known], kind="stable")[:TOKENS]])
    both = sparse.coo_array(sparse.triu(weighted(sparse.csr_array(held[:, known]))))
    now = _Pairs(names[known], both.row, both.col, both.data * min(1.0, VISITS / max(held.shape[0], 1)) / VISITS)
    pairs = now if before is None else _kept(now, _still(_Pairs.said(before), names, whole))
    return pairs.greatest(PAIRS).votes(held.shape[0])


def weighted(held: sparse.csr_array) -> sparse.csr_array:
    """Titles x titles: in how many visits both were, large visits counting for less."""
    sizes = np.maximum(np.diff(held.indptr), 1)
    return sparse.csr_array(held.T @ sparse.csr_array(sparse.diags_array(sizes**-LARGE) @ held))


@dataclass(frozen=True)
class _Pairs:
    """As `Votes`, by first and then second; values: float64, 0 to 1."""

    names: np.ndarray
    first: np.ndarray
    second: np.ndarray
    values: np.ndarray

    @classmethod
    def said(cls, votes: Votes) -> _Pairs:
        return cls(votes.names, votes.first, votes.second, votes.strength / STEPS)

    def keys(self, names: np.ndarray) -> np.ndarray:
        """One number for each pair, by its places in `names`."""
        place = np.searchsorted(names, self.names)
        return place[self.first] * np.int64(len(names)) + place[self.second]

    def greatest(self, most: int) -> _Pairs:
        """At most so many; how often each title is bought is said first."""
        if len(self.values) <= most:
            return self
        order = np.lexsort((-self.values, self.first != self.second))[:most]
        return self.take(np.sort(order))

    def take(self, rows: np.ndarray) -> _Pairs:
        return _Pairs(self.names, self.first[rows], self.second[rows], self.values[rows])

    def votes(self, baskets: int) -> Votes:
        """Names that are in no pair are left out."""
        used = np.unique(np.concatenate((self.first, self.second))).astype(np.int64)
        first, second = np.searchsorted(used, self.first), np.searchsorted(used, self.second)
        order = np.lexsort((second, first))
        strength = np.maximum(np.rint(np.clip(self.values, 0, 1) * STEPS), 1).astype(np.uint16)
        return Votes(self.names[used], first[order].astype(np.int32), second[order].astype(np.int32),
                     strength[order], baskets)


def _still(before: _Pairs, names: np.ndarray, held: sparse.csr_array) -> _Pairs:
    """Without the weakest of the pairs that are in no visit any more; names: of the columns of `held`."""
    at = places(names, before.names)
    first, second = at[before.first], at[before.second]
    both = np.flatnonzero((first >= 0) & (second >= 0))
    unseen = np.ones(len(before.values), np.bool_)
    together = sparse.csr_array(held.T @ held)
    unseen[both] = np.asarray(together[first[both], second[both]]).ravel() == 0
    gone = little.largest(np.where(unseen, 1 - before.values, 0), little.CHANGED)
    return before.take(np.delete(np.arange(len(unseen)), gone))


def _kept(now: _Pairs, before: _Pairs) -> _Pairs:
    """What was said before, of which few pairs are raised, and few are added."""
    names = np.unique(np.concatenate((before.names, now.names)))
    old, new = before.keys(names), now.keys(names)
    keys = np.union1d(old, new)
    said, seen = np.zeros(len(keys)), np.zeros(len(keys))
    said[np.searchsorted(keys, old)], seen[np.searchsorted(keys, new)] = before.values, now.values
    first, second = np.divmod(keys, len(names))
    values = said.copy()
    clear = (said > 0) & (seen >= CLEARLY * said)
    values[little.spread(np.where(clear, seen - said, 0), first, second)] *= RISE
    # A word that is full takes up what is clearly more than the least that it says, which makes room.
    least = CLEARLY * said[said > 0].min(initial=1) if len(old) >= PAIRS else 0
    added = little.spread(np.where((said > 0) | (seen < least), 0, seen), first, second)
    values[added] = seen[added]
    left = np.flatnonzero(values)
    return _Pairs(names, first[left], second[left], values[left])
