"""Steps that look at candidates beside each other: MMR, caps per brand and category, completing a look."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from recommendations.ranking.pool import Pool, Trace


def diversify(pool: Pool, limit: int, strength: float, features: Any, *, trace: Trace | None = None) -> Pool:
    """The first `limit` by maximal marginal relevance (Carbonell & Goldstein 1998), the others behind them.

    (1 - strength) x score / best score - strength x likeness to the most alike of those chosen already.
    features    sparse rows of the pool's products, of Euclidean length 1 (or 0)
    """
    count = len(pool)
    if count < 3 or strength <= 0:
        return pool
    worth = (1 - strength) * pool.scores / max(float(pool.scores.max()), 1e-9)
    alike = np.asarray((features @ features.T).todense(), np.float32)
    nearest = np.zeros(count, np.float32)
    left = np.ones(count, np.bool_)
    order = []
    for _ in range(min(limit, count)):
        chosen = int(np.argmax(np.where(left, worth - strength * nearest, -np.inf)))
        order.append(chosen)
        left[chosen] = False
        np.maximum(nearest, alike[chosen], out=nearest)
    rows = np.concatenate((np.array(order, np.intp), np.flatnonzero(left)))
    if trace is not None:
        trace.moved("diversity", pool, rows, "more different from those before it")
    return pool.take(rows)


def cap(pool: Pool, labels: Any, most: int, limit: int, *, why: str, trace: Trace | None = None) -> Pool:
    """At most `most` of one label among the first `limit`; what is too many stands behind the others.

    labels    Texts or Words over all products: a product of several labels counts for each
    """
    taken: dict[int, int] = {}
    front: list[int] = []
    back: list[int] = []
    for row, item in enumerate(pool.items.tolist()):
        own = _labels(labels, item)
        if len(front) < limit and all(taken.get(label, 0) < most for label in own):
            front.append(row)
            for label in own:
                taken[label] = taken.get(label, 0) + 1
        else:
            back.append(row)
    order = np.array(front + back, np.intp)
    if trace is not None:
        trace.moved("cap", pool, order, f"at most {most} of one {why}")
    return pool.take(order)


def complete(
    seeds: np.ndarray, pool: Pool, categories: Any, traits: Callable[[int], frozenset[str]], limit: int,
    *, trace: Trace | None = None,
) -> Pool:
    """What completes a look: no category of the seeds', and one product of each category, best first.

    A product counts up to 1.5 times for what it shares with the seeds: 1 + half the share of common traits.
    seeds       int32 products that the look is about, -1 for unknown ones
    categories  Words over all products
    traits      gives what a product is like: tags and values of attributes, such as "colour=red"
    """
    known = [seed for seed in seeds.tolist() if seed >= 0]
    used = {label for seed in known for label in _labels(categories, seed)}
    wanted = frozenset().union(*(traits(seed) for seed in known)) if known else frozenset()
    scores = pool.scores.copy()
    for row, item in enumerate(pool.items.tolist() if wanted else ()):
        own = traits(item)
        if own:
            scores[row] *= 1 + 0.5 * len(own & wanted) / len(own | wanted)
    kept: list[int] = []
    for row in np.argsort(-scores, kind="stable").tolist():
        own = _labels(categories, int(pool.items[row]))
        if not used.intersection(own):
            kept.append(row)
            used.update(own)
        if len(kept) >= limit:
            break
    rows = np.array(kept, np.intp)
    if trace is not None:
        mask = np.zeros(len(pool), np.bool_)
        mask[rows] = True
        trace.dropped("look", pool, mask, "its category is in the look already")
    return Pool(pool.items[rows], scores[rows], pool.sources[rows])


def _labels(column: Any, item: int) -> list[int]:
    if hasattr(column, "indptr"):
        return column.codes[column.indptr[item] : column.indptr[item + 1]].tolist()
    code = int(column.codes[item])
    return [code] if code >= 0 else []
