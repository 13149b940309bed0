"""Recommenders that are one sparse item-item matrix: the score is a sum of the history's rows."""

from __future__ import annotations

from typing import Self

import numpy as np
from scipy import sparse

from recommendations.algorithms import scoring
from recommendations.algorithms.base import NOTHING, Recommender, Scores
from recommendations.algorithms.data import Interactions
from recommendations.algorithms.ids import Arrays


class ItemRows(Recommender):
    """Score = sum over the history of weight x row of the matrix."""

    def score_history(
        self, items: np.ndarray, weights: np.ndarray, customer: int = -1
    ) -> Scores:
        if not len(items):
            return NOTHING
        sums = scoring.begin(len(self.indptr) - 1)
        self.add_to(sums, items, weights)
        return sums.take()

    def add_to(
        self, sums: scoring.Sums, items: np.ndarray, weights: np.ndarray, worth: np.float32 = scoring.ONE
    ) -> None:
        """Adds the scores of a history, times `worth`."""
        sums.add_rows((self.indptr, self.indices, self.data), items, weights, worth)

    def score_many(self, histories: sparse.csr_array, customers: np.ndarray) -> sparse.csr_array:
        """The same for many shoppers at once: shoppers x products, weights as values."""
        return sparse.csr_array(histories @ self.matrix())

    def similar(self, item: int) -> Scores:
        row = slice(self.indptr[item], self.indptr[item + 1])
        columns, values = self.indices[row], self.data[row]
        kept = (values > 0) & (columns != item)
        return columns[kept], values[kept]

    def matrix(self) -> sparse.csr_array:
        size = len(self.indptr) - 1
        return sparse.csr_array((self.data, self.indices, self.indptr), shape=(size, size))

    def take(self, matrix: sparse.csr_array) -> Self:
        """Serve this matrix."""
        matrix.sort_indices()
        self.restore({
            "indptr": matrix.indptr.astype(np.int64),
            "indices": matrix.indices.astype(np.int32),
            "data": matrix.data.astype(np.float32),
        })
        return self

    def arrays(self) -> Arrays:
        return {"indptr": self.indptr, "indices": self.indices, "data": self.data}

    def restore(self, arrays: Arrays) -> None:
        self.indptr = arrays["indptr"]
        self.indices = arrays["indices"]
        self.data = arrays["data"]


def signals(
    interactions: Interactions, targets: list[int] | None
) -> tuple[sparse.csr_array, sparse.csr_array]:
    """(what shoppers touched, what of it counts as wanted), 0/1, customers x products.

    `targets` are the kinds of events to be predicted; None: all, and both are the same object.
    """
    capped = interactions.capped()
    source = capped.matrix()
    if targets is None or not len(capped):
        return source, source
    wanted = np.isin(capped.kind, targets)
    return (source, source) if wanted.all() else (source, capped.take(wanted).matrix())


def leaning(source: sparse.csr_array, wanted: sparse.csr_array, lean: float) -> sparse.csr_array:
    """`wanted`, and `lean` for what was touched beside it; at 1 that is `source` itself."""
    if wanted is source or not lean:
        return wanted
    if lean == 1:
        return source
    return sparse.csr_array(source * np.float32(lean) + wanted * np.float32(1 - lean)).astype(np.float32)


def rarer(rows: sparse.csr_array, wanted: sparse.csr_array, power: float) -> sparse.csr_array:
    """Columns divided by (shoppers who wanted the product)^power; nobody counts as one."""
    if not power:
        return rows
    counts = np.maximum(np.bincount(wanted.indices, minlength=wanted.shape[1]), 1.0)
    data = rows.data * (counts ** -power).astype(np.float32)[rows.indices]
    return sparse.csr_array((data, rows.indices, rows.indptr), shape=rows.shape)


def top_of_rows(rows: np.ndarray, keep: int) -> sparse.csr_array:
    """The `keep` entries of each row that are largest in size, as a sparse matrix."""
    size = rows.shape[1]
    if keep >= size:
        return sparse.csr_array(rows)
    chosen = np.argpartition(-np.abs(rows), keep, axis=1)[:, :keep]
    values = np.take_along_axis(rows, chosen, axis=1)
    indptr = np.arange(0, values.size + 1, keep)
    built = sparse.csr_array((values.ravel(), chosen.ravel(), indptr), shape=rows.shape)
    built.sort_indices()
    return built
