"""Likeness by description."""

from __future__ import annotations

from recommendations.algorithms.content import Content
from recommendations.algorithms.data import Interactions
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
