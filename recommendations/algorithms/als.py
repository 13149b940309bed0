"""Matrix factorisation of implicit feedback (ALS); a shopper is folded in from the history."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from recommendations.algorithms.base import NOTHING, Recommender, Scores
from recommendations.algorithms.data import Interactions
from recommendations.algorithms.features import ProductFeatures
from recommendations.algorithms.ids import Arrays
from recommendations.algorithms.longest import LongestFirst

try:
    from implicit.cpu.als import AlternatingLeastSquares
except ImportError:  # pragma: no cover - implicit is declared; wheels are missing on rare machines
    AlternatingLeastSquares = None

_TABLE_BYTES = 64_000_000


class ALS(Recommender):
    """Hu, Koren, Volinsky 2008: confidence 1 + alpha * weight, preference 1 for what was touched.

    Serving solves (Y'Y + Y'(C - I)Y + regularization I) x = Y'C 1 for the history at hand, which is
    the step that training itself ends with; Y'Y is kept, so one d x d solve is all there is.
    """

    name: ClassVar[str] = "als"

    def __init__(
        self,
        *,
        factors: int = 64,
        regularization: float = 0.05,
        alpha: float = 5.0,
        iterations: int = 10,
        half_life_days: float = 180.0,
    ) -> None:
        self.params: dict[str, Any] = {
            "factors": factors,
            "regularization": regularization,
            "alpha": alpha,
            "iterations": iterations,
            "half_life_days": half_life_days,
        }

    @classmethod
    def available(cls) -> bool:
        return AlternatingLeastSquares is not None

    def fit(
        self, interactions: Interactions, features: ProductFeatures | None, *, seed: int
    ) -> Self:
        capped = interactions.capped()
        matrix = capped.matrix(capped.decayed(self.params["half_life_days"]))
        if not matrix.nnz:
            self._keep(np.zeros((matrix.shape[1], self.params["factors"]), np.float32))
            return self
        confidence = matrix.copy()
        confidence.data = 1 + self.params["alpha"] * confidence.data
        # Several BLAS threads under its own loop make it many times slower, so it warns of them.
        with threadpool_limits(1):
            model = AlternatingLeastSquares(
                factors=self.params["factors"],
                regularization=self.params["regularization"],
                alpha=1.0,
                iterations=self.params["iterations"],
                num_threads=1,
                random_state=seed,
            )
            model.fit(sparse.csr_matrix(confidence), show_progress=False)
        factors = np.asarray(model.item_factors, np.float32)
        # Nobody touched them, so nothing was learnt: what is left there is the random start.
        factors[np.bincount(matrix.indices, minlength=matrix.shape[1]) == 0] = 0
        self._keep(factors)
        return self

    def score_history(
        self, items: np.ndarray, weights: np.ndarray, customer: int = -1
    ) -> Scores:
        if not len(items):
            return NOTHING
        distinct, places = np.unique(items, return_inverse=True)
        extra = self.params["alpha"] * np.bincount(places, weights)
        rows = self.factors[distinct].astype(np.float64)
        left = self.gram + (rows.T * extra) @ rows
        left[np.diag_indices_from(left)] += self.params["regularization"]
        shopper = np.linalg.solve(left, rows.T @ (1 + extra))
        return None, self.factors @ shopper.astype(np.float32)

    def score_many(self, histories: sparse.csr_array, customers: np.ndarray) -> np.ndarray:
        """The same for many shoppers at once, dense."""
        return self.shoppers(histories) @ self.factors.T

    def shoppers(self, histories: sparse.csr_array) -> np.ndarray:
        """float32 shoppers x factors: the same solution for many histories (weights as values).

        By Woodbury's identity a history of k products costs a system of k unknowns instead of one of all factors.
        """
        from recommendations.algorithms import folding

        inner, table = self._inside()
        return folding.fold(histories, self.factors, inner, table, alpha=self.params["alpha"])

    @property
    def longest(self) -> LongestFirst:
        """The factors as a search for many shoppers reads them."""
        if self._longest is None:
            self._longest = LongestFirst(self.factors)
        return self._longest

    def _inside(self) -> tuple[np.ndarray, np.ndarray]:
        """A = (Y'Y + regularization I)^-1, and all products' factors times A where that is small enough to be kept
        (else of none): the same products come again with every few hundred shoppers."""
        if self._kept is None:
            inner = np.linalg.inv(self.gram + self.params["regularization"] * np.eye(len(self.gram)))
            rows = self.factors if self.factors.size * 8 <= _TABLE_BYTES else self.factors[:0]
            self._kept = inner, rows.astype(np.float64) @ inner
        return self._kept

    def similar(self, item: int) -> Scores:
        """Cosine of the factors."""
        lengths = self.lengths * self.lengths[item]
        cosines = (self.factors @ self.factors[item]) / np.where(lengths > 0, lengths, 1)
        others = np.flatnonzero(cosines > 0)
        others = others[others != item].astype(np.int32)
        return others, cosines[others]

    def arrays(self) -> Arrays:
        return {"factors": self.factors, "gram": self.gram, "lengths": self.lengths}

    def restore(self, arrays: Arrays) -> None:
        self.factors = arrays["factors"]
        self.gram = arrays["gram"]
        self.lengths = arrays["lengths"]
        self._kept: tuple[np.ndarray, np.ndarray] | None = None
        self._longest: LongestFirst | None = None

    def _keep(self, factors: np.ndarray) -> None:
        exact = factors.astype(np.float64)
        self.restore({
            "factors": factors,
            "gram": exact.T @ exact,
            "lengths": np.linalg.norm(factors, axis=1),
        })
