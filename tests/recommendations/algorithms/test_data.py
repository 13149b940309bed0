"""Interactions as arrays."""

from __future__ import annotations

import numpy as np
import pytest

from recommendations.algorithms.data import DAY, Interactions

EVENTS = Interactions.of(
    customers=["ann", "bob", "ann", None, "ann"],
    products=["cup", "cup", "tea", "saw", "cup"],
    occurred_at=[10 * DAY, 20 * DAY, 30 * DAY, 30 * DAY, 30 * DAY],
    weights=[1, 1, 0.5, 1, 1],
    catalogue=["new", "cup"],
)


def test_it_numbers_the_catalogue_first_and_guests_minus_one() -> None:
    assert list(EVENTS.products) == ["new", "cup", "tea", "saw"]
    assert list(EVENTS.customers) == ["ann", "bob"]
    assert EVENTS.customer.tolist() == [0, 1, 0, -1, 0]
    assert EVENTS.until == 30 * DAY
    assert EVENTS.units.tolist() == [1] * 5


def test_it_builds_a_matrix_without_guests() -> None:
    assert EVENTS.matrix().toarray().tolist() == [[0, 1, 1, 0], [0, 1, 0, 0]]
    assert EVENTS.matrix(EVENTS.weight).toarray().tolist() == [[0, 2, 0.5, 0], [0, 1, 0, 0]]


def test_it_halves_weights_with_age() -> None:
    assert EVENTS.decayed(10) == pytest.approx([0.25, 0.5, 0.5, 1, 1])


def test_it_caps_each_customer_at_the_newest_events() -> None:
    capped = EVENTS.capped(2)
    assert capped.customer.tolist() == [0, 0, 1]
    assert capped.occurred_at.tolist() == [30 * DAY, 30 * DAY, 20 * DAY]
    assert capped.products is EVENTS.products


def test_it_takes_rows_by_mask_under_the_same_ids() -> None:
    part = EVENTS.take(np.array([True, False, False, True, False]), until=5)
    assert part.product.tolist() == [1, 3]
    assert part.until == 5
    assert len(part.products) == 4
