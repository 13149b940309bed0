"""What comes next."""

from __future__ import annotations

from recommendations.algorithms.data import Interactions
from recommendations.algorithms.transitions import Transitions
from tests.recommendations.algorithms.contract import (
    START,
    PersonalContract,
    RecommenderContract,
)


class TestTransitions(RecommenderContract):
    def make(self) -> Transitions:
        return Transitions()


class TestWideTransitions(PersonalContract):
    """Every step of a history and both ways is what goes together."""

    def make(self) -> Transitions:
        return Transitions(steps=12, fade=1.0, back=1.0)


def walk(*days: str) -> Interactions:
    """Ten shoppers, one visit a day, a letter for each product."""
    events = [
        (f"c{n}", product, START + day * 86_400)
        for n in range(10)
        for day, visit in enumerate(days)
        for product in visit
    ]
    return Interactions.of(
        customers=[event[0] for event in events],
        products=[event[1] for event in events],
        occurred_at=[event[2] for event in events],
        catalogue=[f"p{number:02}" for number in range(12)],
    )


def test_it_goes_forward() -> None:
    fitted = Transitions(steps=1, back=0.0).fit(walk("a", "b", "c"), None, seed=0)
    names = {"a": 12, "b": 13, "c": 14}
    rows = fitted.matrix().toarray()
    assert rows[names["a"], names["b"]] > 0
    assert rows[names["b"], names["a"]] == 0
    assert rows[names["a"], names["c"]] == 0


def test_it_fades_with_the_steps_and_reads_backwards_for_less() -> None:
    fitted = Transitions(steps=2, fade=0.5, back=0.1).fit(walk("a", "b", "c"), None, seed=0)
    rows = fitted.matrix().toarray()[12:, 12:]
    assert rows[0, 1] > rows[0, 2] > rows[1, 0] > 0


def test_it_takes_one_visit_as_one_step() -> None:
    fitted = Transitions(steps=1, back=0.0).fit(walk("ab", "c"), None, seed=0)
    rows = fitted.matrix().toarray()[12:, 12:]
    assert rows[0, 1] == rows[1, 0] == 0
    assert rows[0, 2] == rows[1, 2] > 0


def test_it_knows_no_steps_between_shoppers() -> None:
    fitted = Transitions(back=0.0).fit(walk("a"), None, seed=0)
    assert fitted.matrix().nnz == 0
