"""What a shopper buys again."""

from __future__ import annotations

import numpy as np
import pytest

from recommendations.algorithms.data import DAY, Interactions
from recommendations.algorithms.repurchase import Repurchase
from tests.recommendations.algorithms.contract import (
    START,
    RecommenderContract,
    checkerboard,
    dense,
    items,
)


class TestRepurchase(RecommenderContract):
    def make(self) -> Repurchase:
        return Repurchase()


def test_it_ranks_own_products_by_weight() -> None:
    fitted = Repurchase(selling=0.0).fit(checkerboard(), None, seed=0)
    weights = np.array([1, 0.5, 0.7], np.float32)
    found, scores = fitted.score_history(items(2, 4, 4), weights)
    assert dict(zip(found.tolist(), scores.tolist(), strict=True)) == pytest.approx({2: 1.0, 4: 1.2})


def test_it_lets_go_of_what_is_no_longer_sold() -> None:
    """p00 was bought often a year ago, p01 is bought now; the shopper had both as often."""
    rows = [(f"c{n}", "p00", START - 365 * DAY) for n in range(50)]
    rows += [(f"d{n}", "p01", START) for n in range(10)]
    interactions = Interactions.of(
        customers=[row[0] for row in rows],
        products=[row[1] for row in rows],
        occurred_at=[row[2] for row in rows],
        catalogue=[f"p{n:02}" for n in range(12)],
    )
    scores = dense(Repurchase().fit(interactions, None, seed=0), 0, 1)
    assert scores[1] > 3 * scores[0] > 0
