"""Columns against fixed values: equal to one of them, given, holding a text; the one place that knows layouts.

`at` is None for all products or int32 indices; a float column that was calculated is passed with None.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from recommendations.expressions import values
from recommendations.expressions.columns import Texts, Words
from recommendations.expressions.values import Value

Column = np.ndarray | Texts | Words
FEW = 8  # up to so many numbers are compared one by one, more by binary search


def equal(column: Column, wanted: Sequence[Value], at: np.ndarray | None) -> np.ndarray:
    """bool[rows]: which equal one of `wanted` (`values.same`); of several texts, one of them."""
    if isinstance(column, np.ndarray):
        rows = column if at is None else column[at]
        if rows.dtype == bool:
            return _one_of(rows, [one for value in wanted if (one := values.truth(value)) is not None])
        found = (None if isinstance(value, bool) else values.number(value) for value in wanted)
        return _one_of(rows, [one for one in found if one is not None])
    codes = column.find(wanted)
    if isinstance(column, Texts):
        return _coded(column.codes if at is None else column.codes[at], codes, len(column.values))
    return _any_entry(column, at, lambda entries: _coded(entries, codes, len(column.values)))


def given(column: Column, at: np.ndarray | None) -> np.ndarray:
    """bool[rows]: which have a value."""
    if isinstance(column, Words):
        starts, ends = column.indptr[:-1], column.indptr[1:]
        return ends > starts if at is None else ends[at] > starts[at]
    rows = column.codes if isinstance(column, Texts) else column
    rows = rows if at is None else rows[at]
    if isinstance(column, Texts):
        return rows >= 0
    return np.ones(len(rows), bool) if rows.dtype == bool else ~np.isnan(rows)


def numbers(column: Column, at: np.ndarray | None) -> np.ndarray:
    """float64[rows], nan where there is no single number."""
    if isinstance(column, Texts):
        codes = column.codes if at is None else column.codes[at]
        return column.numbers[codes]
    if isinstance(column, Words) or column.dtype == bool:
        return np.full(_length(column, at), np.nan)
    return column if at is None else column[at]


def holding(column: Column, how: str, wanted: Sequence[Value], at: np.ndarray | None) -> np.ndarray:
    """bool[rows]: which contain (how "contains") or start with (how "starts") one of the texts `wanted`."""
    texts = [values.fold(value) for value in wanted if isinstance(value, str)]
    if isinstance(column, np.ndarray):
        return np.zeros(_length(column, at), bool)
    if isinstance(column, Words) and how == "contains":
        return equal(column, wanted, at)
    found: np.ndarray | None = None
    for text in texts:
        one = _holding(column, how, text, at)
        found = one if found is None else found | one
    return np.zeros(_length(column, at), bool) if found is None else found


def value_holds(said: Any, how: str, wanted: Sequence[Value]) -> bool:
    """The same of one value or list of values, as it came."""
    given_values = values.several(said)
    if how == "contains" and isinstance(said, (list, tuple, set, frozenset)):
        return any(values.same(one, other) for one in given_values for other in wanted)
    folded = [values.fold(one) for one in given_values if isinstance(one, str)]
    texts = [values.fold(value) for value in wanted if isinstance(value, str)]
    if how == "contains":
        return any(text in one for one in folded for text in texts)
    return any(one.startswith(text) for one in folded for text in texts)


def _holding(column: Texts | Words, how: str, text: str, at: np.ndarray | None) -> np.ndarray:
    if isinstance(column, Texts):
        codes = column.codes if at is None else column.codes[at]
        return column.holding(how, text, None if at is None else codes)[codes]
    return _any_entry(
        column, at, lambda entries: column.holding(how, text, None if at is None else entries)[entries]
    )


def _coded(codes: np.ndarray, wanted: list[int], size: int) -> np.ndarray:
    """bool[codes]: which are one of `wanted`; code -1 never is."""
    if len(wanted) == 1:
        return codes == wanted[0]
    if not wanted:
        return np.zeros(len(codes), bool)
    table = np.zeros(size + 1, bool)
    table[wanted] = True
    return table[codes]


def _any_entry(column: Words, at: np.ndarray | None, test: Any) -> np.ndarray:
    """bool[rows]: which have an entry that `test` (codes -> bool) holds for."""
    if at is None:
        found = np.zeros(len(column.indptr) - 1, bool)
        found[column.rows[test(column.codes)]] = True
        return found
    starts = column.indptr[at]
    lengths = column.indptr[at + 1] - starts
    ends = lengths.cumsum()
    row = np.repeat(np.arange(len(at)), lengths)
    place = np.arange(len(row)) + (starts - ends + lengths)[row]
    found = np.zeros(len(at), bool)
    found[row[test(column.codes[place])]] = True
    return found


def _one_of(rows: np.ndarray, wanted: list[Any]) -> np.ndarray:
    if not wanted:
        return np.zeros(len(rows), bool)
    if len(wanted) <= FEW:
        found = rows == wanted[0]
        for value in wanted[1:]:
            found |= rows == value
        return found
    ordered = np.array(sorted(wanted))
    return ordered[np.minimum(ordered.searchsorted(rows), len(ordered) - 1)] == rows


def _length(column: Column, at: np.ndarray | None) -> int:
    if at is not None:
        return len(at)
    if isinstance(column, np.ndarray):
        return len(column)
    return len(column.codes) if isinstance(column, Texts) else len(column.indptr) - 1
