"""The best few of many shoppers at once: block maxima instead of a sort of every row."""

from __future__ import annotations

import numpy as np

# Scores of so many rows are held at a time that they stay in the caches, but enough for one product of
# matrices; never more than 64 MB.
_IN_CACHE, _ROWS, _MOST = 1_000_000, 128, 16_000_000


def rows_at_once(columns: int) -> int:
    return max(1, min(max(_IN_CACHE // max(columns, 1), _ROWS), _MOST // max(columns, 1)))


def leading(scores: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """(columns int32, values float32), each rows x count, best first; of equal values the lower column.

    scores    float32 rows x columns, contiguous; -inf for what may not be listed. Its memory is only read.
    The count-th greatest maximum of blocks is a floor under the best `count` of the row, and what reaches it lies in
    few blocks: width + count x columns / width entries are looked at, least for width = sqrt(columns x count).
    Rows with fewer finite entries than `count` are filled with -inf.
    """
    rows, columns = scores.shape
    width = max(int((columns * count) ** 0.5), 1)
    depth = columns // width
    if depth < 2 or width <= count:
        row, column = np.nonzero(scores > -np.inf)
        return _first(row, column, scores[row, column], rows, count)
    whole = width * depth
    # Column c belongs to block c % width: the maxima of neighbouring blocks are found side by side.
    maxima = scores[:, :whole].reshape(rows, depth, width).max(axis=1)
    floor = np.partition(maxima, width - count, axis=1)[:, width - count]
    row, block = np.nonzero((maxima >= floor[:, None]) & (maxima > -np.inf))
    places = block[:, None] + np.arange(depth) * width
    values = scores.ravel().take(row[:, None] * columns + places)
    hit, deep = np.nonzero((values >= floor[row][:, None]) & (values > -np.inf))
    row, column, values = row[hit], places[hit, deep], values[hit, deep]
    if whole < columns:
        rest = scores[:, whole:]
        more, at = np.nonzero((rest >= floor[:, None]) & (rest > -np.inf))
        row, column = np.concatenate((row, more)), np.concatenate((column, at + whole))
        values = np.concatenate((values, rest[more, at]))
    return _first(row, column, values, rows, count)


def _first(
    row: np.ndarray, column: np.ndarray, values: np.ndarray, rows: int, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """The first `count` of each row's entries, by value and then by column."""
    order = np.lexsort((column, -values, row))
    row = row[order]
    starts = np.searchsorted(row, np.arange(rows))
    place = np.arange(len(row)) - starts[row]
    kept = place < count
    found = np.zeros((rows, count), np.int32)
    best = np.full((rows, count), -np.inf, np.float32)
    found[row[kept], place[kept]] = column[order[kept]]
    best[row[kept], place[kept]] = values[order[kept]]
    return found, best


def is_clear(values: np.ndarray, *, tolerance: float = 1e-5) -> np.ndarray:
    """bool per row: whether each value stands above the next by more than float32 sums differ in their rounding.

    values    rows x (wanted + 1), best first; relative to the largest size in the row
    """
    size = np.abs(np.where(np.isfinite(values), values, 0)).max(axis=1, initial=0)
    with np.errstate(invalid="ignore"):
        gaps = values[:, :-1] - values[:, 1:]
    return (gaps > tolerance * size[:, None]).all(axis=1)
