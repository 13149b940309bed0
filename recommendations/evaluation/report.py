"""How good one fitted recommender is on events it has not seen, asked the way it is served."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from recommendations.algorithms import topk
from recommendations.algorithms.base import Recommender
from recommendations.algorithms.data import Interactions
from recommendations.algorithms.history import Histories, History
from recommendations.algorithms.popularity import Popularity
from recommendations.evaluation import metrics
from recommendations.evaluation.cases import Cases

PER_SHOPPER = {
    "recall": metrics.recall,
    "ndcg": metrics.ndcg,
    "hit_rate": metrics.hit_rate,
}


def evaluate(
    recommender: Recommender,
    train: Interactions,
    test: Interactions,
    *,
    k: Sequence[int] = (10, 20),
    sample: int | None = 5_000,
    seed: int = 0,
    keep_bought: bool = True,
    visits: Cases | None = None,
) -> dict[str, Any]:
    """Metrics over the shoppers who are in both, and over halved `visits`, if any are given; each list
    is ranked over the whole catalogue.

    A shopper's history at the end of `train` goes in, as a request would send it. What the
    recommender leaves empty is filled with best sellers, as serving does. `keep_bought=False` takes
    the history's products out of the lists and out of what counts as right. `sample` limits the
    shoppers (drawn with `seed`). Keys: "ndcg@10", "ndcg@10_low", "ndcg@10_high" (95 %), ...,
    "coverage@10", "novelty@10", "shoppers", "newcomers" (only in test), "visits" (that were
    asked), "tested" (lists in all), "cpu_us" (mean processor time of one list,
    microseconds), "values" (NDCG at the first k of each list, in a set order: not for storing).
    """
    shoppers, newcomers = _shoppers(train, test, sample, seed)
    found: dict[str, Any] = {"shoppers": len(shoppers), "newcomers": newcomers}
    ranked, relevant = [], []
    spent = 0
    histories = Histories.of(train)
    fallback = Popularity().fit(train, None, seed=seed)
    bought = train.matrix()
    for shopper, wanted in zip(shoppers.tolist(), _relevant(test, shoppers), strict=True):
        allowed = None
        if not keep_bought:
            own = bought.indices[bought.indptr[shopper] : bought.indptr[shopper + 1]]
            allowed = ~topk.mask_of(own, len(train.products))
            wanted = wanted[allowed[wanted]]
            if not len(wanted):
                continue
        started = time.thread_time_ns()
        past = histories.of_customer(shopper)
        ranked.append(rank(recommender, past, shopper, fallback=fallback,
                           limit=max(k), allowed=allowed))
        spent += time.thread_time_ns() - started
        relevant.append(wanted)
    for past, wanted in _halved(visits):
        started = time.thread_time_ns()
        ranked.append(rank(recommender, past, -1, fallback=fallback, limit=max(k)))
        spent += time.thread_time_ns() - started
        relevant.append(wanted)
    found["visits"] = 0 if visits is None else len(visits)
    found["tested"] = len(ranked)
    found["cpu_us"] = spent / 1_000 / max(len(ranked), 1)
    found["values"] = np.array([metrics.ndcg(*pair, k[0]) for pair in zip(ranked, relevant, strict=True)])
    for cut in k:
        found |= _summary(ranked, relevant, cut, train, seed)
    return found


def rank(
    recommender: Recommender,
    past: History,
    customer: int,
    *,
    fallback: Popularity,
    limit: int,
    allowed: np.ndarray | None = None,
) -> np.ndarray:
    """The recommender's best products, filled up with best sellers."""
    scored = recommender.score_history(past.items, past.weights, customer)
    ranked, _ = topk.best(*scored, limit, allowed=allowed)
    if len(ranked) < limit:
        left = np.ones(len(fallback.scores), np.bool_) if allowed is None else allowed.copy()
        left[ranked] = False
        more, _ = fallback.first(limit - len(ranked), allowed=left)
        ranked = np.concatenate((ranked, more))
    return ranked


def _shoppers(
    train: Interactions, test: Interactions, sample: int | None, seed: int
) -> tuple[np.ndarray, int]:
    tested = np.unique(test.customer[test.customer >= 0])
    known = np.intersect1d(tested, train.customer)
    chosen = known
    if sample is not None and len(known) > sample:
        chosen = np.sort(np.random.default_rng(seed).choice(known, sample, replace=False))
    return chosen, len(tested) - len(known)


def _relevant(test: Interactions, shoppers: np.ndarray) -> Iterator[np.ndarray]:
    """Each shopper's distinct products in test."""
    order = np.argsort(test.customer, kind="stable")
    customers = test.customer[order]
    starts = np.searchsorted(customers, shoppers, "left")
    ends = np.searchsorted(customers, shoppers, "right")
    for start, end in zip(starts, ends, strict=True):
        yield np.unique(test.product[order[start:end]])


def _halved(visits: Cases | None) -> Iterator[tuple[History, np.ndarray]]:
    """What each visit began with, and what it went on with."""
    for row in range(0 if visits is None else len(visits)):
        known = slice(visits.histories.indptr[row], visits.histories.indptr[row + 1])
        wanted = slice(visits.wanted.indptr[row], visits.wanted.indptr[row + 1])
        past = History(visits.histories.indices[known], visits.histories.data[known])
        yield past, visits.wanted.indices[wanted]


def _summary(
    ranked: list[np.ndarray], relevant: list[np.ndarray], k: int, train: Interactions, seed: int
) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, metric in PER_SHOPPER.items():
        values = np.array([metric(*pair, k) for pair in zip(ranked, relevant, strict=True)])
        low, high = metrics.interval(values, seed=seed)
        found[f"{name}@{k}"] = float(values.mean()) if len(values) else 0.0
        found[f"{name}@{k}_low"], found[f"{name}@{k}_high"] = low, high
    matrix = train.matrix()
    shoppers_of = np.bincount(matrix.indices, minlength=matrix.shape[1])
    found[f"coverage@{k}"] = metrics.coverage(ranked, len(train.products), k)
    found[f"novelty@{k}"] = metrics.novelty(ranked, shoppers_of, len(train.customers), k)
    return found
