"""Whether a shop's customers buy the same things again."""

from __future__ import annotations

import pytest

from recommendations.algorithms.data import DAY, Interactions
from recommendations.evaluation import habits


def bought(*rows: tuple[str | None, str, int]) -> Interactions:
    customers, products, days = zip(*rows, strict=True) if rows else ((), (), ())
    return Interactions.of(customers=customers, products=products, occurred_at=[day * DAY for day in days])


def test_it_counts_lines_of_what_the_customer_had_before() -> None:
    found = bought(
        ("ann", "tea", 1),
        ("ann", "cup", 1),
        ("ann", "tea", 1),  # the first visit says nothing
        ("ann", "tea", 5),
        ("ann", "pot", 5),
        ("ann", "tea", 9),
        ("bob", "tea", 7),
        (None, "tea", 8),
        (None, "tea", 9),
    )
    assert habits.repeats(found) == (2, 3)
    assert habits.repeats(bought()) == habits.repeats(bought((None, "tea", 1))) == (0, 0)


@pytest.mark.parametrize(
    ("again", "new", "low", "high"),
    [
        (0, 0, -0.5, 0.0),  # nothing is known: nothing is offered again
        (0, 4, -1.0, -0.5),
        (0, 40, -1.0, -1.0),
        (1, 3, 0.5, 1.0),
        (12, 40, 1.0, 1.0),
    ],
)
def test_the_own_past_is_worth_what_the_shop_shows(again: int, new: int, low: float, high: float) -> None:
    rows = [("ann", "tea", 1)]
    rows += [("ann", "tea", 2 + turn) for turn in range(again)]
    rows += [("ann", f"new {turn}", 2 + turn) for turn in range(new)]
    assert low <= habits.worth(bought(*rows)) <= high
