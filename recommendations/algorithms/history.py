"""How much of a shopper's past counts at this moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from recommendations.algorithms.data import DAY, Interactions
from recommendations.algorithms.ids import Arrays

# Distinct products that a list is made from. On Online Retail 25 rank as well as 100, and the cost
# of a request grows with them.
USED = 40
# Tried 15 to 1,000 days on the validation part of Online Retail; flat from 60 days on.
HALF_LIFE_DAYS = 180.0
# What a shopper did since the last training weighs at least this share of the whole, so that a
# single view is not drowned by years of purchases.
RECENT_SHARE = 0.3


class History(NamedTuple):
    items: np.ndarray  # int32 product indices; one may stand there twice
    weights: np.ndarray  # float32, > 0, after decay


@dataclass(frozen=True)
class Histories:
    """Each known customer's weightiest products as they stood at `until`, heaviest first.

    Halving at a steady pace keeps the order and the proportions of the weights for ever, so they
    are summed, sorted and cut once, at training; a later moment only scales them.
    """

    indptr: np.ndarray  # int64, customers + 1
    items: np.ndarray  # int32, distinct per customer
    weights: np.ndarray  # float32, decayed to `until`
    until: int  # seconds since 1970

    @classmethod
    def of(cls, interactions: Interactions, limit: int = USED) -> Histories:
        capped = interactions.capped()
        matrix = capped.matrix(capped.decayed(HALF_LIFE_DAYS))
        counts = np.diff(matrix.indptr)
        customer = np.repeat(np.arange(len(counts)), counts)
        order = np.lexsort((matrix.indices, -matrix.data, customer))
        rank = np.arange(len(order)) - np.repeat(matrix.indptr[:-1], counts)
        order = order[rank < limit]
        indptr = np.zeros(len(counts) + 1, np.int64)
        np.cumsum(np.minimum(counts, limit), out=indptr[1:])
        items = matrix.indices[order].astype(np.int32)
        return cls(indptr, items, matrix.data[order], interactions.until)

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def of_customer(self, index: int, *, now: int | None = None) -> History:
        """The customer's products as they weigh `now` (default: at `until`); empty for -1."""
        if not 0 <= index < len(self):
            return History(self.items[:0], self.weights[:0])
        rows = slice(self.indptr[index], self.indptr[index + 1])
        days = 0.0 if now is None else max(now - self.until, 0) / DAY
        return History(
            self.items[rows], self.weights[rows] * np.float32(0.5 ** (days / HALF_LIFE_DAYS))
        )

    def arrays(self) -> Arrays:
        return {"indptr": self.indptr, "items": self.items, "weights": self.weights}


@dataclass(frozen=True)
class Bought:
    """Every product that each known customer has bought, however long ago; ascending per customer."""

    indptr: np.ndarray  # int64, customers + 1
    items: np.ndarray  # int32

    @classmethod
    def of(cls, interactions: Interactions) -> Bought:
        # A purchase is what weighs 1 before any decay.
        matrix = interactions.take(interactions.weight >= 1).matrix()
        matrix.sort_indices()
        return cls(matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32))

    @classmethod
    def nothing(cls, customers: int) -> Bought:
        return cls(np.zeros(customers + 1, np.int64), np.empty(0, np.int32))

    def by(self, customer: int) -> np.ndarray:
        """Empty for -1."""
        if not 0 <= customer < len(self.indptr) - 1:
            return self.items[:0]
        return self.items[self.indptr[customer] : self.indptr[customer + 1]]

    def without(self, customers: np.ndarray) -> Bought:
        counts = np.diff(self.indptr)
        kept = ~np.isin(np.repeat(np.arange(len(counts)), counts), customers)
        counts[customers] = 0
        return Bought(np.concatenate(([0], np.cumsum(counts))).astype(np.int64), self.items[kept])

    def arrays(self) -> Arrays:
        return {"indptr": self.indptr, "items": self.items}


def joined(past: History, items: np.ndarray, weights: np.ndarray) -> History:
    """The past with what happened since in front of it: USED entries at most, the past gives way.

    items    int32 product indices, newest first; -1 (unknown to the model) is left out
    weights  worth of each event; not decayed any further
    """
    known = items >= 0
    items, weights = items[known][:USED], weights[known][:USED]
    if not len(items):
        return past
    left = USED - len(items)
    rest = History(past.items[:left], past.weights[:left])
    if not len(rest.items):
        return History(items, weights)
    wanted = float(rest.weights.sum()) * RECENT_SHARE / (1 - RECENT_SHARE)
    lift = np.float32(max(1.0, wanted / max(float(np.abs(weights).sum()), 1e-9)))
    return History(
        np.concatenate((items, rest.items)), np.concatenate((weights * lift, rest.weights))
    )
