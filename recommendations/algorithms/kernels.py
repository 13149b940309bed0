"""Loops over single numbers, compiled for this processor: sums of sparse rows, the best few, who speaks for whom.

Compiled by numba when this module is first imported on a machine, read from its cache afterwards. The types are
fixed here, so that nothing is compiled while somebody waits for an answer. The interpreter's lock is kept: a
kernel takes some microseconds, and giving the lock to another thread and getting it back would take more. An index
outside its array raises IndexError, as an artefact may be damaged; the scratch is dirty then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit, types

# Read-only covers both: arrays are mapped from files, or made by the caller.
_I8 = types.Array(types.int64, 1, "C", readonly=True)
_I4 = types.Array(types.int32, 1, "C", readonly=True)
_F4 = types.Array(types.float32, 1, "C", readonly=True)
_F4s = types.Array(types.float32, 2, "C", readonly=True)
_i4s, _f4s = types.int32[:, ::1], types.float32[:, ::1]
_i4, _f4, _b1 = types.int32[::1], types.float32[::1], types.boolean[::1]


def compiled(
    signature: Any, *, boundscheck: bool = True, fastmath: Any = False, nogil: bool = False
) -> Callable[[Any], Any]:
    """njit with a cache on disk where one can be written; else it is compiled by every process. The cache does not
    notice a change in another file: a kernel calls none of another module."""
    options = {"boundscheck": boundscheck, "fastmath": fastmath, "nogil": nogil}

    def decorate(function: Any) -> Any:
        try:
            return njit(signature, cache=True, **options)(function)
        except (RuntimeError, OSError):  # neither beside this file, nor in NUMBA_CACHE_DIR, nor in the user's folder
            return njit(signature, **options)(function)

    return decorate


@compiled(types.void(_I8, types.int64, types.int64, types.int64), boundscheck=False)
def _check(indptr, row, entries, columns):  # type: ignore[no-untyped-def]
    """Raises IndexError unless the row is one of the matrix and its entries are among so many; `columns` > 0."""
    if row < 0 or row + 1 >= len(indptr) or columns <= 0:
        raise IndexError("no such row")
    if indptr[row] < 0 or indptr[row + 1] > entries:
        raise IndexError("a row outside of its matrix")


@compiled(types.int64(_f4, _b1, _i4, types.int64, _I8, _I4, _F4, _I4, _F4, types.float32), boundscheck=False)
def add_rows(sums, is_met, met, count, indptr, indices, data, rows, weights, worth):  # type: ignore[no-untyped-def]
    """Adds value x row's weight x worth of every entry of these rows to `sums`; how many columns are met by now.

    sums, is_met   by column; met: the columns met, `count` of them before
    Bounds are looked at by hand, once for a row and once for a column: half the cost of every single access.
    """
    size, entries = types.uint64(min(len(sums), len(is_met), len(met))), min(len(indices), len(data))
    known = types.uint64(count)
    if len(weights) < len(rows):
        raise IndexError("a row without a weight")
    for number in range(len(rows)):
        row, weight = rows[number], weights[number]
        _check(indptr, row, entries, size)
        for at in range(types.uint64(indptr[row]), types.uint64(max(indptr[row], indptr[row + 1]))):
            column = types.uint64(types.uint32(indices[at]))  # a negative one is beyond every size
            if column >= size:
                raise IndexError("a column outside of the catalogue")
            if not is_met[column]:
                is_met[column] = True
                met[known] = column
                known += types.uint64(1)
            sums[column] += data[at] * weight * worth
    return known


@compiled(types.int64(_f4, _b1, _i4, types.int64, _I4, _F4, types.float32))
def add_entries(sums, is_met, met, count, columns, values, worth):  # type: ignore[no-untyped-def]
    """The same for entries as they are: value x worth."""
    for at in range(len(columns)):
        column = columns[at]
        if not is_met[column]:
            is_met[column] = True
            met[count] = column
            count += 1
        sums[column] += values[at] * worth
    return count


@compiled(types.void(_f4, _b1, _i4, _i4, _f4))
def collect(sums, is_met, met, columns, totals):  # type: ignore[no-untyped-def]
    """Copies the columns met and their sums, and leaves the scratch clean."""
    for at in range(len(columns)):
        column = met[at]
        columns[at], totals[at] = column, sums[column]
        sums[column], is_met[column] = 0, False


@compiled(types.void(_i4, _f4, types.int64, types.int32, types.float32))
def _sink(items, scores, count, item, score):  # type: ignore[no-untyped-def]
    """Puts an entry in the place of the top of a heap of `count`, worst on top."""
    place = 0
    while True:
        below = 2 * place + 1
        if below >= count:
            break
        other = below + 1
        if other < count and (
            scores[other] < scores[below] or (scores[other] == scores[below] and items[other] > items[below])
        ):
            below = other
        if score < scores[below] or (score == scores[below] and item > items[below]):
            break
        items[place], scores[place] = items[below], scores[below]
        place = below
    items[place], scores[place] = item, score


@compiled(types.int64(_i4, _f4, types.int64, types.int32, types.float32))
def _offer(items, scores, count, item, score):  # type: ignore[no-untyped-def]
    """One more entry for the heap of the best, the worst of them on top; how many it holds. Ties: the lower item."""
    if score != score:
        return count
    if count == len(items):
        if score > scores[0] or (score == scores[0] and item < items[0]):
            _sink(items, scores, count, item, score)
        return count
    place = count
    while place > 0:
        above = (place - 1) // 2
        if scores[above] < score or (scores[above] == score and items[above] > item):
            break
        items[place], scores[place] = items[above], scores[above]
        place = above
    items[place], scores[place] = item, score
    return count + 1


@compiled(types.void(_i4, _f4, types.int64))
def _sort(items, scores, count):  # type: ignore[no-untyped-def]
    """The heap, best first."""
    for end in range(count - 1, 0, -1):
        item, score = items[end], scores[end]
        items[end], scores[end] = items[0], scores[0]
        _sink(items, scores, end, item, score)


@compiled(types.int64(_I4, _F4, _i4, _f4))
def leading(items, scores, best_items, best_scores):  # type: ignore[no-untyped-def]
    """The highest of distinct items by (score, lower item), best first, into `best_*`; how many there are.

    Most entries cost one comparison. NaN is left out.
    """
    count = 0
    for at in range(len(items)):
        count = _offer(best_items, best_scores, count, items[at], scores[at])
    _sort(best_items, best_scores, count)
    return count


@compiled(types.int64(_F4, _i4, _f4))
def leading_of_all(scores, best_items, best_scores):  # type: ignore[no-untyped-def]
    """The same where scores[i] is item i's."""
    count = 0
    for at in range(len(scores)):
        count = _offer(best_items, best_scores, count, types.int32(at), scores[at])
    _sort(best_items, best_scores, count)
    return count


@compiled(types.void(_f4, _I8, _I4, _F4, _I4, _I4, _F4, _i4), boundscheck=False)
def strongest(worth, indptr, indices, data, items, past, weights, found):  # type: ignore[no-untyped-def]
    """For each item the product of the past whose weight x entry in the item's row is largest; -1 for none.

    worth    scratch by product, clean before and after
    """
    size, entries = types.uint64(len(worth)), min(len(indices), len(data))
    if len(weights) < len(past) or len(found) < len(items):
        raise IndexError("a product without a weight or a place")
    for at in range(len(past)):
        if types.uint64(types.uint32(past[at])) >= size:
            raise IndexError("a product outside of the catalogue")
        worth[past[at]] = weights[at]
    for number in range(len(items)):
        most, speaker = types.float32(0), types.int32(-1)
        row = items[number]
        _check(indptr, row, entries, size)
        for at in range(types.uint64(indptr[row]), types.uint64(max(indptr[row], indptr[row + 1]))):
            column = types.uint64(types.uint32(indices[at]))
            if column >= size:
                raise IndexError("a column outside of the catalogue")
            said = worth[column]
            if said > 0 and said * data[at] > most:
                most, speaker = said * data[at], indices[at]
        found[number] = speaker
    for at in range(len(past)):
        worth[past[at]] = 0


@compiled(types.int64(_F4, types.float32), boundscheck=False)
def _above(values, floor):  # type: ignore[no-untyped-def]
    """How many are greater. Its only index is its own loop's, and unchecked it is done in steps of sixteen."""
    count = 0
    for at in range(len(values)):
        if values[at] > floor:
            count += 1
    return count


@compiled(types.void(_F4s, _I8, _I4, _i4s, _f4s), boundscheck=False)
def rise(values, rows, items, best_items, best_scores):  # type: ignore[no-untyped-def]
    """Puts what is greater than the last of a row's best into its place among them; of equals the earlier stays first.

    values    float32 rows x columns; `rows` says whose they are, `items` what the columns are
    best_*    of all rows, best first, filled up with -inf
    Unchecked: the caller made `rows` and all shapes by itself. NaN is left out.
    """
    width, last = values.shape[1], best_scores.shape[1] - 1
    for number in range(len(rows)):
        mine, row = values[number], rows[number]
        floor = best_scores[row, last]
        for start in range(0, width, 32):
            part = mine[start : start + 32]
            if _above(part, floor) == 0:
                continue
            for at in range(len(part)):
                score = part[at]
                if not score > floor:
                    continue
                place = last
                while place > 0 and best_scores[row, place - 1] < score:
                    best_scores[row, place] = best_scores[row, place - 1]
                    best_items[row, place] = best_items[row, place - 1]
                    place -= 1
                best_scores[row, place], best_items[row, place] = score, items[start + at]
                floor = best_scores[row, last]
