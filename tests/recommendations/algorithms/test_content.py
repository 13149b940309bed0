"""Likeness by description."""

from __future__ import annotations

import pytest

from recommendations.algorithms import content
from recommendations.algorithms.content import Content
from recommendations.algorithms.data import Interactions
from recommendations.algorithms.features import ProductFeatures
from tests.recommendations.algorithms.contract import (
    SIZE,
    START,
    PersonalContract,
    checkerboard,
    colours,
)


class TestContent(PersonalContract):
    def make(self) -> Content:
        return Content()


def test_it_speaks_only_for_products_that_few_have_touched() -> None:
    interactions = Interactions.of(
        customers=[f"c{number}" for number in range(10)],
        products=["p00"] * 10,
        occurred_at=[START] * 10,
        catalogue=[f"p{number:02}" for number in range(SIZE)],
    )
    fitted = Content(below=10).fit(interactions, colours(), seed=0)
    assert fitted.similar(0)[0].tolist() == []
    assert fitted.similar(1)[0].tolist() == [3, 5, 7, 9, 11]


def test_it_says_nothing_without_features() -> None:
    fitted = Content().fit(checkerboard(), None, seed=0)
    assert fitted.similar(1)[0].tolist() == []


def test_it_compares_no_feature_that_most_of_a_large_catalogue_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    features = ProductFeatures.of(
        categories=[["all", f"kind{number // 3}"] for number in range(SIZE)],
        n_products=SIZE,
    )
    interactions = checkerboard()
    whole = Content(below=1_000, keep=SIZE).fit(interactions, features, seed=0)
    assert len(whole.similar(1)[0]) == SIZE - 1
    monkeypatch.setattr(content, "MANY", 4)
    monkeypatch.setattr(content, "COMMON", 5)
    assert Content(below=1_000, keep=SIZE).fit(interactions, features, seed=0).similar(1)[0].tolist() == [0, 2]
