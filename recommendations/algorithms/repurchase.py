"""What a shopper buys again: the own history, held against what still sells."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from scipy import sparse

from recommendations.algorithms.data import Interactions
from recommendations.algorithms.features import ProductFeatures
from recommendations.algorithms.itemrows import ItemRows
from recommendations.algorithms.popularity import Popularity


class Repurchase(ItemRows):
    """Score of an own product = its weight x (its present sales / the best seller's)^selling.

    The weight holds frequency and recency. A product that is no longer sold is not bought again,
    however often it was: `selling` (0: no matter) says how much that counts.
    """

    name: ClassVar[str] = "repurchase"

    def __init__(self, *, selling: float = 0.4, half_life_days: float = 30.0) -> None:
        self.params: dict[str, Any] = {"selling": selling, "half_life_days": half_life_days}

    def fit(
        self, interactions: Interactions, features: ProductFeatures | None, *, seed: int
    ) -> Self:
        sales = Popularity(half_life_days=self.params["half_life_days"])
        scores = sales.fit(interactions, None, seed=seed).scores.astype(np.float64)
        top = float(scores.max(initial=0.0))
        # A hundredth of an average product is left to those that nobody bought lately.
        floor = 0.01 * float(scores.mean()) if len(scores) else 0.0
        shares = (scores + floor) / (top + floor) if top > 0 else np.ones(len(scores))
        again = (shares ** self.params["selling"]).astype(np.float32)
        return self.take(sparse.csr_array(sparse.diags_array(again)))
