"""The small systems of local regression over a large catalogue: one row of the Gram matrix at a time."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from recommendations.algorithms.scoring import Sums

# Entries of systems held at once: 400 MB.
HELD = 100_000_000
# Systems handed to LAPACK in one call.
CALL = 256


def solved(scaled: sparse.csr_array, wanted: sparse.csr_array, near: sparse.csr_array, lam: float) -> np.ndarray:
    """For each row j of `near`, with the products N it holds: (G_NN + lam I) w = H_jN, w in its places.

    scaled, wanted   shoppers x products; G = scaled' scaled, H = wanted' scaled
    near             products x products, at most some hundred in each row

    No row of G is kept: that of a product is made once for all systems of a block that ask for it, so
    that the cost is that of G and the memory that of the block.
    """
    counts = np.diff(near.indptr)
    values = np.zeros(near.nnz, np.float32)
    rows = np.flatnonzero(counts)
    if not len(rows):
        return values
    width = int(counts.max())
    step = max(1, HELD // (width * width))
    sums = _Rows(scaled)
    goals = None if wanted is scaled else _Rows(scaled, wanted)
    for start in range(0, len(rows), step):
        block = rows[start : start + step]
        systems, right = _block(sums, goals, near, block, width)
        _solve(systems, right, near, block, lam, values)
    return values


class _Rows:
    """Rows of left' right as dense vectors, one at a time, with a zero behind the last product."""

    def __init__(self, right: sparse.csr_array, left: sparse.csr_array | None = None) -> None:
        turned = sparse.csr_array((right if left is None else left).T)
        self.starts, self.who, self.worth = turned.indptr, turned.indices, turned.data
        self.rows = right.indptr.astype(np.int64), right.indices.astype(np.int32), right.data.astype(np.float32)
        self.sums = Sums(right.shape[1])
        self.line, self.used = np.zeros(right.shape[1] + 1, np.float32), np.empty(0, np.int32)

    def of(self, product: int) -> np.ndarray:
        """Valid until the next call."""
        self.line[self.used] = 0
        span = slice(self.starts[product], self.starts[product + 1])
        self.sums.add_rows(self.rows, self.who[span], self.worth[span])
        self.used, totals = self.sums.take()
        self.line[self.used] = totals
        return self.line


def _block(
    sums: _Rows, goals: _Rows | None, near: sparse.csr_array, block: np.ndarray, width: int
) -> tuple[np.ndarray, np.ndarray]:
    size = near.shape[0]
    counts = np.diff(near.indptr)[block]
    inside = np.arange(width) < counts[:, None]
    nearest = np.full((len(block), width), size, np.int32)  # behind the last product: zero
    nearest[inside] = near.indices[_spans(near, block, counts)]
    systems = np.zeros((len(block), width, width), np.float32)
    right = np.zeros((len(block), width), np.float32)
    flat = nearest.ravel()
    order = np.argsort(flat, kind="stable")
    order = order[: int(counts.sum())]
    asked, first = np.unique(flat[order], return_index=True)
    ends = np.append(first[1:], len(order))
    for product, start, end in zip(asked.tolist(), first.tolist(), ends.tolist(), strict=True):
        line = sums.of(product)
        places, columns = np.divmod(order[start:end], width)
        systems[places, columns] = line[nearest[places]]
    source = sums if goals is None else goals
    for place, product in enumerate(block.tolist()):
        right[place] = source.of(product)[nearest[place]]
    return systems, right


def _spans(near: sparse.csr_array, block: np.ndarray, counts: np.ndarray) -> np.ndarray:
    starts = near.indptr[block].astype(np.int64)
    ends = np.cumsum(counts)
    return np.arange(int(ends[-1])) + np.repeat(starts - ends + counts, counts)


def _solve(
    systems: np.ndarray, right: np.ndarray, near: sparse.csr_array, block: np.ndarray, lam: float,
    values: np.ndarray,
) -> None:
    width = systems.shape[1]
    counts = np.diff(near.indptr)[block]
    diagonal = np.arange(width)
    found = np.empty_like(right)
    for start in range(0, len(block), CALL):
        part = systems[start : start + CALL]
        part[:, diagonal, diagonal] += np.float32(lam)
        found[start : start + CALL] = np.linalg.solve(part, right[start : start + CALL, :, None])[:, :, 0]
    values[_spans(near, block, counts)] = found[np.arange(width) < counts[:, None]]
