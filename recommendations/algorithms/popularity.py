"""What sells: units with time decay, and what has been rising in the last thirty days."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np

from recommendations.algorithms.base import Recommender, Scores
from recommendations.algorithms.data import DAY, Interactions
from recommendations.algorithms.features import ProductFeatures
from recommendations.algorithms.ids import Arrays
from recommendations.algorithms.topk import Allowed

# Units of one line count up to this percentile of all sold lines: one wholesaler's pallet must not
# make a best seller. On the validation part of Online Retail NDCG@10 is 0.173 / 0.211 / 0.105
# (Germany, France, United Kingdom) at 75 and 0.130 / 0.202 / 0.103 at 95.
UNITS_PERCENTILE = 75


def _units(interactions: Interactions) -> np.ndarray:
    if not len(interactions):
        return interactions.units
    # What weighs most is a sale; views and carts are always one piece and would lower the ceiling.
    sold = interactions.units[interactions.weight >= interactions.weight.max()]
    return np.clip(interactions.units, 0, max(1.0, float(np.percentile(sold, UNITS_PERCENTILE))))


class Popularity(Recommender):
    """Units sold, halved every `half_life_days` of age. Guests count."""

    name: ClassVar[str] = "popularity"
    personal: ClassVar[bool] = False

    def __init__(self, *, half_life_days: float = 30.0) -> None:
        self.params = {"half_life_days": half_life_days}

    def fit(
        self, interactions: Interactions, features: ProductFeatures | None, *, seed: int
    ) -> Self:
        worth = interactions.decayed(self.params["half_life_days"]) * _units(interactions)
        self._keep(_sum(interactions, worth))
        return self

    def score_history(
        self, items: np.ndarray, weights: np.ndarray, customer: int = -1
    ) -> Scores:
        return None, self.scores

    def similar(self, item: int) -> Scores:
        others = np.delete(np.arange(len(self.scores), dtype=np.int32), item)
        return others, self.scores[others]

    def arrays(self) -> Arrays:
        return {"scores": self.scores, "order": self.order}

    def restore(self, arrays: Arrays) -> None:
        self.scores = arrays["scores"]
        self.order = arrays["order"]  # every product, best first

    def first(
        self, limit: int, *, allowed: Allowed | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The best (items, scores) by the stored order: no look at the whole catalogue."""
        if allowed is None:
            items = self.order[:limit]
            return items, self.scores[items]
        found: list[np.ndarray] = []
        missing, start, step = limit, 0, 4 * limit
        while missing > 0 and start < len(self.order):
            items = self.order[start : start + step]
            kept = allowed(items) if callable(allowed) else allowed[items]
            found.append(items[kept][:missing])
            missing -= len(found[-1])
            start, step = start + step, step * 4
        items = np.concatenate(found) if found else self.order[:0]
        return items, self.scores[items]

    def _keep(self, scores: np.ndarray) -> None:
        order = np.argsort(-scores, kind="stable").astype(np.int32)
        self.restore({"scores": scores, "order": order})


class Trending(Popularity):
    """Sales of the last `days` against what the `before_days` in front of them let expect.

    The score is the excess in standard deviations of a Poisson count,
    (seen - expected) / sqrt(expected + 1); products that do not rise score 0.
    """

    name: ClassVar[str] = "trending"

    def __init__(self, *, days: int = 30, before_days: int = 90) -> None:
        self.params = {"days": days, "before_days": before_days}

    def fit(
        self, interactions: Interactions, features: ProductFeatures | None, *, seed: int
    ) -> Self:
        days, before = self.params["days"], self.params["before_days"]
        ages = (interactions.until - interactions.occurred_at) / DAY
        # Lines, not units: many shoppers make a trend, one large order does not.
        seen = _sum(interactions, interactions.weight * (ages < days))
        back_then = (ages >= days) & (ages < days + before)
        earlier = _sum(interactions, interactions.weight * back_then)
        oldest = float(ages.max()) if len(interactions) else 0.0
        span = min(before, oldest - days)
        expected = earlier * (days / span) if span > 0 else np.zeros_like(seen)
        if expected.sum() > 0:
            # The shop's own growth or season is no trend of a product.
            expected *= seen.sum() / expected.sum()
        self._keep(np.maximum((seen - expected) / np.sqrt(expected + 1), 0).astype(np.float32))
        return self


def _sum(interactions: Interactions, worth: np.ndarray) -> np.ndarray:
    sums = np.bincount(interactions.product, worth, minlength=len(interactions.products))
    return sums.astype(np.float32)
