"""Pool: the candidates of one list, best first; Trace: what the steps did to them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(slots=True)
class Pool:
    """Parallel arrays, best first. A step returns a new pool and leaves its own as it was.

    items    int32 product indices, distinct
    scores   float32, in no promised scale; equal sources compare
    sources  uint8 numbers into the caller's list of names
    """

    items: np.ndarray
    scores: np.ndarray
    sources: np.ndarray

    def __len__(self) -> int:
        return len(self.items)

    def take(self, rows: np.ndarray | slice) -> Pool:
        """These rows, in this order (a mask, positions or a slice)."""
        return Pool(self.items[rows], self.scores[rows], self.sources[rows])


@dataclass(slots=True)
class Trace:
    """What was dropped or moved: (step, product, why, how much). Kept only when somebody asks."""

    notes: list[tuple[str, int, str, float]] = field(default_factory=list)

    def dropped(self, step: str, pool: Pool, kept: np.ndarray, why: str) -> None:
        """The products of the pool that a bool mask leaves out."""
        self.notes += [(step, item, why, 0.0) for item in pool.items[~kept].tolist()]

    def moved(self, step: str, pool: Pool, order: np.ndarray, why: str) -> None:
        """The products whose place an order of positions changes, and by how many places."""
        shift = order - np.arange(len(order))
        pairs = zip(pool.items[order].tolist(), shift.tolist(), strict=True)
        self.notes += [(step, item, why, float(by)) for item, by in pairs if by]
