"""The best few of many scores, exact, best first, ties by the lower product index."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

# Which products may be listed: a bool mask over the whole catalogue, or a function from some product
# indices to their mask, for conditions that are too dear to be asked of everything.
Allowed = np.ndarray | Callable[[np.ndarray], np.ndarray]


def mask_of(products: np.ndarray, n_products: int) -> np.ndarray:
    """A bool mask from a bool mask or from product indices (negative ones are ignored)."""
    if products.dtype == np.bool_:
        return products
    mask = np.zeros(n_products, np.bool_)
    mask[products[products >= 0]] = True
    return mask


def best(
    items: np.ndarray | None, scores: np.ndarray, limit: int, *, allowed: Allowed | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The `limit` highest as (items int32, scores float32).

    `items=None` means that scores[i] is product i's. An item may stand there several times with
    the same score; it comes back once.
    """
    count = len(scores)
    if limit <= 0 or not count:
        return np.empty(0, np.int32), np.empty(0, np.float32)
    want = max(64, 8 * limit)
    while True:
        # Few are looked at closely; more only when repeats and the mask leave too few of them.
        chosen, values = _leading(items, scores, min(want, count))
        if allowed is not None:
            kept = allowed(chosen) if callable(allowed) else allowed[chosen]
            chosen, values = chosen[kept], values[kept]
        order = np.lexsort((chosen, -values))
        chosen, values = chosen[order], values[order]
        if items is not None and len(chosen):
            # Equal items have equal scores, so the sort has put them side by side.
            first = np.empty(len(chosen), np.bool_)
            first[0] = True
            np.not_equal(chosen[1:], chosen[:-1], out=first[1:])
            chosen, values = chosen[first], values[first]
        if len(chosen) >= limit or want >= count:
            return chosen[:limit].astype(np.int32), values[:limit]
        want *= 8


def _leading(
    items: np.ndarray | None, scores: np.ndarray, want: int
) -> tuple[np.ndarray, np.ndarray]:
    """The `want` highest entries, and whatever ties with the last of them."""
    if want < len(scores):
        floor = np.partition(scores, len(scores) - want)[len(scores) - want]
        rows = np.flatnonzero(scores >= floor)
    else:
        rows = np.arange(len(scores))
    return (rows if items is None else items[rows]), scores[rows]
