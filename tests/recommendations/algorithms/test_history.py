"""What a shopper's past weighs now."""

from __future__ import annotations

import numpy as np
import pytest

from recommendations.algorithms import history
from recommendations.algorithms.data import DAY, Interactions
from recommendations.algorithms.history import (
    HALF_LIFE_DAYS,
    RECENT_SHARE,
    USED,
    Histories,
    History,
)
from tests.recommendations.algorithms.contract import items, ones

UNTIL = 1_700_000_000
OLD = int(UNTIL - HALF_LIFE_DAYS * DAY)


def past() -> Histories:
    return Histories.of(
        Interactions.of(
            customers=["ann", "ann", "ann", "bob", None],
            products=["cup", "tea", "tea", "saw", "saw"],
            occurred_at=[UNTIL, OLD, OLD, OLD, UNTIL],
            weights=[0.9, 1, 1, 1, 1],
        )
    )


def test_it_sums_and_sorts_what_is_left_after_decay() -> None:
    ann = past().of_customer(0)
    assert ann.items.tolist() == [1, 0]
    assert ann.weights == pytest.approx([1.0, 0.9])
    assert past().of_customer(1).weights == pytest.approx([0.5])


def test_it_goes_on_decaying_after_the_training() -> None:
    later = past().of_customer(0, now=int(UNTIL + HALF_LIFE_DAYS * DAY))
    assert later.weights == pytest.approx([0.5, 0.45])


@pytest.mark.parametrize("customer", [-1, 2, 99])
def test_it_has_no_past_for_strangers(customer: int) -> None:
    assert len(past().of_customer(customer).items) == 0


def test_it_remembers_at_most_so_many_products() -> None:
    count = USED + 25
    many = Histories.of(
        Interactions.of(
            customers=["ann"] * count,
            products=[f"p{number}" for number in range(count)],
            occurred_at=[UNTIL + number * DAY for number in range(count)],
        )
    )
    assert many.of_customer(0).items.tolist() == list(range(count - 1, count - 1 - USED, -1))


def test_it_gives_what_just_happened_its_share() -> None:
    before = History(items(1, 2), np.array([3, 2], np.float32))
    found = history.joined(before, items(7, -1), np.array([0.1, 1], np.float32))
    assert found.items.tolist() == [7, 1, 2]
    assert found.weights[0] / found.weights.sum() == pytest.approx(RECENT_SHARE)


def test_it_never_lessens_what_just_happened() -> None:
    before = History(items(1), np.array([0.5], np.float32))
    found = history.joined(before, items(7), ones(1))
    assert found.weights.tolist() == [1, 0.5]


def test_it_lets_the_past_give_way_to_a_long_session() -> None:
    before = History(items(1, 2), ones(2))
    found = history.joined(before, items(*range(100, 100 + USED - 1)), ones(USED - 1))
    assert len(found.items) == USED
    assert found.items[-1] == 1
    longer = history.joined(before, items(*range(100, 100 + USED + 9)), ones(USED + 9))
    assert longer.items.tolist() == list(range(100, 100 + USED))


def test_it_keeps_the_past_if_nothing_known_happened() -> None:
    before = History(items(1), ones(1))
    assert history.joined(before, items(-1), ones(1)) is before
    nothing = History(items(), ones(0))
    assert history.joined(nothing, items(4), ones(1)).items.tolist() == [4]
