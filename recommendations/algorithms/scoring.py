"""Sums of sparse item-item rows at a cost that does not grow with the catalogue."""

from __future__ import annotations

import threading

import numpy as np

Rows = tuple[np.ndarray, np.ndarray, np.ndarray]  # int64 indptr, int32 indices, float32 data
ONE = np.float32(1)
_scratch = threading.local()


class Sums:
    """What entries add up to by column, in arrays that one thread uses again and again.

    Entries are added one after another in float32, so that equal input gives equal bits.
    """

    def __init__(self, size: int) -> None:
        # Compiled code, 1.5 s to take up: only processes that score pay for it.
        from recommendations.algorithms import kernels

        self.kernels, self.size, self.count = kernels, size, 0
        self.totals = np.zeros(size, np.float32)
        self.is_met = np.zeros(size, np.bool_)
        self.met = np.empty(size, np.int32)

    def add_rows(self, matrix: Rows, rows: np.ndarray, weights: np.ndarray, worth: np.float32 = ONE) -> None:
        """value x row's weight x worth of every entry of these rows; rows int32, weights float32."""
        before, self.count = self.count, -1  # where an index is wrong: not to be used again
        self.count = self.kernels.add_rows(
            self.totals, self.is_met, self.met, before, *matrix, _as(rows, np.int32), _as(weights, np.float32), worth,
        )

    def add(self, columns: np.ndarray, values: np.ndarray, worth: np.float32 = ONE) -> None:
        """value x worth of these entries; columns int32, values float32."""
        before, self.count = self.count, -1
        self.count = self.kernels.add_entries(
            self.totals, self.is_met, self.met, before, _as(columns, np.int32), _as(values, np.float32), worth,
        )

    def take(self) -> tuple[np.ndarray, np.ndarray]:
        """(int32 columns in the order in which they were first met, float32 sums); all is zero again."""
        columns, totals = np.empty(self.count, np.int32), np.empty(self.count, np.float32)
        self.kernels.collect(self.totals, self.is_met, self.met, columns, totals)
        self.count = 0
        return columns, totals


def _as(array: np.ndarray, kind: type) -> np.ndarray:
    return array if array.dtype == kind else array.astype(kind)


def begin(size: int) -> Sums:
    """This thread's sums, empty, with room for `size` columns. Taken before anybody begins anew."""
    sums = getattr(_scratch, "sums", None)
    if sums is None or sums.size < size or sums.count:
        _scratch.sums = sums = Sums(size)
    return sums


def summed_rows(matrix: Rows, rows: np.ndarray, weights: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """(int32 columns, float32 sums) of row x weight, each column once."""
    sums = begin(size)
    sums.add_rows(matrix, rows, weights)
    return sums.take()
