"""Ranking metrics by their published definitions, for one list or averaged over shoppers.

Recall@k     hits / |relevant| (all relevant products, not min(k, |relevant|))
NDCG@k       sum of 1/log2(rank + 1) over hits / the same sum for min(k, |relevant|) first places
             (Jaervelin & Kekaelaeinen 2002, binary gains)
Hit rate@k   1 if there is a hit, otherwise 0
Coverage@k   distinct products in all lists / products that could have been listed
Novelty@k    mean of -log2 p(i) over all listed products, p(i) = share of shoppers who had i in
             training (Zhou et al. 2010); one shopper is added so that unseen products are finite
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def hits(ranked: np.ndarray, relevant: np.ndarray, k: int) -> np.ndarray:
    """bool: which of the first k places hold a relevant product."""
    return np.isin(ranked[:k], relevant)


def recall(ranked: np.ndarray, relevant: np.ndarray, k: int) -> float:
    wanted = len(np.unique(relevant))
    return float(hits(ranked, relevant, k).sum()) / wanted if wanted else 0.0


def ndcg(ranked: np.ndarray, relevant: np.ndarray, k: int) -> float:
    ideal = _gains(min(k, len(np.unique(relevant)))).sum()
    found = hits(ranked, relevant, k)
    return float(_gains(len(found))[found].sum() / ideal) if ideal else 0.0


def hit_rate(ranked: np.ndarray, relevant: np.ndarray, k: int) -> float:
    return float(hits(ranked, relevant, k).any())


def coverage(lists: Sequence[np.ndarray], n_products: int, k: int) -> float:
    if not lists or not n_products:
        return 0.0
    return len(np.unique(np.concatenate([ranked[:k] for ranked in lists]))) / n_products


def novelty(
    lists: Sequence[np.ndarray], shoppers_of: np.ndarray, n_shoppers: int, k: int
) -> float:
    """`shoppers_of[i]` = how many training shoppers had product i."""
    listed = np.concatenate([ranked[:k] for ranked in lists]) if lists else np.empty(0, np.int32)
    if not len(listed):
        return 0.0
    shares = (shoppers_of[listed] + 1) / (n_shoppers + 1)
    return float(-np.log2(shares).mean())


def interval(values: np.ndarray, *, seed: int, rounds: int = 1_000) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the mean over shoppers (Efron 1979)."""
    if not len(values):
        return 0.0, 0.0
    random = np.random.default_rng(seed)
    means = [values[random.integers(0, len(values), len(values))].mean() for _ in range(rounds)]
    low, high = np.percentile(means, (2.5, 97.5))
    return float(low), float(high)


def _gains(places: int) -> np.ndarray:
    return 1 / np.log2(np.arange(2, places + 2))
