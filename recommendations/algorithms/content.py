"""Products alike by their description, for those that too few shoppers have touched."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from scipy import sparse

from recommendations.algorithms.base import NOTHING, Recommender, Scores
from recommendations.algorithms.data import Interactions
from recommendations.algorithms.features import ProductFeatures
from recommendations.algorithms.ids import Arrays
from recommendations.algorithms.likeness import Likeness
from recommendations.algorithms.neighbours import prune
from recommendations.algorithms.scoring import summed_rows

BLOCK_ROWS = 512
# In a catalogue of more than MANY products a feature that so many share is not compared: it says little,
# and its cost is their square.
MANY, COMMON = 20_000, 2_000


class Content(Recommender):
    """Cosine of the features; rows only for products with fewer than `below` shoppers.

    likeness    finds the known products that resemble one that came later; None without features
    """

    name: ClassVar[str] = "content"

    def __init__(self, *, keep: int = 30, below: int = 10) -> None:
        self.params: dict[str, Any] = {"keep": keep, "below": below}

    def fit(
        self, interactions: Interactions, features: ProductFeatures | None, *, seed: int
    ) -> Self:
        n_products = len(interactions.products)
        matrix = interactions.matrix()
        shoppers = np.bincount(matrix.indices, minlength=n_products)
        few = shoppers < self.params["below"]
        if features is None or not few.any():
            built = sparse.csr_array((n_products, n_products), dtype=np.float32)
        else:
            # The rows of all others stay empty.
            compared = _rarer(features.matrix) if n_products > MANY else features.matrix
            chosen = sparse.diags_array(few.astype(np.float32), format="csr") @ compared
            built = _alike(sparse.csr_array(chosen), compared, self.params["keep"])
        likeness = Likeness.of(features).arrays() if features is not None and len(features.rarity) else {}
        self.restore(likeness | {
            "indptr": built.indptr.astype(np.int64),
            "indices": built.indices.astype(np.int32),
            "data": built.data.astype(np.float32),
        })
        return self

    def score_history(
        self, items: np.ndarray, weights: np.ndarray, customer: int = -1
    ) -> Scores:
        if not len(items):
            return NOTHING
        return summed_rows((self.indptr, self.indices, self.data), items, weights, len(self.indptr) - 1)

    def similar(self, item: int) -> Scores:
        row = slice(self.indptr[item], self.indptr[item + 1])
        return self.indices[row], self.data[row]

    def arrays(self) -> Arrays:
        own = {"indptr": self.indptr, "indices": self.indices, "data": self.data}
        return own | (self.likeness.arrays() if self.likeness is not None else {})

    def restore(self, arrays: Arrays) -> None:
        self.indptr = arrays["indptr"]
        self.indices = arrays["indices"]
        self.data = arrays["data"]
        self.likeness = Likeness.from_arrays(arrays)


def _rarer(features: sparse.csr_array) -> sparse.csr_array:
    spread = np.bincount(features.indices, minlength=features.shape[1])
    return sparse.csr_array(features[:, np.flatnonzero(spread <= COMMON)])


def _alike(left: sparse.csr_array, right: sparse.csr_array, keep: int) -> sparse.csr_array:
    across = sparse.csr_array(right.T)
    diagonal = np.zeros(left.shape[0], np.float32)
    parts = [
        prune(sparse.csr_array(left[start : start + BLOCK_ROWS] @ across), keep, start, diagonal)
        for start in range(0, left.shape[0], BLOCK_ROWS)
    ]
    return sparse.csr_array(sparse.vstack(parts, format="csr"))
