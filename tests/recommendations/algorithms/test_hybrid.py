"""LightFM with product features."""

from __future__ import annotations

import numpy as np
import pytest

from recommendations.algorithms import topk
from recommendations.algorithms.data import Interactions
from recommendations.algorithms.features import ProductFeatures
from recommendations.algorithms.hybrid import Hybrid
from tests.recommendations.algorithms.contract import (
    SIZE,
    START,
    PersonalContract,
    dense,
    items,
    ones,
)

pytestmark = pytest.mark.skipif(not Hybrid.available(), reason="LightFM is not installed here")


class TestHybrid(PersonalContract):
    def make(self) -> Hybrid:
        return Hybrid(factors=8, epochs=60)

    def test_it_blends_the_trained_shopper_with_the_history(self, fitted: Hybrid) -> None:
        stranger = dense(fitted, 2, 4)
        known = dense(fitted, 2, 4, customer=0)
        assert not np.array_equal(stranger, known)
        _, alone = fitted.score_history(items(), ones(0), 0)
        ranked, _ = topk.best(None, alone, 4)
        assert all(product % 2 == 0 for product in ranked.tolist())


def test_it_places_products_that_nobody_has_touched_by_their_features() -> None:
    pairs = [(shopper, product) for shopper in range(10) for product in range(8) if shopper % 2 == product % 2]
    interactions = Interactions.of(
        customers=[f"c{shopper}" for shopper, _ in pairs],
        products=[f"p{product}" for _, product in pairs],
        occurred_at=[START] * len(pairs),
        catalogue=[f"p{product}" for product in range(SIZE)],
    )
    features = ProductFeatures.of(
        categories=[["even"] if product % 2 == 0 else ["odd"] for product in range(SIZE)],
        n_products=SIZE,
    )
    fitted = Hybrid(factors=8, epochs=60).fit(interactions, features, seed=1)
    scores = dense(fitted, 0, 2, 4)
    assert scores[[8, 10]].min() > scores[[9, 11]].max()
    ranked, _ = topk.best(*fitted.similar(9), 3)
    assert all(product % 2 == 1 for product in ranked.tolist())
