"""Ridge regression of every product on the products next to it: EASE, local or over the catalogue."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from scipy import sparse

from recommendations.algorithms import systems
from recommendations.algorithms.data import Interactions
from recommendations.algorithms.features import ProductFeatures
from recommendations.algorithms.itemrows import ItemRows, leaning, rarer, signals, top_of_rows
from recommendations.algorithms.neighbours import graph

# A dense Gram matrix up to here (600 MB); above it the systems are gathered: see `systems`.
DENSE_GRAM = 12_000
# Products solved in one call; bounds the memory: CHUNK x keep x keep x 8 bytes.
CHUNK = 256


class LocalEase(ItemRows):
    """Each product's column: (G_NN + lam I) w = G_Nj over its `keep` nearest products N.

    G = S' D_u^-a S of what shoppers touched, the right side is what they bought; D_u are the sizes
    of the histories, so that heavy shoppers do not speak for all. `lam` is in units of the mean of
    G's diagonal. Columns are independent of each other: only changed ones need solving again.

    targets   the kinds of events that are wanted (purchases); None: all
    lean      what a pair of another kind (a cart, a view) counts beside them on the right side, 0 to 1
    rare      columns are divided by (wanted events of the product)^rare: what is touched more than it is
              bought is coming, or was bought outside of what is known
    """

    name: ClassVar[str] = "local_ease"

    def __init__(
        self, *, lam: float = 1.0, a: float = 0.3, keep: int = 100, targets: list[int] | None = None,
        lean: float = 0.0, rare: float = 0.0,
    ) -> None:
        self.params: dict[str, Any] = {
            "lam": lam, "a": a, "keep": keep, "targets": targets, "lean": lean, "rare": rare,
        }

    def fit(
        self, interactions: Interactions, features: ProductFeatures | None, *, seed: int
    ) -> Self:
        source, bought = signals(interactions, self.params["targets"])
        if not source.nnz:
            return self.take(sparse.csr_array((source.shape[1],) * 2, dtype=np.float32))
        target = leaning(source, bought, self.params["lean"])
        sizes = np.maximum(np.asarray(source.sum(axis=1)), 1.0)
        weights = (sizes ** (-self.params["a"] / 2)).astype(np.float32)
        scaled = sparse.csr_array(sparse.diags_array(weights) @ source).astype(np.float32)
        wanted = scaled
        if target is not source:
            wanted = sparse.csr_array(sparse.diags_array(weights) @ target).astype(np.float32)
        nearest = source if self.params["lean"] else target
        near, _ = graph(nearest, a=0.7, b=0.5, c=0.5, keep=self.params["keep"], onto=source)
        touched = np.bincount(source.indices, minlength=source.shape[1])
        per_event = float(np.square(scaled.data).sum()) / max(int((touched > 0).sum()), 1)
        solver = _Blocks(scaled, wanted, near, self.params["lam"] * per_event)
        return self.take(rarer(solver.solve(), bought, self.params["rare"]))


class DenseEase(ItemRows):
    """Steck 2019 over the whole catalogue: B = I - P diag(P)^-1, P = (G + lam I)^-1, then pruned.

    For catalogues of some thousand products: the inverse costs their third power.
    """

    name: ClassVar[str] = "dense_ease"

    def __init__(
        self, *, lam: float = 3.0, a: float = 0.3, keep: int = 200, targets: list[int] | None = None
    ) -> None:
        self.params: dict[str, Any] = {"lam": lam, "a": a, "keep": keep, "targets": targets}

    def fit(
        self, interactions: Interactions, features: ProductFeatures | None, *, seed: int
    ) -> Self:
        source, target = signals(interactions, self.params["targets"])
        size = source.shape[1]
        if not source.nnz:
            return self.take(sparse.csr_array((size, size), dtype=np.float32))
        sizes = np.maximum(np.asarray(source.sum(axis=1)), 1.0)
        weighted = sparse.csr_array(sparse.diags_array(sizes ** -self.params["a"]) @ source)
        gram = np.asarray((source.T @ weighted).todense(), np.float32)
        inverse = inverted(gram, self.params["lam"])
        if target is source:
            return self.take(top_of_rows(explained(inverse), self.params["keep"]))
        rows = inverse @ np.asarray((weighted.T @ target).todense(), np.float32)
        # The constraint that no product explains itself, by its Lagrange multiplier.
        rows -= inverse * (np.diagonal(rows) / np.diagonal(inverse))
        np.fill_diagonal(rows, 0)
        return self.take(top_of_rows(rows, self.params["keep"]))


def inverted(gram: np.ndarray, lam: float) -> np.ndarray:
    """(G + lam I)^-1, lam in units of the mean of what is above 0 on G's diagonal; `gram` is overwritten."""
    active = max(int((np.diagonal(gram) > 0).sum()), 1)
    gram[np.diag_indices_from(gram)] += np.float32(lam * float(np.trace(gram)) / active)
    return np.linalg.inv(gram)


def explained(inverse: np.ndarray) -> np.ndarray:
    """What each says of the others where all are wanted as they are seen: -P / diag(P), 0 of itself."""
    rows = -inverse / np.diagonal(inverse)
    np.fill_diagonal(rows, 0)
    return rows


class _Blocks:
    """The systems of all products, solved CHUNK at a time."""

    def __init__(
        self, scaled: sparse.csr_array, wanted: sparse.csr_array, near: sparse.csr_array, lam: float
    ) -> None:
        self.near, self.lam, self.size = near, lam, scaled.shape[1]
        self.scaled, self.target = scaled, wanted
        if self.size <= DENSE_GRAM:
            self.gram = np.asarray((scaled.T @ scaled).todense(), np.float32)
            self.cross = sparse.csr_array(wanted.T @ scaled)

    def solve(self) -> sparse.csr_array:
        """Rows are the products of a history, columns the products scored."""
        if self.size <= DENSE_GRAM:
            values = self._solve_dense()
        else:
            values = systems.solved(self.scaled, self.target, self.near, self.lam)
        near = sparse.csr_array(
            (values, self.near.indices, self.near.indptr), shape=self.near.shape
        )
        rows = sparse.csr_array(near.T)
        rows.eliminate_zeros()
        return rows

    def _solve_dense(self) -> np.ndarray:
        counts = np.diff(self.near.indptr)
        values = np.zeros(self.near.nnz, np.float32)
        order = np.argsort(counts, kind="stable")  # systems of one size side by side
        order = order[counts[order] > 0]
        for start in range(0, len(order), CHUNK):
            rows = order[start : start + CHUNK]
            self._solve_chunk(rows, counts[rows], values)
        return values

    def _solve_chunk(self, rows: np.ndarray, counts: np.ndarray, values: np.ndarray) -> None:
        width = int(counts.max())
        blocks = np.zeros((len(rows), width, width), np.float32)
        right = np.zeros((len(rows), width, 1), np.float32)
        for place, (row, count) in enumerate(zip(rows.tolist(), counts.tolist(), strict=True)):
            nearest = self.near.indices[self.near.indptr[row] : self.near.indptr[row] + count]
            blocks[place, :count, :count], right[place, :count, 0] = self._block(row, nearest)
        diagonal = np.arange(width)
        blocks[:, diagonal, diagonal] += np.float32(self.lam)
        solved = np.linalg.solve(blocks, right)[:, :, 0]
        for place, (row, count) in enumerate(zip(rows.tolist(), counts.tolist(), strict=True)):
            start = self.near.indptr[row]
            values[start : start + count] = solved[place, :count]

    def _block(self, row: int, nearest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        own = slice(self.cross.indptr[row], self.cross.indptr[row + 1])
        line = np.zeros(self.size, np.float32)
        line[self.cross.indices[own]] = self.cross.data[own]
        return self.gram[np.ix_(nearest, nearest)], line[nearest]
