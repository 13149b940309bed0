"""Item-to-item: a normalised graph of what is bought by the same people, or in one basket."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from scipy import sparse

from recommendations.algorithms import scoring
from recommendations.algorithms.base import NOTHING, Recommender, Scores
from recommendations.algorithms.data import Baskets, Interactions
from recommendations.algorithms.features import ProductFeatures
from recommendations.algorithms.ids import Arrays

# Entries of the unpruned graph held at once: bounds the memory, not the result.
BLOCK_ENTRIES = 20_000_000


def graph(
    matrix: sparse.csr_array, *, a: float, b: float, c: float, keep: int,
    onto: sparse.csr_array | None = None,
) -> tuple[sparse.csr_array, np.ndarray]:
    """(X' D_r^-a Y)_ij / (d_i^b d_j^c) for 0/1 matrices X and Y, the best `keep` of each row.

    Y = X unless `onto` is given. D_r are X's row sums (long histories say less), d the column sums.
    The diagonal is handed back on its own: it is what buying i says about buying i again.
    """
    other = matrix if onto is None else onto
    rows = np.maximum(np.asarray(matrix.sum(axis=1)), 1.0)
    counts = np.maximum(np.asarray(matrix.sum(axis=0)), 1.0)
    others = counts if onto is None else np.maximum(np.asarray(onto.sum(axis=0)), 1.0)
    left = sparse.csr_array(matrix.T)
    right = sparse.csr_array(sparse.diags_array(rows**-a) @ other).astype(np.float32)
    right.data *= (others**-c).astype(np.float32)[right.indices]
    scale = (counts**-b).astype(np.float32)
    diagonal = np.zeros(matrix.shape[1], np.float32)
    parts = []
    for start, end in _blocks(other, left):
        block = sparse.csr_array(left[start:end] @ right)
        block.data *= np.repeat(scale[start:end], np.diff(block.indptr))
        parts.append(prune(block, keep, start, diagonal))
    shape = (matrix.shape[1], matrix.shape[1])
    joined = sparse.vstack(parts, format="csr") if parts else sparse.csr_array(shape)
    return sparse.csr_array(joined.astype(np.float32)), diagonal


def _blocks(matrix: sparse.csr_array, left: sparse.csr_array) -> list[tuple[int, int]]:
    """Ranges of items whose product rows fit into BLOCK_ENTRIES."""
    sizes = np.diff(matrix.indptr).astype(np.float64)
    costs = np.asarray(left.astype(np.float64) @ sizes)
    edges = [0]
    running = 0.0
    for item, cost in enumerate(np.minimum(costs, matrix.shape[1])):
        if running + cost > BLOCK_ENTRIES and item > edges[-1]:
            edges.append(item)
            running = 0.0
        running += cost
    return list(zip(edges, [*edges[1:], matrix.shape[1]], strict=True)) if len(costs) else []


def prune(
    block: sparse.csr_array, keep: int, first: int, diagonal: np.ndarray
) -> sparse.csr_array:
    """The block without its diagonal (noted in `diagonal`) and the `keep` largest of each row."""
    kept_columns, kept_values = [], []
    indptr = np.zeros(block.shape[0] + 1, np.int64)
    for row in range(block.shape[0]):
        span = slice(block.indptr[row], block.indptr[row + 1])
        columns, values = block.indices[span], block.data[span]
        own = columns == first + row
        if own.any():
            diagonal[first + row] = values[own][0]
            columns, values = columns[~own], values[~own]
        if len(columns) > keep:
            chosen = np.argpartition(-values, keep)[:keep]
            columns, values = columns[chosen], values[chosen]
        # By column: rows read in one direction, and equal data give equal files.
        order = np.argsort(columns)
        kept_columns.append(columns[order])
        kept_values.append(values[order])
        indptr[row + 1] = indptr[row] + len(columns)
    data = np.concatenate(kept_values) if kept_values else np.empty(0, np.float32)
    indices = np.concatenate(kept_columns) if kept_columns else np.empty(0, np.int32)
    return sparse.csr_array((data, indices, indptr), shape=block.shape)


class Neighbours(Recommender):
    """Score = sum over the history of weight x row of the graph, plus `again` x the diagonal."""

    name: ClassVar[str] = "neighbours"

    def __init__(
        self,
        *,
        a: float = 0.7,
        b: float = 0.7,
        c: float = 0.4,
        keep: int = 200,
        again: float = 3.0,
    ) -> None:
        self.params: dict[str, Any] = {"a": a, "b": b, "c": c, "keep": keep, "again": again}

    def fit(
        self, interactions: Interactions, features: ProductFeatures | None, *, seed: int
    ) -> Self:
        return self.fit_matrix(interactions.capped().matrix())

    def fit_matrix(self, matrix: sparse.csr_array) -> Self:
        """Learn from any 0/1 matrix of groups x products."""
        a, b, c = self.params["a"], self.params["b"], self.params["c"]
        built, diagonal = graph(matrix, a=a, b=b, c=c, keep=self.params["keep"])
        self.restore({
            "indptr": built.indptr.astype(np.int64),
            "indices": built.indices.astype(np.int32),
            "data": built.data.astype(np.float32),
            "diagonal": diagonal,
        })
        return self

    def score_history(
        self, items: np.ndarray, weights: np.ndarray, customer: int = -1
    ) -> Scores:
        if not len(items):
            return NOTHING
        sums = scoring.begin(len(self.diagonal))
        self.add_to(sums, items, weights)
        return sums.take()

    def add_to(
        self, sums: scoring.Sums, items: np.ndarray, weights: np.ndarray, worth: np.float32 = scoring.ONE
    ) -> None:
        """Adds the scores of a history, times `worth`."""
        sums.add_rows((self.indptr, self.indices, self.data), items, weights, worth)
        if self.params["again"]:
            sums.add(items, self._again[items] * weights, worth)

    def shares(self, items: np.ndarray, weights: np.ndarray, product: int) -> np.ndarray:
        """What each history entry adds to the score of this product; they sum up to it."""
        found = np.zeros(len(items), np.float32)
        for place, item in enumerate(items.tolist()):
            columns, values = self.similar(item)
            at = int(np.searchsorted(columns, product))
            if at < len(columns) and columns[at] == product:
                found[place] = values[at]
            if item == product:
                found[place] = self.diagonal[item] * self.params["again"]
        return found * weights

    def similar(self, item: int) -> Scores:
        row = slice(self.indptr[item], self.indptr[item + 1])
        return self.indices[row], self.data[row]

    def arrays(self) -> Arrays:
        return {
            "indptr": self.indptr,
            "indices": self.indices,
            "data": self.data,
            "diagonal": self.diagonal,
        }

    def restore(self, arrays: Arrays) -> None:
        self.indptr = arrays["indptr"]
        self.indices = arrays["indices"]
        self.data = arrays["data"]
        self.diagonal = arrays["diagonal"]
        self._again = self.diagonal * np.float32(self.params["again"])


class BoughtTogether(Neighbours):
    """The same graph over baskets instead of shoppers: what lands in one order."""

    name: ClassVar[str] = "bought_together"

    def __init__(
        self,
        *,
        a: float = 0.7,
        b: float = 0.7,
        c: float = 0.4,
        keep: int = 50,
        again: float = 0.0,
    ) -> None:
        super().__init__(a=a, b=b, c=c, keep=keep, again=again)

    def fit_baskets(self, baskets: Baskets, n_products: int) -> Self:
        return self.fit_matrix(baskets.matrix(n_products))
