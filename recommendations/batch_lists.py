"""The lists of a chunk while they are made: some together, some one by one, put in their order at the end."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from weakref import WeakKeyDictionary

import numpy as np

from recommendations.assortment import Assortment
from recommendations.batch_packing import EMPTY, FAILED, LISTED, SKIPPED, Lists
from recommendations.candidates import Shop

# Texts of product ids by their number, as far as they were needed: decoding one costs as much as ranking it.
_names: WeakKeyDictionary[Assortment, dict[int, str]] = WeakKeyDictionary()


class Made:
    """Lists of n customers; `states` may be set at a place, `put` and `add` fill lists in."""

    def __init__(self, size: int) -> None:
        self.states = np.full(size, EMPTY, np.uint8)
        self.counts = np.zeros(size, np.int32)
        self.origins: dict[str, int] = {}
        self._together: list[tuple[np.ndarray, np.ndarray, np.ndarray, int]] = []
        self._alone: list[tuple[int, np.ndarray, np.ndarray, list[int]]] = []

    def put(self, places: np.ndarray, items: np.ndarray, scores: np.ndarray, source: str) -> None:
        """Lists of one length, items and scores places x length."""
        if len(places):
            self._together.append((places, items, scores, self._origin(source)))
            self.counts[places] = items.shape[1]

    def add(self, place: int, items: np.ndarray, scores: np.ndarray, sources: Sequence[str]) -> None:
        self._alone.append((place, items, scores, [self._origin(one) for one in sources]))
        self.counts[place] = len(items)

    def repeat(self, place: int, others: Sequence[int]) -> None:
        """The list that was added last, of `place`, for others too."""
        _, items, scores, origins = self._alone[-1]
        self._alone += [(other, items, scores, origins) for other in others]
        self.counts[others] = self.counts[place]

    def _origin(self, name: str) -> int:
        return self.origins.setdefault(name, len(self.origins))

    def lists(self, shop: Shop, strangers: Collection[int]) -> Lists:
        """All of them, in the order of their customers."""
        starts = np.cumsum(self.counts) - self.counts
        total = int(self.counts.sum())
        items, scores, sources = np.zeros(total, np.int32), np.zeros(total, np.float32), np.zeros(total, np.uint8)
        for places, found, values, origin in self._together:
            at = starts[places][:, None] + np.arange(found.shape[1])
            items[at], scores[at], sources[at] = found, values, origin
        for place, found, values, origins in self._alone:
            span = slice(starts[place], starts[place] + len(found))
            items[span], scores[span], sources[span] = found, values, origins
        distinct, codes = np.unique(items, return_inverse=True)
        unknown = np.zeros(len(self.states), np.bool_)
        unknown[list(strangers)] = True
        listed = np.where(self.counts > 0, LISTED, EMPTY)
        states = np.where(np.isin(self.states, (FAILED, SKIPPED)), self.states, listed).astype(np.uint8)
        names = names_of(shop.assortment, distinct)
        return Lists(states, unknown, self.counts, codes.astype(np.int32), scores, sources, names, list(self.origins))


def names_of(assortment: Assortment, items: np.ndarray) -> list[str]:
    held = _names.setdefault(assortment, {})
    wanted = items.tolist()
    missing = [item for item in wanted if item not in held]
    held.update(zip(missing, assortment.ids(missing), strict=True))
    return [held[item] for item in wanted]
