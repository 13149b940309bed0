"""Back-test of one recommender."""

from __future__ import annotations

import pytest

from recommendations.algorithms.data import Interactions
from recommendations.algorithms.neighbours import Neighbours
from recommendations.algorithms.popularity import Popularity
from recommendations.evaluation import report, split

BEFORE, AFTER = 1_000, 2_000


def shop() -> split.Split:
    """Three shoppers with tea and cup, one with saw; then what each does next."""
    rows = [(f"t{number}", product, BEFORE) for number in range(3) for product in ("tea", "cup")]
    rows += [("s", "saw", BEFORE), ("t9", "tea", BEFORE)]
    rows += [("t9", "cup", AFTER), ("s", "saw", AFTER), ("new", "tea", AFTER), (None, "saw", AFTER)]
    interactions = Interactions.of(
        customers=[row[0] for row in rows],
        products=[row[1] for row in rows],
        occurred_at=[row[2] for row in rows],
        catalogue=["tea", "cup", "saw", "nail"],
    )
    return split.at(interactions, AFTER)


def test_it_counts_known_shoppers_and_says_how_many_were_new() -> None:
    cut = shop()
    fitted = Neighbours().fit(cut.train, None, seed=0)
    found = report.evaluate(fitted, cut.train, cut.test, k=(1, 2))
    assert (found["shoppers"], found["tested"], found["newcomers"]) == (2, 2, 1)
    # s buys the saw again (place 1); t9 wants the cup: place 2, behind the tea once more.
    assert found["recall@1"] == 0.5
    assert found["recall@2"] == found["hit_rate@2"] == 1.0
    assert found["ndcg@1_low"] <= found["ndcg@1"] <= found["ndcg@1_high"]


def test_it_leaves_out_what_was_bought_if_told_so() -> None:
    cut = shop()
    fitted = Neighbours().fit(cut.train, None, seed=0)
    found = report.evaluate(fitted, cut.train, cut.test, k=(1,), keep_bought=False)
    assert found["tested"] == 1
    assert found["recall@1"] == 1.0


def test_it_fills_short_lists_with_best_sellers() -> None:
    cut = shop()
    fitted = Neighbours().fit(cut.train, None, seed=0)
    found = report.evaluate(fitted, cut.train, cut.test, k=(4,))
    assert found["coverage@4"] == 1.0
    assert found["recall@4"] == 1.0


def test_it_repeats_itself_with_one_seed() -> None:
    cut = shop()
    fitted = Popularity().fit(cut.train, None, seed=0)
    first, second = (report.evaluate(fitted, cut.train, cut.test, sample=1, seed=4) for _ in range(2))
    first.pop("cpu_us"), second.pop("cpu_us")
    assert first == second
    assert first["shoppers"] == 1


def test_it_reports_zeros_when_nobody_can_be_tested() -> None:
    nothing = Interactions.of(customers=[], products=[], occurred_at=[])
    found = report.evaluate(Popularity().fit(nothing, None, seed=0), nothing, nothing)
    assert found["tested"] == 0
    assert found["ndcg@10"] == found["novelty@20"] == pytest.approx(0)
