"""Ranking metrics, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from recommendations.evaluation import metrics

RANKED = np.array([5, 1, 9, 2])


def test_it_divides_recall_by_everything_relevant() -> None:
    assert metrics.recall(RANKED, np.array([1, 2, 7]), 2) == pytest.approx(1 / 3)
    assert metrics.recall(RANKED, np.array([1, 2, 7]), 4) == pytest.approx(2 / 3)
    assert metrics.recall(RANKED, np.array([1, 1]), 4) == 1.0


def test_it_computes_ndcg_against_the_shorter_of_k_and_the_relevant() -> None:
    # Hits on places 2 and 4 of 4; three relevant products make the ideal 1 + 1/log2(3) + 1/2.
    gained = 1 / math.log2(3) + 1 / math.log2(5)
    ideal = 1 + 1 / math.log2(3) + 1 / math.log2(4)
    assert metrics.ndcg(RANKED, np.array([1, 2, 7]), 4) == pytest.approx(gained / ideal)
    # At k = 2 only place 2 is left, and two places are the best that can be.
    shorter = (1 / math.log2(3)) / (1 + 1 / math.log2(3))
    assert metrics.ndcg(RANKED, np.array([1, 2, 7]), 2) == pytest.approx(shorter)
    assert metrics.ndcg(np.array([1, 2]), np.array([2, 1]), 10) == pytest.approx(1)


def test_it_takes_lists_shorter_than_k_and_nothing_relevant() -> None:
    short = np.array([4])
    assert metrics.recall(short, np.array([4, 5]), 10) == 0.5
    assert metrics.ndcg(np.empty(0, np.int32), np.array([4]), 10) == 0.0
    nothing = np.empty(0, np.int32)
    assert metrics.recall(short, nothing, 10) == metrics.ndcg(short, nothing, 10) == 0.0
    assert metrics.hit_rate(short, nothing, 10) == 0.0


def test_it_counts_a_hit_once() -> None:
    assert metrics.hit_rate(RANKED, np.array([9, 2]), 4) == 1.0
    assert metrics.hit_rate(RANKED, np.array([9, 2]), 2) == 0.0


def test_it_measures_how_much_of_the_catalogue_is_shown() -> None:
    lists = [np.array([1, 2, 3]), np.array([2, 1, 4])]
    assert metrics.coverage(lists, 10, 2) == 0.2
    assert metrics.coverage(lists, 10, 3) == 0.4
    assert metrics.coverage([], 10, 3) == metrics.coverage(lists, 0, 3) == 0.0


def test_it_calls_rarely_bought_products_novel() -> None:
    # One shopper is added: shares (3 + 1) / (7 + 1) = 1/2 and (0 + 1) / (7 + 1) = 1/8.
    lists = [np.array([0, 1])]
    assert metrics.novelty(lists, np.array([3, 0]), 7, 1) == pytest.approx(1)
    assert metrics.novelty(lists, np.array([3, 0]), 7, 2) == pytest.approx((1 + 3) / 2)
    assert metrics.novelty([], np.array([3, 0]), 7, 2) == 0.0


def test_it_gives_an_interval_around_the_mean() -> None:
    values = np.random.default_rng(0).normal(0.5, 0.1, 400)
    low, high = metrics.interval(values, seed=1)
    assert low < values.mean() < high
    # 1.96 standard errors each way, within the noise of the resampling.
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)
    assert metrics.interval(values, seed=1) == (low, high)
    assert metrics.interval(np.empty(0), seed=1) == (0.0, 0.0)
