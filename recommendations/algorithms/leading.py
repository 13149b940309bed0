"""The best few of many shoppers at once, and whether rounding could change them."""

from __future__ import annotations

import numpy as np

# Scores of so many rows are held at a time that one product of matrices is worth it and the allocator keeps their
# memory (20 MB); never more than 64 MB.
_HELD, _ROWS, _MOST = 5_000_000, 128, 16_000_000


def rows_at_once(columns: int) -> int:
    return max(1, min(max(_HELD // max(columns, 1), _ROWS), _MOST // max(columns, 1)))


def leading(scores: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """(columns int32, values float32), each rows x count, best first; of equal values the lower column.

    scores    float32 rows x columns, contiguous; -inf for what may not be listed. Its memory is only read.
    Rows with fewer finite entries than `count` are filled with -inf.
    """
    from recommendations.algorithms import kernels

    rows, columns = scores.shape
    found, best = np.zeros((rows, count), np.int32), np.full((rows, count), -np.inf, np.float32)
    kernels.rise(scores, np.arange(rows), np.arange(columns, dtype=np.int32), found, best)
    return found, best


def is_clear(values: np.ndarray, *, tolerance: float = 1e-5) -> np.ndarray:
    """bool per row: whether each value stands above the next by more than float32 sums differ in their rounding.

    values    rows x (wanted + 1), best first; relative to the largest size in the row
    """
    size = np.abs(np.where(np.isfinite(values), values, 0)).max(axis=1, initial=0)
    with np.errstate(invalid="ignore"):
        gaps = values[:, :-1] - values[:, 1:]
    return (gaps > tolerance * size[:, None]).all(axis=1)
