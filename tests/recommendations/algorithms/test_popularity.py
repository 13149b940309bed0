"""Best sellers and rising products."""

from __future__ import annotations

import numpy as np
import pytest

from recommendations.algorithms.data import DAY, Interactions
from recommendations.algorithms.popularity import Popularity, Trending
from tests.recommendations.algorithms.contract import START, RecommenderContract


class TestPopularity(RecommenderContract):
    def make(self) -> Popularity:
        return Popularity()


class TestTrending(RecommenderContract):
    def make(self) -> Trending:
        return Trending()


def sales(**lines: list[tuple[int, float]]) -> Interactions:
    """Per product (age in days, units)."""
    rows = [(name, age, units) for name, sold in lines.items() for age, units in sold]
    return Interactions.of(
        customers=[None] * len(rows),
        products=[name for name, _, _ in rows],
        occurred_at=[START - age * DAY for _, age, _ in rows],
        units=[units for _, _, units in rows],
        catalogue=list(lines),
        until=START,
    )


def test_it_counts_units_and_halves_them_with_age() -> None:
    """R20: units, weighted by recency; guests included."""
    fitted = Popularity(half_life_days=10).fit(sales(old=[(10, 4)], new=[(0, 4)], none=[]), None, seed=0)
    assert fitted.scores == pytest.approx([2, 4, 0])
    assert fitted.order.tolist() == [1, 0, 2]


def test_it_does_not_let_one_pallet_make_a_best_seller() -> None:
    fitted = Popularity().fit(sales(pallet=[(0, 80_000)], cup=[(0, 2)] * 40), None, seed=0)
    assert fitted.order[0] == 1


def test_it_measures_pallets_by_sales_and_not_by_views() -> None:
    interactions = Interactions.of(
        customers=[None] * 104,
        products=["viewed"] * 100 + ["sold"] * 4,
        occurred_at=[START] * 104,
        weights=[0.1] * 100 + [1.0] * 4,
        units=[1] * 100 + [6] * 4,
    )
    assert Popularity().fit(interactions, None, seed=0).scores == pytest.approx([10, 24])


def test_it_walks_the_order_under_a_mask() -> None:
    lines = {f"p{number:03}": [(0, 1.0)] * (200 - number) for number in range(200)}
    fitted = Popularity().fit(sales(**lines), None, seed=0)
    allowed = np.zeros(200, np.bool_)
    allowed[[5, 90, 199]] = True
    found, scores = fitted.first(3, allowed=allowed)
    assert found.tolist() == [5, 90, 199]
    assert fitted.first(2, allowed=allowed)[0].tolist() == [5, 90]
    assert fitted.first(10, allowed=allowed)[0].tolist() == [5, 90, 199]
    assert scores[0] > scores[1] > scores[2]


def test_it_calls_trending_what_sells_more_than_before() -> None:
    steady = [(age, 1.0) for age in range(120)]
    rising = [(age, 1.0) for age in range(30) for _ in range(3)] + [(60, 1.0)] * 30
    fading = [(40, 1.0)] * 60
    fitted = Trending().fit(sales(steady=steady, rising=rising, fading=fading), None, seed=0)
    assert fitted.order[0] == 1
    assert fitted.scores[1] > 0
    assert fitted.scores[2] == 0
