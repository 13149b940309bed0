"""How much of a shopper's past counts at this moment."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from recommendations.algorithms.data import DAY

# Distinct products that a list is made from. On Online Retail 25 rank as well as 100, and the cost
# of a request grows with them.
USED = 40
# Tried 15 to 1,000 days on the validation part of Online Retail; flat from 60 days on.
HALF_LIFE_DAYS = 180.0
# What a shopper did since the last training weighs at least this share of the whole, so that a
# single view is not drowned by years of purchases.
RECENT_SHARE = 0.3


class History(NamedTuple):
    items: np.ndarray  # int32, distinct
    weights: np.ndarray  # float32, > 0


def decayed(
    weights: np.ndarray, occurred_at: np.ndarray, *, now: int,
    half_life_days: float = HALF_LIFE_DAYS,
) -> np.ndarray:
    """Worth of each event at `now` (seconds since 1970): halved every half_life_days; float32."""
    ages = np.maximum(now - occurred_at, 0) / DAY
    return (weights * np.exp2(-ages / half_life_days)).astype(np.float32)


def merged(
    past_items: np.ndarray, past_weights: np.ndarray,
    recent_items: np.ndarray | None = None, recent_weights: np.ndarray | None = None,
) -> History:
    """One entry per product, recent ones first, at most USED of them, the weightiest kept.

    Both parts newest first; weights after decay. Recent items with index -1 (products that the
    model has not seen) are left out.
    """
    past = _distinct(past_items, past_weights)
    if recent_items is None or recent_weights is None or not len(recent_items):
        return _heaviest(past, USED)
    known = recent_items >= 0
    recent = _distinct(recent_items[known], recent_weights[known])
    recent = _heaviest(recent, USED)
    past = _heaviest(past, USED - len(recent.items))
    if not len(recent.items) or not len(past.items):
        return recent if len(recent.items) else past
    wanted = float(past.weights.sum()) * RECENT_SHARE / (1 - RECENT_SHARE)
    lift = np.float32(max(1.0, wanted / max(float(recent.weights.sum()), 1e-9)))
    return History(
        np.concatenate((recent.items, past.items)),
        np.concatenate((recent.weights * lift, past.weights)),
    )


def _distinct(items: np.ndarray, weights: np.ndarray) -> History:
    distinct, places = np.unique(items, return_inverse=True)
    sums = np.bincount(places, weights, minlength=len(distinct))
    return History(distinct.astype(np.int32), sums.astype(np.float32))


def _heaviest(history: History, limit: int) -> History:
    order = np.argsort(-history.weights, kind="stable")[:limit]
    return History(history.items[order], history.weights[order])
