"""Sums of sparse item-item rows at a cost that does not grow with the catalogue."""

from __future__ import annotations

import threading

import numpy as np

_scratch = threading.local()


def _sums(size: int) -> np.ndarray:
    """This thread's sums: all zero between calls, shared by all that this thread scores."""
    sums = getattr(_scratch, "sums", None)
    if sums is None or len(sums) < size:
        _scratch.sums = sums = np.zeros(size, np.float32)
    return sums


def gather(
    indptr: np.ndarray, indices: np.ndarray, data: np.ndarray, rows: np.ndarray,
    weights: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The entries of these rows one after another: (columns, value * row's weight)."""
    starts = indptr[rows]
    lengths = indptr[rows + 1] - starts
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    places = np.arange(total) + np.repeat(starts - ends + lengths, lengths)
    return indices.take(places), data.take(places) * np.repeat(weights, lengths)


def accumulate(
    columns: np.ndarray, values: np.ndarray, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """(columns, for each of them the sum of all values of equal columns): repeats stay in place."""
    # Platform integers: numpy converts any other index again at every use.
    places = columns.astype(np.intp)
    sums = _sums(size)
    try:
        np.add.at(sums, places, values)
        return columns, sums.take(places)
    finally:
        sums[places] = 0


def summed(columns: np.ndarray, values: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The same, each column once: what ranks them then looks at a fraction of the entries."""
    places = columns.astype(np.intp)
    sums = _sums(size)
    try:
        np.add.at(sums, places, values)
        totals = sums.take(places)
        # Every entry writes its number; the one that is left at a place stands for all of them.
        numbers = np.arange(len(places), dtype=np.float32)
        sums[places] = numbers
        kept = np.flatnonzero(sums.take(places) == numbers)
        return columns.take(kept), totals.take(kept)
    finally:
        sums[places] = 0
