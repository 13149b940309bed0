"""The best few of many shoppers at once: maxima of blocks, and of blocks of those, instead of a sort of every row."""

from __future__ import annotations

import numpy as np

# Scores of so many rows are held at a time that one product of matrices is worth it and the allocator keeps their
# memory (20 MB); never more than 64 MB.
_HELD, _ROWS, _MOST = 5_000_000, 128, 16_000_000
_DEPTH = 8  # entries of a block
_TOP = 8  # blocks of the last maxima for each that is wanted, at least
_LEAST = np.finfo(np.float32).min


def rows_at_once(columns: int) -> int:
    return max(1, min(max(_HELD // max(columns, 1), _ROWS), _MOST // max(columns, 1)))


def leading(scores: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """(columns int32, values float32), each rows x count, best first; of equal values the lower column.

    scores    float32 rows x columns, contiguous, at most 2^32 of them; -inf for what may not be listed. Its memory is
              only read.
    The count-th greatest maximum of blocks is a floor under the best `count` of the row, and what reaches it lies in
    few blocks; the same holds for blocks of maxima. So the maxima are taken again and again until few are left, and
    from there down only the blocks that reach the floor are looked into.
    Rows with fewer finite entries than `count` are filled with -inf.
    """
    rows, columns = scores.shape
    levels = [scores]
    while levels[-1].shape[1] // _DEPTH > _TOP * count:
        levels.append(_maxima(levels[-1]))
    top = levels.pop()
    floor = np.full(rows, _LEAST)
    if top.shape[1] > count:
        at = top.shape[1] - count
        floor = np.maximum(floor, np.partition(top, at, axis=1)[:, at])
    row, column = np.nonzero(top >= floor[:, None])
    for below in reversed(levels):
        row, column = _reaching(below, row, column, floor)
    return _first(row, column, scores[row, column], scores.shape, count)


def _maxima(values: np.ndarray) -> np.ndarray:
    """Of each row's blocks; column c belongs to block c % width, so that those of neighbours are found side by side."""
    rows, columns = values.shape
    width = columns // _DEPTH
    return values[:, : width * _DEPTH].reshape(rows, _DEPTH, width).max(axis=1)


def _reaching(
    values: np.ndarray, row: np.ndarray, block: np.ndarray, floor: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(row, column) of what reaches the floor in these blocks of `_maxima`, and beside all blocks."""
    columns = values.shape[1]
    width = columns // _DEPTH
    places = block[:, None] + np.arange(_DEPTH) * width
    hit, deep = np.nonzero(values.ravel().take(row[:, None] * columns + places) >= floor[row][:, None])
    more, at = np.nonzero(values[:, width * _DEPTH :] >= floor[:, None])
    return np.concatenate((row[hit], more)), np.concatenate((places[hit, deep], at + width * _DEPTH))


def _first(
    row: np.ndarray, column: np.ndarray, values: np.ndarray, shape: tuple[int, int], count: int
) -> tuple[np.ndarray, np.ndarray]:
    """The first `count` of each row's entries, by value and then by column: one sort of numbers made of all three."""
    rows, columns = shape
    bits = np.uint64(columns.bit_length())
    keys = row.astype(np.uint64) << (bits + np.uint64(32))
    keys |= _falling(values).astype(np.uint64) << bits
    keys |= column.astype(np.uint64)
    keys.sort()
    row = (keys >> (bits + np.uint64(32))).astype(np.intp)
    place = np.arange(len(row)) - np.searchsorted(row, np.arange(rows))[row]
    kept = place < count
    keys, row, place = keys[kept], row[kept], place[kept]
    found = np.zeros((rows, count), np.int32)
    best = np.full((rows, count), -np.inf, np.float32)
    found[row, place] = (keys & ((np.uint64(1) << bits) - np.uint64(1))).astype(np.int32)
    best[row, place] = _risen((keys >> bits).astype(np.uint32))
    return found, best


def _falling(values: np.ndarray) -> np.ndarray:
    """uint32 that are the lower the greater the float32; both zeros are one."""
    whole = (values + np.float32(0)).view(np.int32)
    return (whole ^ ((whole >> 31) & 0x7FFFFFFF) ^ 0x7FFFFFFF).view(np.uint32)


def _risen(falling: np.ndarray) -> np.ndarray:
    """The float32 that `_falling` had."""
    whole = falling.view(np.int32) ^ 0x7FFFFFFF
    return (whole ^ ((whole >> 31) & 0x7FFFFFFF)).view(np.float32)


def is_clear(values: np.ndarray, *, tolerance: float = 1e-5) -> np.ndarray:
    """bool per row: whether each value stands above the next by more than float32 sums differ in their rounding.

    values    rows x (wanted + 1), best first; relative to the largest size in the row
    """
    size = np.abs(np.where(np.isfinite(values), values, 0)).max(axis=1, initial=0)
    with np.errstate(invalid="ignore"):
        gaps = values[:, :-1] - values[:, 1:]
    return (gaps > tolerance * size[:, None]).all(axis=1)
