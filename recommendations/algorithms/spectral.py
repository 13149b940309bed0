"""The leading directions of the shopper-product graph, filtered: what all share counts less."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from scipy import sparse

from recommendations.algorithms.base import NOTHING, Recommender, Scores
from recommendations.algorithms.data import Interactions
from recommendations.algorithms.features import ProductFeatures
from recommendations.algorithms.ids import Arrays
from recommendations.algorithms.itemrows import signals

# Directions beyond those wanted, and rounds of the subspace iteration (Halko et al. 2011).
SPARE = 24
ROUNDS = 4


class Spectral(Recommender):
    """score = x D^-1/2 V g(L) V' D^q, V and L the leading eigenpairs of the normalised item graph.

    The graph is R'R with R = D_u^-1/2 X D_i^-1/2. g(l) = (l + low) exp(-sharpen l) - l is what
    blurring (an ideal low-pass of weight `low`) and then sharpening for a time `sharpen` add to
    one step over the graph (Choi et al. 2023): the strongest directions, which are popularity, are
    taken back, the middle ones lifted. A correction, to be blended with item rows: alone it
    ranks what nobody shares. `sharpen` 0 leaves the low-pass alone.
    """

    name: ClassVar[str] = "spectral"

    def __init__(
        self, *, factors: int = 256, low: float = 0.3, sharpen: float = 0.0, q: float = 0.5
    ) -> None:
        self.params: dict[str, Any] = {
            "factors": factors, "low": low, "sharpen": sharpen, "q": q,
        }

    def fit(
        self, interactions: Interactions, features: ProductFeatures | None, *, seed: int
    ) -> Self:
        matrix, _ = signals(interactions, None)
        vectors, strengths = leading(matrix, self.params["factors"], seed=seed)
        counts = np.maximum(np.bincount(matrix.indices, minlength=matrix.shape[1]), 1.0)
        faded = np.exp(-self.params["sharpen"] * strengths)
        gains = (strengths + self.params["low"]) * faded - strengths
        self.restore({
            "inward": (vectors * counts[:, None] ** -0.5 * gains).astype(np.float32),
            "outward": (vectors * counts[:, None] ** self.params["q"]).astype(np.float32),
        })
        return self

    def score_history(
        self, items: np.ndarray, weights: np.ndarray, customer: int = -1
    ) -> Scores:
        if not len(items):
            return NOTHING
        return None, self.outward @ (weights @ self.inward[items])

    def score_many(self, histories: sparse.csr_array, customers: np.ndarray) -> np.ndarray:
        """The same for many shoppers at once."""
        return (histories @ self.inward) @ self.outward.T

    def similar(self, item: int) -> Scores:
        scores = self.outward @ self.inward[item]
        others = np.flatnonzero(scores > 0)
        others = others[others != item].astype(np.int32)
        return others, scores[others]

    def arrays(self) -> Arrays:
        return {"inward": self.inward, "outward": self.outward}

    def restore(self, arrays: Arrays) -> None:
        self.inward = arrays["inward"]
        self.outward = arrays["outward"]


def leading(
    matrix: sparse.csr_array, factors: int, *, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """(products x factors, eigenvalues) of R'R, largest first, by randomised subspace iteration."""
    count = min(factors, *matrix.shape)
    if not matrix.nnz or not count:
        return np.zeros((matrix.shape[1], count), np.float32), np.zeros(count, np.float32)
    rows = np.maximum(np.asarray(matrix.sum(axis=1)), 1.0) ** -0.5
    columns = np.maximum(np.asarray(matrix.sum(axis=0)), 1.0) ** -0.5
    scaled = sparse.csr_array(
        sparse.diags_array(rows) @ matrix @ sparse.diags_array(columns)
    ).astype(np.float32)
    turned = sparse.csr_array(scaled.T)
    width = min(count + SPARE, *matrix.shape)
    random = np.random.default_rng(seed)
    basis = random.standard_normal((matrix.shape[1], width)).astype(np.float32)
    for _ in range(ROUNDS):
        basis, _ = np.linalg.qr(turned @ (scaled @ basis))
    seen = scaled @ basis
    strengths, turn = np.linalg.eigh((seen.T @ seen).astype(np.float64))
    order = np.argsort(-strengths)[:count]
    vectors = basis @ turn[:, order].astype(np.float32)
    return vectors, np.maximum(strengths[order], 0).astype(np.float32)
