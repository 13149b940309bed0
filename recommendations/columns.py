"""Columns of an assortment: how each is made of the rows of the window, and from which of their fields."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from recommendations.expressions import Texts, Words
from recommendations.window import Row

NAN = float("nan")
# Flags and numbers of a row: their columns are followed place by place.
PICKS: dict[str, Callable[[Row], Any]] = {
    "published": lambda row: row.is_published,
    "in_stock": lambda row: row.stock is None or row.stock > 0,
    "price": lambda row: float(row.price) if row.price is not None else NAN,
    "stock": lambda row: float(row.stock) if row.stock is not None else NAN,
}
# Columns that are not made from the field of their own name. "": from no row at all; None: they age.
_SOURCES: dict[str, str | None] = {
    "published": "is_published", "in_stock": "stock", "newest": "created_at", "age_days": None, "id": "",
    "popularity": "", "groups": "attributes", "has_groups": "attributes",
}  # fmt: skip


def source_of(column: str) -> str | None:
    """The field of a row from which a column is made."""
    return _SOURCES.get(column, column.partition(".")[0])


def age(now: float) -> Callable[[Row], float]:
    """Days that a product has been in the catalogue."""
    return lambda row: (now - row.created_at) / 86_400 if row.created_at else NAN


def codes(column: Any, item: int) -> list[int]:
    if isinstance(column, Words):
        return column.codes[column.indptr[item] : column.indptr[item + 1]].tolist()
    code = int(column.codes[item])
    return [code] if code >= 0 else []


def texts(values: list[str]) -> Texts:
    numbers: dict[str, int] = {}
    codes = np.fromiter((numbers.setdefault(one, len(numbers)) if one else -1 for one in values), np.int32, len(values))
    return Texts(codes, list(numbers))


def words(values: list[Sequence[str]]) -> Words:
    numbers: dict[str, int] = {}
    codes = [numbers.setdefault(one, len(numbers)) for row in values for one in row]
    indptr = np.concatenate(([0], np.cumsum([len(row) for row in values]))).astype(np.int64)
    return Words(indptr, np.array(codes, np.int32), list(numbers))


def attribute(rows: list[dict[str, Any]], name: str) -> Texts | Words | np.ndarray:
    values = [row.get(name) for row in rows]
    given = [value for value in values if value is not None]
    if given and all(isinstance(value, int | float) and not isinstance(value, bool) for value in given):
        return np.array([float("nan") if value is None else float(value) for value in values])
    if any(isinstance(value, list) for value in given):
        return words([[said(one) for one in listed(value) if one is not None] for value in values])
    return texts(["" if value is None else said(value) for value in values])


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def said(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
