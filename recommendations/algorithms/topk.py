"""The best few of many scores, exact, best first, ties by the lower product index."""

from __future__ import annotations

import numpy as np


def mask_of(products: np.ndarray, n_products: int) -> np.ndarray:
    """A bool mask from a bool mask or from product indices (negative ones are ignored)."""
    if products.dtype == np.bool_:
        return products
    mask = np.zeros(n_products, np.bool_)
    mask[products[products >= 0]] = True
    return mask


def best(
    items: np.ndarray | None, scores: np.ndarray, limit: int, *, allowed: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The `limit` highest as (items int32, scores float32).

    `items=None` means that scores[i] is product i's. An item may stand there several times with
    the same score; it comes back once. `allowed` is a bool mask over the whole catalogue.
    """
    count = len(scores)
    if limit <= 0 or not count:
        return np.empty(0, np.int32), np.empty(0, np.float32)
    want = max(64, 4 * limit)
    while True:
        # Few are looked at closely; more only when repeats and the mask leave too few of them.
        chosen, values = _leading(items, scores, min(want, count))
        if allowed is not None:
            kept = allowed[chosen]
            chosen, values = chosen[kept], values[kept]
        if len(chosen) >= limit or want >= count:
            break
        want *= 8
    order = np.lexsort((chosen, -values))[:limit]
    return chosen[order].astype(np.int32), values[order]


def _leading(
    items: np.ndarray | None, scores: np.ndarray, want: int
) -> tuple[np.ndarray, np.ndarray]:
    """Distinct items among the `want` highest entries, and whatever ties with the last of them."""
    if want < len(scores):
        floor = np.partition(scores, len(scores) - want)[len(scores) - want]
        rows = np.flatnonzero(scores >= floor)
    else:
        rows = np.arange(len(scores))
    if items is None:
        return rows, scores[rows]
    chosen, first = np.unique(items[rows], return_index=True)
    return chosen, scores[rows[first]]
