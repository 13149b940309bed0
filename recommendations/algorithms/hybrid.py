"""LightFM over interactions and product features: products and shoppers without a past included."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from scipy import sparse

from recommendations.algorithms.base import NOTHING, Recommender, Scores
from recommendations.algorithms.data import Interactions
from recommendations.algorithms.features import ProductFeatures
from recommendations.algorithms.ids import Arrays

try:
    from lightfm import LightFM
except ImportError:  # compiled from source; a machine without a compiler goes without
    LightFM = None

RIDGE = 1.0


class Hybrid(Recommender):
    """WARP-trained representations, exported: score = shopper . item + bias of the item.

    LightFM cannot take in a new event. So a linear map from the mean of a history's item vectors
    to the trained shopper's vector is learnt beside it (ridge regression); at serving a shopper is
    `trained` parts of the trained vector, if there is one, and the rest of the mapped history.
    """

    name: ClassVar[str] = "hybrid"

    def __init__(
        self,
        *,
        factors: int = 32,
        epochs: int = 15,
        learning_rate: float = 0.05,
        item_alpha: float = 1e-6,
        trained: float = 0.5,
    ) -> None:
        self.params: dict[str, Any] = {
            "factors": factors,
            "epochs": epochs,
            "learning_rate": learning_rate,
            "item_alpha": item_alpha,
            "trained": trained,
        }

    @classmethod
    def available(cls) -> bool:
        return LightFM is not None

    def fit(
        self, interactions: Interactions, features: ProductFeatures | None, *, seed: int
    ) -> Self:
        capped = interactions.capped()
        matrix = capped.matrix()
        if not matrix.nnz:
            self._keep_nothing(*matrix.shape)
            return self
        described = _describe(matrix, features)
        model = LightFM(
            no_components=self.params["factors"],
            loss="warp",
            learning_rate=self.params["learning_rate"],
            item_alpha=self.params["item_alpha"],
            random_state=seed,
        )
        # One thread: more of them race for the same rows, and no two runs would agree.
        model.fit(sparse.coo_matrix(matrix), item_features=described, epochs=self.params["epochs"],
                  num_threads=1)
        biases, items = model.get_item_representations(described)
        shoppers = model.user_embeddings
        self.restore({
            "items": items.astype(np.float32),
            "biases": biases.astype(np.float32),
            "shoppers": shoppers.astype(np.float32),
            "fold": _fold(items, shoppers, matrix),
        })
        return self

    def score_history(
        self, items: np.ndarray, weights: np.ndarray, customer: int = -1
    ) -> Scores:
        known = 0 <= customer < len(self.shoppers)
        if not len(items) and not known:
            return NOTHING
        shopper = np.zeros(self.items.shape[1], np.float32)
        share = self.params["trained"] if known else 0.0
        if not len(items):
            share = 1.0
        else:
            total = max(float(weights.sum()), 1e-9)
            shopper += (1 - share) * ((weights @ self.items[items]) / total @ self.fold)
        if known:
            shopper += share * self.shoppers[customer]
        return None, self.items @ shopper + self.biases

    def similar(self, item: int) -> Scores:
        """Cosine of the representations: works for products nobody has touched yet."""
        lengths = np.linalg.norm(self.items, axis=1)
        products = lengths * lengths[item]
        cosines = (self.items @ self.items[item]) / np.where(products > 0, products, 1)
        others = np.flatnonzero(cosines > 0)
        others = others[others != item].astype(np.int32)
        return others, cosines[others]

    def arrays(self) -> Arrays:
        return {
            "items": self.items,
            "biases": self.biases,
            "shoppers": self.shoppers,
            "fold": self.fold,
        }

    def restore(self, arrays: Arrays) -> None:
        self.items = arrays["items"]
        self.biases = arrays["biases"]
        self.shoppers = arrays["shoppers"]
        self.fold = arrays["fold"]

    def _keep_nothing(self, n_customers: int, n_products: int) -> None:
        size = self.params["factors"]
        self.restore({
            "items": np.zeros((n_products, size), np.float32),
            "biases": np.zeros(n_products, np.float32),
            "shoppers": np.zeros((n_customers, size), np.float32),
            "fold": np.eye(size, dtype=np.float32),
        })


def _describe(
    matrix: sparse.csr_array, features: ProductFeatures | None
) -> sparse.csr_matrix:
    """Item features for LightFM: its features, and itself where somebody has touched it.

    An untouched product gets no column of its own: nothing would ever train it, and its random
    start would be noise on top of what its features say.
    """
    touched = np.bincount(matrix.indices, minlength=matrix.shape[1]) > 0
    own = sparse.diags_array(touched.astype(np.float32), format="csr")
    parts = [own] if features is None else [own, features.matrix]
    joined = sparse.csr_matrix(sparse.hstack(parts, format="csr"), dtype=np.float32)
    # Its compiled code takes 32-bit places only.
    joined.indptr, joined.indices = joined.indptr.astype("i4"), joined.indices.astype("i4")
    return joined


def _fold(items: np.ndarray, shoppers: np.ndarray, matrix: sparse.csr_array) -> np.ndarray:
    """The d x d map A that brings the mean of a history closest to the trained shopper."""
    counts = np.maximum(np.diff(matrix.indptr), 1)
    means = (matrix @ items.astype(np.float64)) / counts[:, None]
    left = means.T @ means + RIDGE * np.eye(items.shape[1])
    return np.linalg.solve(left, means.T @ shoppers).astype(np.float32)
