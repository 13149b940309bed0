"""The best few of many shoppers at once: block maxima instead of a sort of every row."""

from __future__ import annotations

import numpy as np

BLOCKS = 16  # columns that share one maximum


def leading(scores: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """(columns int32, values float32), each rows x count, best first; of equal values the lower column.

    scores    float32 rows x columns; -inf for what may not be listed. Its memory is only read.
    The best `count` of a row lie in the `count` blocks with the greatest maxima, so that only those are
    looked at closely. Rows with fewer columns than `count` are filled with -inf.
    """
    rows, columns = scores.shape
    width = columns // BLOCKS
    if width <= count:
        found = np.broadcast_to(np.arange(columns), scores.shape)
        return _sorted(found, scores, count)
    whole = width * BLOCKS
    # Column c belongs to block c % width: the maxima of neighbouring blocks are found side by side.
    maxima = scores[:, :whole].reshape(rows, BLOCKS, width).max(axis=1)
    blocks = np.argpartition(maxima, width - count, axis=1)[:, width - count :]
    found = (blocks[:, None, :] + (np.arange(BLOCKS) * width)[None, :, None]).reshape(rows, -1)
    if whole < columns:
        rest = np.broadcast_to(np.arange(whole, columns), (rows, columns - whole))
        found = np.concatenate((found, rest), axis=1)
    return _sorted(found, np.take_along_axis(scores, found, axis=1), count)


def _sorted(found: np.ndarray, values: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    if found.shape[1] > count:
        # Whatever ties with the last one is decided by the column, below.
        places = np.argpartition(values, found.shape[1] - count, axis=1)[:, found.shape[1] - count :]
        found, values = np.take_along_axis(found, places, axis=1), np.take_along_axis(values, places, axis=1)
    order = np.lexsort((found, -values), axis=1)
    found, values = np.take_along_axis(found, order, axis=1), np.take_along_axis(values, order, axis=1)
    missing = count - found.shape[1]
    if missing > 0:
        found = np.pad(found, ((0, 0), (0, missing)))
        values = np.pad(values, ((0, 0), (0, missing)), constant_values=-np.inf)
    return found.astype(np.int32), values.astype(np.float32)


def is_clear(values: np.ndarray, *, tolerance: float = 1e-5) -> np.ndarray:
    """bool per row: whether each value stands above the next by more than float32 sums differ in their rounding.

    values    rows x (wanted + 1), best first; relative to the largest size in the row
    """
    size = np.abs(np.where(np.isfinite(values), values, 0)).max(axis=1, initial=0)
    with np.errstate(invalid="ignore"):
        gaps = values[:, :-1] - values[:, 1:]
    return (gaps > tolerance * size[:, None]).all(axis=1)
