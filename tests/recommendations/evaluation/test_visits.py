"""Visits of newcomers as questions."""

from __future__ import annotations

import numpy as np

from recommendations.algorithms.data import Baskets, Interactions
from recommendations.evaluation import split, visits

START = 1_700_000_000
HOUR = 3_600


def rows(*events: tuple[str | None, str, int]) -> Interactions:
    """(customer, product, seconds after the start)."""
    return Interactions.of(
        customers=[event[0] for event in events],
        products=[event[1] for event in events],
        occurred_at=[START + event[2] for event in events],
    )


def names(data: Interactions, matrix: object, row: int) -> set[str]:
    return {data.products.id(int(item)) for item in matrix[[row]].indices}  # type: ignore[index]


def test_it_asks_for_the_second_half_of_each_visit() -> None:
    data = rows(
        ("old", "a", 0),
        ("old", "b", 10 * HOUR),
        ("new", "a", 11 * HOUR),
        ("new", "b", 11 * HOUR + 60),
        ("new", "c", 11 * HOUR + 120),
        ("new", "d", 11 * HOUR + 180),
        ("new", "e", 20 * HOUR),
    )
    cut = split.at(data, START + 9 * HOUR)
    found = visits.of(cut, Baskets.none(), seed=0)
    assert len(found) == 2  # and the later visit is asked for by the first one
    assert names(data, found.histories, 0) == {"a", "b"}
    assert names(data, found.wanted, 0) == {"c", "d"}
    assert names(data, found.histories, 1) == {"a", "b", "c", "d"}
    assert names(data, found.wanted, 1) == {"e"}
    assert found.customers.tolist() == [-1, -1]
    asked = found.histories[[0]]
    weights = dict(zip(asked.indices.tolist(), asked.data.tolist(), strict=True))
    newest, older = (list(data.products).index(name) for name in ("b", "a"))
    assert weights[newest] > weights[older]


def test_it_asks_guests_by_their_baskets() -> None:
    data = rows(("old", "a", 0), (None, "a", 5 * HOUR), (None, "b", 5 * HOUR), (None, "c", 6 * HOUR))
    baskets = Baskets.of(
        orders=["1", "2", "2", "3"], products=["a", "a", "b", "c"], occurred_at=data.occurred_at, known=data.products
    )
    found = visits.of(split.at(data, START + HOUR), baskets, seed=0)
    assert len(found) == 1
    assert names(data, found.histories, 0) | names(data, found.wanted, 0) == {"a", "b"}


def test_it_asks_nothing_where_every_visit_has_one_product() -> None:
    data = rows(("old", "a", 0), ("old", "b", HOUR))
    assert len(visits.of(split.at(data, START + 60), Baskets.none(), seed=0)) == 0
    assert len(visits.of(split.by_time(rows()), Baskets.none(), seed=0)) == 0


def test_it_asks_the_same_for_the_same_seed() -> None:
    data = rows(("old", "a", 0), *[("new", name, HOUR) for name in "abcdefgh"])
    cut = split.at(data, START + 60)
    one, two = (visits.of(cut, Baskets.none(), seed=4) for _ in range(2))
    assert np.array_equal(one.histories.indices, two.histories.indices)
