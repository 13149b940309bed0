"""The catalogue as arrays: Texts and Words with look-ups by value, and the Columns that masks read."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Protocol

import numpy as np

from recommendations.expressions.values import Value, fold, number

KEPT = 16  # masks of the vocabulary kept per column; a shop's rules ask for the same few texts again and again


def _holds(how: str, text: str, value: str) -> bool:
    return text in value if how == "contains" else value.startswith(text)


class Vocabulary:
    """The distinct values of a column, found by what they say. Made lazily, kept with the column:
    build a column once per state of the catalogue and hand out the same object."""

    values: Sequence[str]

    @cached_property
    def folded(self) -> list[str]:
        """The values folded; one that is so already is the same object, or a million ids would be kept twice."""
        return [value if (one := fold(value)) == value else one for value in self.values]

    @cached_property
    def numbers(self) -> np.ndarray:
        """float64[values + 1]; nan where a value is no number, and in the last place, which code -1 reads."""
        found = (number(value) for value in self.values)
        return np.array([*(np.nan if one is None else one for one in found), np.nan], np.float64)

    @cached_property
    def _by_text(self) -> tuple[dict[str, int], dict[str, list[int]]]:
        """The last code of every folded text, and the others of those that several values fold to."""
        last = {value: code for code, value in enumerate(self.folded)}
        others: dict[str, list[int]] = {}
        if len(last) < len(self.values):
            for code, value in enumerate(self.folded):
                if last[value] != code:
                    others.setdefault(value, []).append(code)
        return last, others

    @cached_property
    def _kept(self) -> dict[tuple[str, str], np.ndarray]:
        return {}

    def find(self, wanted: Iterable[Value]) -> list[int]:
        """Codes of all values that equal one of `wanted` (`values.same`)."""
        codes: set[int] = set()
        for value in wanted:
            if isinstance(value, float):
                codes.update(np.flatnonzero(self.numbers == value).tolist())
                continue
            text = fold(value) if isinstance(value, str) else "true" if value else "false"
            if (last := self._by_text[0].get(text)) is not None:
                codes.update((last, *self._by_text[1].get(text, ())))
        return sorted(codes)

    def holding(self, how: str, text: str, codes: np.ndarray | None = None) -> np.ndarray:
        """bool[values + 1]: which contain `text` ("contains") or start with it ("starts"), both folded; the
        last, which code -1 reads, does not. With `codes`, only these are looked at, unless all are known."""
        kept = self._kept.get((how, text))
        if kept is not None:
            return kept
        found = np.zeros(len(self.values) + 1, bool)
        if codes is not None and 4 * len(codes) < len(self.values):
            for code in set(codes.tolist()):
                found[code] = code >= 0 and _holds(how, text, self.folded[code])
            return found
        found[:-1] = [_holds(how, text, value) for value in self.folded]
        if len(self._kept) >= KEPT:
            self._kept.clear()
        self._kept[how, text] = found
        return found


class Texts(Vocabulary):
    """One text per product: codes int32[size] into values, -1 = none."""

    def __init__(self, codes: np.ndarray, values: Sequence[str]) -> None:
        self.codes = np.asarray(codes, np.int32)
        self.values = values


class Words(Vocabulary):
    """Several texts per product: those of product i are codes[indptr[i]:indptr[i + 1]]; no code is negative."""

    def __init__(self, indptr: np.ndarray, codes: np.ndarray, values: Sequence[str]) -> None:
        self.indptr = np.asarray(indptr, np.int64)
        self.codes = np.asarray(codes, np.int32)
        self.values = values

    @cached_property
    def rows(self) -> np.ndarray:
        """int32[entries]: whose entry each is."""
        return np.repeat(np.arange(len(self.indptr) - 1, dtype=np.int32), np.diff(self.indptr))


class Columns(Protocol):
    """The products of one shop as arrays, all of length `size`."""

    size: int

    def flag(self, name: str) -> np.ndarray:
        """bool[size]; never missing."""
        ...

    def number(self, name: str) -> np.ndarray:
        """float64[size]; nan = not given."""
        ...

    def text(self, name: str) -> Texts: ...

    def words(self, name: str) -> Words: ...

    def attribute(self, name: str) -> Texts | Words | np.ndarray:
        """An attribute, by its exact name: float64[size] with nan where all its values are numbers, Texts,
        or Words where products have several. Truth values are the texts "true" and "false", since a bool
        cannot be missing; a bool array is taken too. An unknown name gives an empty column."""
        ...
