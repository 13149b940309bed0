"""Shopper to shopper."""

from __future__ import annotations

import numpy as np

from recommendations.algorithms.shoppers import Shoppers
from tests.recommendations.algorithms.contract import (
    PersonalContract,
    checkerboard,
    items,
    ones,
)


class TestShoppers(PersonalContract):
    def make(self) -> Shoppers:
        return Shoppers()


def test_it_leaves_the_shopper_out_of_the_neighbours() -> None:
    """Shopper 0 alone lacks p00, so only the others can name it."""
    fitted = Shoppers(nearest=1).fit(checkerboard(), None, seed=0)
    history = items(2, 4, 6, 8, 10)
    named, _ = fitted.score_history(history, ones(5), 0)
    assert 0 in named.tolist()
    stranger, _ = fitted.score_history(history, ones(5), -1)
    assert 0 not in stranger.tolist()  # the nearest to a stranger is shopper 0


def test_it_asks_the_nearest_only() -> None:
    fitted = Shoppers(nearest=2).fit(checkerboard(), None, seed=0)
    named, scores = fitted.score_history(items(1, 3, 5), ones(3), -1)
    assert set(named.tolist()) <= set(range(1, 12, 2))
    assert np.isfinite(scores).all()
