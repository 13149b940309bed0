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

    `items=None` means that scores[i] is product i's; else they are distinct. NaN is never listed.
    """
    from recommendations.algorithms import kernels

    count = len(scores)
    if limit <= 0 or not count:
        return np.empty(0, np.int32), np.empty(0, np.float32)
    scores = np.ascontiguousarray(scores, np.float32)
    items = None if items is None else np.ascontiguousarray(items, np.int32)
    want = max(64, 8 * limit)
    while True:
        # Few are looked at closely; more only when the mask leaves too few of them.
        room = min(want, count)
        chosen, values = np.empty(room, np.int32), np.empty(room, np.float32)
        if items is None:
            found = kernels.leading_of_all(scores, chosen, values)
        else:
            found = kernels.leading(items, scores, chosen, values)
        chosen, values = chosen[:found], values[:found]
        if allowed is not None:
            kept = allowed(chosen) if callable(allowed) else allowed[chosen]
            chosen, values = chosen[kept], values[kept]
        if len(chosen) >= limit or want >= count:
            return chosen[:limit], values[:limit]
        want *= 8
