"""The contract that every recommendation algorithm keeps, and what it is trained on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

import numpy as np

from recommendations.algorithms.data import Interactions
from recommendations.algorithms.features import ProductFeatures
from recommendations.algorithms.ids import Arrays

# (items, scores): distinct int32 product indices and their float32 scores, in no set order.
# items is None where the scores cover the whole catalogue: scores[i] belongs to product i.
Scores = tuple[np.ndarray | None, np.ndarray]

NOTHING: Scores = (np.empty(0, np.int32), np.empty(0, np.float32))


class Recommender(ABC):
    """Fitted once, read by many threads afterwards: nothing changes after `fit`.

    Every algorithm ranks from the history that it is handed, so that an event counts at once and
    nobody has to be trained for. Equal seeds give equal arrays. A higher score is better; scores
    of different algorithms are on different scales.
    """

    name: ClassVar[str]
    # False: the same answer for everybody (best sellers).
    personal: ClassVar[bool] = True

    params: dict[str, Any]  # plain JSON values; with arrays() all there is to know

    @classmethod
    def available(cls) -> bool:
        """Whether what the algorithm needs is installed."""
        return True

    @abstractmethod
    def fit(
        self, interactions: Interactions, features: ProductFeatures | None, *, seed: int
    ) -> Self:
        """Learn, and return self. Data without a single event is no error."""

    @abstractmethod
    def score_history(
        self, items: np.ndarray, weights: np.ndarray, customer: int = -1
    ) -> Scores:
        """Scores for a shopper with this history.

        items     int32 product indices, all known (>= 0), repeats allowed; see `history`
        weights   float32, worth of each after decay: 1 for a purchase of this moment
        customer  index in the customers trained on, -1 for anybody else
        Products of the history are scored like any other; leaving them out is the caller's choice.
        """

    @abstractmethod
    def similar(self, item: int) -> Scores:
        """Scores for products that go with this one, itself left out."""

    @abstractmethod
    def arrays(self) -> Arrays:
        """The fitted state: plain numeric arrays, names of [a-z_]."""

    @classmethod
    def from_arrays(cls, arrays: Arrays, params: dict[str, Any]) -> Self:
        """The fitted recommender that `arrays()` and `params` came from."""
        fitted = cls(**params)
        fitted.restore(arrays)
        return fitted

    @abstractmethod
    def restore(self, arrays: Arrays) -> None:
        """Take up the arrays (read-only, perhaps mapped from a file) without copying them."""
