"""Steps that look at one candidate at a time: relevance, variants, boosts, novelty, rotation, pins."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recommendations.ranking.pool import Pool, Trace


def relevant(pool: Pool, least: float, *, trace: Trace | None = None) -> Pool:
    """Those that reach `least` (0 to 1) of the best score."""
    if not len(pool):
        return pool
    kept = pool.scores >= np.float32(least) * pool.scores[0]
    if trace is not None:
        trace.dropped("relevance", pool, kept, f"less than {least:.0%} of the best score")
    return pool.take(kept)


def collapse(pool: Pool, groups: np.ndarray, *, trace: Trace | None = None) -> Pool:
    """The best of each group of variants; `groups` int32 by row of the pool, -1 = of no group."""
    if not (groups >= 0).any():
        return pool
    kept = groups < 0
    _, first = np.unique(groups, return_index=True)
    kept[first] = True
    if trace is not None:
        trace.dropped("variants", pool, kept, "a variant of it is listed")
    return pool.take(kept)


def boost(pool: Pool, factors: np.ndarray, *, trace: Trace | None = None) -> Pool:
    """Scores times factors (float32 by row, not negative), in the new order; equal scores keep theirs."""
    scores = pool.scores * factors
    return _sorted(Pool(pool.items, scores, pool.sources), pool, scores, "boost", "boosted or buried", trace)


def novel(pool: Pool, popularity: np.ndarray, strength: float, *, trace: Trace | None = None) -> Pool:
    """Score times (1 - strength x popularity^1/2): what everybody knows gives way.

    popularity    float by row, 0 to 1, share of the best seller; the root, since sales fall off steeply
    """
    factors = 1 - np.float32(strength) * np.sqrt(np.clip(popularity, 0, 1)).astype(np.float32)
    scores = pool.scores * factors
    return _sorted(Pool(pool.items, scores, pool.sources), pool, scores, "novelty", "best sellers give way", trace)


def rotate(pool: Pool, strength: float, seed: int, *, trace: Trace | None = None) -> Pool:
    """The order drawn at random around the scores, the same for the same seed; scores stay.

    Log scores plus strength x Gumbel noise, sorted: a draw from the Plackett-Luce model (Yellott 1977),
    in which a product of twice the score stands in front twice as often at strength 1.
    """
    if len(pool) < 2 or strength <= 0:
        return pool
    noise = np.random.default_rng(seed).gumbel(size=len(pool))
    keys = np.log(np.maximum(pool.scores, 1e-9)) + strength * noise
    return _sorted(pool, pool, keys, "rotation", "rotated", trace)


def pin(
    pool: Pool, pins: Sequence[tuple[int, int]], *, source: int, trace: Trace | None = None
) -> Pool:
    """Products at fixed places, 1 the first; the others close up around them.

    pins    (product, place); the first product of a place keeps it, a later one takes the next free place
    source  number of the source that a pinned product stands under
    """
    places: dict[int, int] = {}
    for item, place in pins:
        if item in places.values():
            continue
        while place in places:
            place += 1
        places[place] = item
    pinned = np.fromiter(places.values(), np.int32, len(places))
    rest = pool.take(~np.isin(pool.items, pinned))
    score_of = dict(zip(pool.items.tolist(), pool.scores.tolist(), strict=True))
    items, scores, sources = (column.tolist() for column in (rest.items, rest.scores, rest.sources))
    for place in sorted(places):
        at = min(place - 1, len(items))
        item = places[place]
        items.insert(at, item)
        scores.insert(at, score_of.get(item, scores[at - 1] if at else (scores[0] if scores else 1.0)))
        sources.insert(at, source)
        if trace is not None:
            trace.notes.append(("pin", item, f"pinned at place {place}", float(place)))
    return Pool(np.array(items, np.int32), np.array(scores, np.float32), np.array(sources, np.uint8))


def _sorted(made: Pool, before: Pool, keys: np.ndarray, step: str, why: str, trace: Trace | None) -> Pool:
    order = np.argsort(-keys, kind="stable")
    if trace is not None:
        trace.moved(step, before, order, why)
    return made.take(order)
