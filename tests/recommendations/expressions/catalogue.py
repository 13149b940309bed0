"""Products as dicts, and the same as the arrays that masks read."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from recommendations.expressions import Texts, Words

NUMBERS = ("price", "stock", "age_days", "popularity")
FLAGS = ("in_stock", "published")
TEXTS = ("id", "title", "brand", "currency")
WORDS = ("categories", "tags")


def told(source: dict[str, Any] | None) -> dict[str, Any] | None:
    """A product or shopper as a context: attributes by their full names."""
    if source is None:
        return None
    attributes = {f"attributes.{name}": value for name, value in source.get("attributes", {}).items()}
    return {name: value for name, value in source.items() if name != "attributes"} | attributes


class Rows:
    """Columns made of dicts; an attribute's layout follows from its values."""

    def __init__(self, rows: Sequence[dict[str, Any]]) -> None:
        self.rows = rows
        self.size = len(rows)
        for name in ("flag", "number", "text", "words", "attribute"):  # a column is made once, as in an assortment
            setattr(self, name, cache(getattr(self, name)))

    def flag(self, name: str) -> np.ndarray:
        return np.array([row[name] for row in self.rows], bool)

    def number(self, name: str) -> np.ndarray:
        return _numbers([row.get(name) for row in self.rows])

    def text(self, name: str) -> Texts:
        return _texts([row.get(name) for row in self.rows])

    def words(self, name: str) -> Words:
        return _words([row.get(name) or [] for row in self.rows])

    def attribute(self, name: str) -> Texts | Words | np.ndarray:
        found = [row.get("attributes", {}).get(name) for row in self.rows]
        kinds = {type(value) for value in found if value is not None}
        if list in kinds:
            return _words([value or [] for value in found])
        if kinds == {bool} and None not in found:
            return np.array(found, bool)
        if kinds and kinds <= {int, float}:
            return _numbers(found)
        return _texts([str(value).lower() if isinstance(value, bool) else value for value in found])


def _numbers(found: list[Any]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in found], np.float64)


def _texts(found: list[Any]) -> Texts:
    values = sorted({value for value in found if value is not None})
    code = {value: number for number, value in enumerate(values)}
    return Texts(np.array([code.get(value, -1) for value in found], np.int32), values)


def _words(found: list[list[str]]) -> Words:
    values = sorted({value for row in found for value in row})
    code = {value: number for number, value in enumerate(values)}
    indptr = np.cumsum([0, *map(len, found)])
    return Words(indptr, np.array([code[value] for row in found for value in row], np.int32), values)
