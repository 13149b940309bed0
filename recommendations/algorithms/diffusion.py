"""Interest that spreads over the shopper-product graph and is then sharpened (BSPM), as item rows."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from scipy import sparse

from recommendations.algorithms import leading
from recommendations.algorithms.data import Interactions
from recommendations.algorithms.features import ProductFeatures
from recommendations.algorithms.itemrows import ItemRows, signals

# Directions beyond those wanted, and rounds of the subspace iteration (Halko et al. 2011).
SPARE = 24
ROUNDS = 4
# Entries of the unpruned rows held at once.
BLOCK_ENTRIES = 40_000_000


class Diffusion(ItemRows):
    """Row i of (P + low D^-1/2 V V' D^1/2) Q, the best `keep` of it, without i itself.

    P = R'R with R = D_u^-1/2 X D^-1/2 is one step over the graph, V its `factors` leading
    directions (an ideal low-pass), Q = step(P) takes time `sharpen` of the same spreading back, so
    that what all share counts less: Choi et al. 2023, with their one Runge-Kutta step. `sharpen` 0
    is GF-CF (Shen et al. 2021). P Q is exact in the leading directions and P in the others, where
    Q is nearly one.
    """

    name: ClassVar[str] = "diffusion"

    def __init__(self, *, factors: int = 256, low: float = 0.3, sharpen: float = 2.5, keep: int = 200) -> None:
        self.params: dict[str, Any] = {
            "factors": factors,
            "low": low,
            "sharpen": sharpen,
            "keep": keep,
        }

    def fit(self, interactions: Interactions, features: ProductFeatures | None, *, seed: int) -> Self:
        matrix, _ = signals(interactions, None)
        size = matrix.shape[1]
        if not matrix.nnz:
            return self.take(sparse.csr_array((size, size), dtype=np.float32))
        rows = normalised(matrix)
        turned = sparse.csr_array(rows.T)
        inward, outward = self._directions(matrix, rows, turned, seed)
        step = max(1, BLOCK_ENTRIES // size)
        parts = []
        for start in range(0, size, step):
            block = inward[start : start + step] @ outward
            near = sparse.csr_array(turned[start : start + step] @ rows)
            near.sum_duplicates()
            places = np.repeat(np.arange(len(block)), np.diff(near.indptr))
            block[places, near.indices] += near.data
            block[np.arange(len(block)), np.arange(start, start + len(block))] = 0
            parts.append(_highest(block, self.params["keep"]))
        return self.take(sparse.csr_array(sparse.vstack(parts, format="csr")))

    def _directions(
        self, matrix: sparse.csr_array, rows: sparse.csr_array, turned: sparse.csr_array, seed: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """(products x 2 factors, 2 factors x products): what the directions add to P."""
        time, low = self.params["sharpen"], self.params["low"]
        vectors, strengths = leading_directions(rows, self.params["factors"], seed=seed)
        root = np.sqrt(np.maximum(np.bincount(matrix.indices, minlength=matrix.shape[1]), 1.0))
        passed = (vectors * root[:, None]).astype(np.float32)
        # The terms of step(P), one application of P after the other.
        sharpened, term = passed.copy(), passed
        for number in range(1, 5 if time else 1):
            term = turned @ (rows @ term) * np.float32(-time / number)
            sharpened += term
        gains = strengths * (step(strengths * time) - 1)
        inward = np.hstack([vectors * gains, vectors * low / root[:, None]])
        return (
            np.ascontiguousarray(inward, np.float32),
            np.ascontiguousarray(np.hstack([vectors, sharpened]).T, np.float32),
        )


def step(z: np.ndarray) -> np.ndarray:
    """exp(-z) as one step of the classical Runge-Kutta method sees it.

    Not nearer to exp: for the strongest directions, which are popularity, it stays well above.
    """
    return 1 - z + z**2 / 2 - z**3 / 6 + z**4 / 24


def normalised(matrix: sparse.csr_array) -> sparse.csr_array:
    """D_u^-1/2 X D^-1/2, float32."""
    rows = np.maximum(np.asarray(matrix.sum(axis=1)), 1.0) ** -0.5
    columns = np.maximum(np.asarray(matrix.sum(axis=0)), 1.0) ** -0.5
    scaled = sparse.diags_array(rows) @ matrix @ sparse.diags_array(columns)
    return sparse.csr_array(scaled).astype(np.float32)


def leading_directions(scaled: sparse.csr_array, factors: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(products x factors, eigenvalues) of R'R, largest first, by randomised subspace iteration."""
    count = min(factors, *scaled.shape)
    turned = sparse.csr_array(scaled.T)
    width = min(count + SPARE, *scaled.shape)
    random = np.random.default_rng(seed)
    basis = random.standard_normal((scaled.shape[1], width)).astype(np.float32)
    for _ in range(ROUNDS):
        basis, _ = np.linalg.qr(turned @ (scaled @ basis))
    seen = scaled @ basis
    strengths, turn = np.linalg.eigh((seen.T @ seen).astype(np.float64))
    order = np.argsort(-strengths)[:count]
    vectors = basis @ turn[:, order].astype(np.float32)
    return vectors, np.maximum(strengths[order], 0).astype(np.float32)


def _highest(block: np.ndarray, keep: int) -> sparse.csr_array:
    """The `keep` highest of each row above zero."""
    columns, values = leading.leading(block, min(keep, block.shape[1]))
    found = values > 0
    indptr = np.concatenate(([0], np.cumsum(found.sum(axis=1))))
    return sparse.csr_array((values[found], columns[found], indptr), shape=block.shape)
