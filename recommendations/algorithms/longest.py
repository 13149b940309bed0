"""The best few products of many shoppers by their factors: the longest products first, and none that cannot get in."""

from __future__ import annotations

from typing import Self

import numpy as np

# Shoppers and products at a time; with fewer shoppers more products. Enough that a product of matrices is worth it,
# and 2 MB of scores, which are looked through while the processor's caches still hold them.
_ROWS, _WIDTH = 2000, 256
_SLACK = np.float32(1 + 1e-4)  # more than the rounding of a sum of float32
_LEFT = 0.9  # shoppers are taken together anew when fewer of them are left
_COPIED = 64_000_000  # bytes of factors that are kept in the order of their length, too


class LongestFirst:
    """Rows of factors, ordered by their length.

    factors    float32 n x d; order: int32, rows of it, the longest first; lengths: float32, of these rows
    """

    def __init__(self, factors: np.ndarray) -> None:
        lengths = np.sqrt(np.einsum("nd,nd->n", factors, factors))
        order = np.argsort(-lengths, kind="stable").astype(np.int32)
        self._keep(factors, order, lengths[order])

    def only(self, may_be_listed: np.ndarray) -> Self:
        """These rows alone (bool [n])."""
        kept = may_be_listed[self.order]
        found = object.__new__(type(self))
        found._keep(self.factors, self.order[kept], self.lengths[kept])
        return found

    def block(self, span: slice) -> np.ndarray:
        """The factors at these places of the order."""
        return self.factors.take(self.order[span], axis=0) if self._copy is None else self._copy[span]

    def _keep(self, factors: np.ndarray, order: np.ndarray, lengths: np.ndarray) -> None:
        self.factors, self.order, self.lengths = factors, order, lengths
        self._copy = factors.take(order, axis=0) if factors.nbytes <= _COPIED else None


class Search:
    """The best `count` products of each shopper among one catalogue, or several after another.

    No score is greater than the length of the shopper times that of the product (Cauchy and Schwarz), so a shopper
    whose worst of the best stands above that is done: LEMP by length (Teflioudi, Gemulla, Mykytiuk 2015). What is
    found is exact, up to the rounding of sums of float32.

    shoppers    float32 m x d
    items       int32 m x count, best first; scores: float32, -inf where there are no more
    """

    def __init__(self, shoppers: np.ndarray, count: int) -> None:
        self.shoppers = np.ascontiguousarray(shoppers, np.float32)
        self.lengths = np.sqrt(np.einsum("nd,nd->n", self.shoppers, self.shoppers)) * _SLACK
        self.items = np.zeros((len(shoppers), count), np.int32)
        self.scores = np.full((len(shoppers), count), -np.inf, np.float32)

    def among(
        self, catalogue: LongestFirst, *, first: int = 0, banned: tuple[np.ndarray, np.ndarray] | None = None
    ) -> Self:
        """Looks through a catalogue whose row i is the product first + i.

        banned    (shoppers, products): pairs that may not be listed; products elsewhere are no harm
        """
        bans = _Bans(catalogue, first, *banned) if banned is not None and len(banned[0]) else None
        numbers = catalogue.order + np.int32(first)
        for start in range(0, len(self.shoppers), _ROWS):
            self._look(catalogue, numbers, np.arange(start, min(start + _ROWS, len(self.shoppers))), bans)
        return self

    def _look(self, catalogue: LongestFirst, numbers: np.ndarray, rows: np.ndarray, bans: _Bans | None) -> None:
        from recommendations.algorithms import kernels

        room = np.empty(_ROWS * _WIDTH, np.float32)
        start, near = 0, self.shoppers[rows]
        while start < len(numbers):
            kept = self.scores[rows, -1] < self.lengths[rows] * catalogue.lengths[start]
            if np.count_nonzero(kept) < _LEFT * len(rows):
                rows, near = rows[kept], near[kept]
            if not len(rows):
                return
            span = slice(start, start + len(room) // len(rows) // _WIDTH * _WIDTH)
            block = catalogue.block(span)
            scores = room[: len(rows) * len(block)].reshape(len(rows), len(block))
            np.matmul(near, block.T, out=scores)
            if bans is not None:
                bans.apply(scores, rows, start)
            kernels.rise(scores, rows, numbers[span], self.items, self.scores)
            start = span.stop


class _Bans:
    """Pairs in the order in which their products are looked at."""

    def __init__(self, catalogue: LongestFirst, first: int, shoppers: np.ndarray, products: np.ndarray) -> None:
        size = len(catalogue.factors)
        place = np.full(size, -1, np.int64)
        place[catalogue.order] = np.arange(len(catalogue.order))
        here = (products >= first) & (products < first + size)
        at, shoppers = place[products[here] - first], shoppers[here]
        met = at >= 0
        order = np.argsort(at[met], kind="stable")
        self.at, self.shoppers = at[met][order], shoppers[met][order]

    def apply(self, scores: np.ndarray, rows: np.ndarray, start: int) -> None:
        """scores: of `rows` (rising) and the places from `start` on."""
        span = slice(*np.searchsorted(self.at, (start, start + scores.shape[1])))
        shoppers, columns = self.shoppers[span], self.at[span] - start
        row = np.minimum(np.searchsorted(rows, shoppers), len(rows) - 1)
        met = rows[row] == shoppers
        scores[row[met], columns[met]] = -np.inf
