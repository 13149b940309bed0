"""Shopper to shopper: what those with the most similar histories have."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from scipy import sparse

from recommendations.algorithms.base import NOTHING, Recommender, Scores
from recommendations.algorithms.data import Interactions
from recommendations.algorithms.features import ProductFeatures
from recommendations.algorithms.ids import Arrays
from recommendations.algorithms.scoring import summed_rows


class Shoppers(Recommender):
    """The `nearest` shoppers by cosine of decayed histories, each product's weight x likeness^sharp.

    `rare` lifts products that few have: entries are divided by (shoppers of the product)^rare
    where likeness is measured.
    """

    name: ClassVar[str] = "shoppers"

    def __init__(
        self,
        *,
        nearest: int = 100,
        sharp: float = 1.0,
        rare: float = 0.3,
        half_life_days: float = 180.0,
    ) -> None:
        self.params: dict[str, Any] = {
            "nearest": nearest, "sharp": sharp, "rare": rare, "half_life_days": half_life_days,
        }

    def fit(
        self, interactions: Interactions, features: ProductFeatures | None, *, seed: int
    ) -> Self:
        capped = interactions.capped()
        own = capped.matrix(capped.decayed(self.params["half_life_days"]))
        counts = np.maximum(np.bincount(own.indices, minlength=own.shape[1]), 1)
        lift = (counts ** -self.params["rare"]).astype(np.float32)
        compared = _unit(_times(own, lift))
        by_product = sparse.csr_array(compared.T)
        own = _unit(own)
        self.restore({
            "indptr": own.indptr.astype(np.int64),
            "indices": own.indices.astype(np.int32),
            "data": own.data.astype(np.float32),
            "product_indptr": by_product.indptr.astype(np.int64),
            "product_indices": by_product.indices.astype(np.int32),
            "product_data": by_product.data.astype(np.float32),
            "lift": lift,
        })
        return self

    def score_history(
        self, items: np.ndarray, weights: np.ndarray, customer: int = -1
    ) -> Scores:
        if not len(items):
            return NOTHING
        lifted = weights * self.lift[items]
        length = float(np.linalg.norm(np.bincount(items, lifted)))
        by_product = (self.product_indptr, self.product_indices, self.product_data)
        worth = lifted / np.float32(max(length, 1e-12))
        shoppers, likeness = summed_rows(by_product, items, worth, len(self.indptr) - 1)
        others = shoppers != customer
        shoppers, likeness = shoppers[others], likeness[others]
        near = np.lexsort((shoppers, -likeness))[: self.params["nearest"]]
        worth = likeness[near] ** np.float32(self.params["sharp"])
        return summed_rows((self.indptr, self.indices, self.data), shoppers[near], worth, len(self.lift))

    def score_many(self, histories: sparse.csr_array, customers: np.ndarray) -> sparse.csr_array:
        """The same for many shoppers at once."""
        sizes = (len(self.lift), len(self.indptr) - 1)
        by_product = sparse.csr_array(
            (self.product_data, self.product_indices, self.product_indptr), shape=sizes
        )
        own = sparse.csr_array((self.data, self.indices, self.indptr), shape=sizes[::-1])
        merged = histories.copy()
        merged.sum_duplicates()
        likeness = sparse.csr_array(_unit(_times(merged, self.lift)) @ by_product)
        keep, sharp = self.params["nearest"], np.float32(self.params["sharp"])
        for row, customer in enumerate(customers.tolist()):
            span = slice(likeness.indptr[row], likeness.indptr[row + 1])
            values = likeness.data[span]
            values[likeness.indices[span] == customer] = 0
            if len(values) > keep:
                values[values < np.partition(values, -keep)[-keep]] = 0
            values **= sharp
        likeness.eliminate_zeros()
        return sparse.csr_array(likeness @ own)

    def similar(self, item: int) -> Scores:
        """What the shoppers of this product have besides."""
        found, scores = self.score_history(np.array([item], np.int32), np.ones(1, np.float32))
        found, first = np.unique(found, return_index=True)
        others = found != item
        return found[others].astype(np.int32), scores[first][others]

    def arrays(self) -> Arrays:
        names = ("indptr", "indices", "data", "product_indptr", "product_indices", "product_data",
                 "lift")
        return {name: getattr(self, name) for name in names}

    def restore(self, arrays: Arrays) -> None:
        self.indptr, self.indices, self.data = (
            arrays[name] for name in ("indptr", "indices", "data")
        )
        self.product_indptr = arrays["product_indptr"]
        self.product_indices = arrays["product_indices"]
        self.product_data = arrays["product_data"]
        self.lift = arrays["lift"]


def _times(matrix: sparse.csr_array, columns: np.ndarray) -> sparse.csr_array:
    scaled = matrix.copy()
    scaled.data = scaled.data * columns[scaled.indices]
    return scaled


def _unit(matrix: sparse.csr_array) -> sparse.csr_array:
    """Rows of length 1."""
    squares = np.asarray(matrix.multiply(matrix).sum(axis=1))
    lengths = np.sqrt(np.maximum(squares, 1e-12))
    scaled = matrix.copy()
    scaled.data = (scaled.data / np.repeat(lengths, np.diff(matrix.indptr))).astype(np.float32)
    return scaled
