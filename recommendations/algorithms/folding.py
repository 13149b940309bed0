"""Shoppers from their histories, folded into a matrix factorisation: a small system of equations for each, compiled."""

from __future__ import annotations

import numpy as np
from numba import types
from scipy import sparse

from recommendations.algorithms.kernels import compiled

_I4, _F4 = (types.Array(kind, 1, "C", readonly=True) for kind in (types.int32, types.float32))
_F4s, _F8s = (types.Array(kind, 2, "C", readonly=True) for kind in (types.float32, types.float64))
_F8 = types.Array(types.float64, 1, "C", readonly=True)
_i4, _f4s, _f8, _f8s = types.int32[::1], types.float32[:, ::1], types.float64[::1], types.float64[:, ::1]


def fold(
    histories: sparse.csr_array, factors: np.ndarray, inner: np.ndarray, table: np.ndarray, *, alpha: float
) -> np.ndarray:
    """float32 shoppers x d: solutions x of (A^-1 + N'EN) x = N'(1 + e), A^-1 = Y'Y + regularization I.

    A N'b - A N'(E^-1 + N A N')^-1 N A N'b, written without E^-1 since a weight may be 0:
    (I + E N A N') u = E N A N'b, x = A N'(b - u), with b = 1 + e.

    histories    shoppers x products; a weight times `alpha` is an entry of e. A product that comes twice counts once,
                 with both weights
    factors      float32 n x d, Y; inner: float64 d x d, A; table: float64 n x d, Y A, or without rows
    N            factors of what the shopper touched, k x d
    """
    bounds = histories.indptr.astype(np.int32)
    found = np.zeros((histories.shape[0], factors.shape[1]), np.float32)
    most = max(int(np.diff(bounds).max(initial=1)), 1)
    _fold(
        bounds,
        histories.indices.astype(np.int32),
        histories.data.astype(np.float32),
        factors,
        inner,
        table,
        alpha,
        np.empty((3, most, factors.shape[1])),
        np.empty((most, most)),
        np.empty((2, most)),
        np.empty(most, np.int32),
        found,
    )
    return found


@compiled(types.float64(_F8, _F8), boundscheck=False, fastmath={"reassoc", "contract"})
def _dot(left, right):  # type: ignore[no-untyped-def]
    """In any order, so that it is done in steps of eight. Unchecked: both are rows of one scratch."""
    total = 0.0
    for at in range(len(left)):
        total += left[at] * right[at]
    return total


@compiled(types.void(_f8, _F8, types.float64), boundscheck=False)
def _add(whole, part, times):  # type: ignore[no-untyped-def]
    for at in range(len(whole)):
        whole[at] += part[at] * times


@compiled(types.int64(_I4, _F4, types.float64, _i4, _f8))
def _distinct(items, weights, alpha, met, extra):  # type: ignore[no-untyped-def]
    """Each product once, with the sum of its weights x alpha; how many there are."""
    count = 0
    for at in range(len(items)):
        place = 0
        while place < count and met[place] != items[at]:
            place += 1
        if place == count:
            met[count], extra[count] = items[at], 0.0
            count += 1
        extra[place] += weights[at] * alpha
    return count


@compiled(types.void(_f8s, _f8, types.int64), boundscheck=False)
def _solve(left, right, size):  # type: ignore[no-untyped-def]
    """The solution of left x = right in place of `right`, by elimination with the largest pivot of each column."""
    for step in range(size):
        pivot = step
        for row in range(step + 1, size):
            if abs(left[row, step]) > abs(left[pivot, step]):
                pivot = row
        if pivot != step:
            for column in range(step, size):
                left[step, column], left[pivot, column] = left[pivot, column], left[step, column]
            right[step], right[pivot] = right[pivot], right[step]
        for row in range(step + 1, size):
            times = -left[row, step] / left[step, step]
            for column in range(step + 1, size):
                left[row, column] += left[step, column] * times
            right[row] += right[step] * times
    for step in range(size - 1, -1, -1):
        for column in range(step + 1, size):
            right[step] -= left[step, column] * right[column]
        right[step] /= left[step, step]


@compiled([types.void(_f8, _F4), types.void(_f8, _F8)], boundscheck=False)
def _copy(whole, part):  # type: ignore[no-untyped-def]
    for at in range(len(whole)):
        whole[at] = part[at]


@compiled(types.void(_F8s, types.int64, _F8s, _F8, _f8s, _f8), boundscheck=False)
def _equations(through, size, near, extra, left, right):  # type: ignore[no-untyped-def]
    """left = I + E N A N', right = E N A N'(1 + e)."""
    for one in range(size):
        for other in range(one + 1):
            left[one, other] = left[other, one] = _dot(through[one], near[other])
    for one in range(size):
        right[one] = 0.0
        for other in range(size):
            right[one] += left[one, other] * (1.0 + extra[other])
        right[one] *= extra[one]
        for other in range(size):
            left[one, other] *= extra[one]
        left[one, one] += 1.0


@compiled(
    types.void(_I4, _I4, _F4, _F4s, _F8s, _F8s, types.float64, types.float64[:, :, ::1], _f8s, _f8s, _i4, _f4s),
    boundscheck=False,
)
def _fold(indptr, items, weights, factors, inner, table, alpha, rows, left, sides, met, found):  # type: ignore[no-untyped-def]
    """The sum of `fold`; rows, left, sides and met are scratch for the longest history. A product is checked here."""
    near, through, whole, extra, right = rows[0], rows[1], rows[2, 0], sides[0], sides[1]
    for shopper in range(len(found)):
        first, last = indptr[shopper], indptr[shopper + 1]
        size = _distinct(items[first:last], weights[first:last], alpha, met, extra)
        for one in range(size):
            if met[one] < 0 or met[one] >= len(factors):
                raise IndexError
            _copy(near[one], factors[met[one]])
            if len(table) > 0:
                _copy(through[one], table[met[one]])
            else:
                through[one] = 0.0
                for at in range(len(inner)):
                    _add(through[one], inner[at], near[one, at])
        _equations(through, size, near, extra, left, right)
        _solve(left, right, size)
        whole[:] = 0.0
        for one in range(size):
            _add(whole, through[one], 1.0 + extra[one] - right[one])
        for at in range(len(whole)):
            found[shopper, at] = whole[at]
