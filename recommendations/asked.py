"""Reading the fields of a question one by one: each gives a clean value, or notes why it cannot."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from luxebrain.lib.problems import Problem
from recommendations import expressions
from recommendations.expressions import ExpressionError


def external_id(value: Any) -> str:
    """A shop's own id: text of 1 to 64 characters, or a whole number. Raises ValueError."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise ValueError("Give the id as text.")
    if value.isascii() and value.isprintable() and 0 < len(value) <= 64:
        return value.strip() or _empty()
    value = unicodedata.normalize("NFC", value).strip()
    if not 0 < len(value) <= 64:
        raise ValueError("An id has 1 to 64 characters.")
    if any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} for char in value):
        raise ValueError("An id may not contain control or invisible characters.")
    return value


def _empty() -> str:
    raise ValueError("An id has 1 to 64 characters.")


class Given:
    """The values of one object; `at` stands before the names of its fields where they are told."""

    def __init__(self, values: Mapping[str, Any], *, at: str = "", wrong: dict[str, str] | None = None) -> None:
        self.values, self.at = values, at
        self.wrong: dict[str, str] = {} if wrong is None else wrong

    def refuse(self, name: str, message: str) -> None:
        self.wrong[f"{self.at}{name}"] = message

    def has_error(self, name: str) -> bool:
        return f"{self.at}{name}" in self.wrong

    def check(self) -> None:
        """Raises Problem with everything that was refused."""
        if self.wrong:
            raise Problem("Some parameters are not right.", fields=self.wrong)

    def know(self, names: frozenset[str] | set[str]) -> None:
        for name in self.values:
            if name not in names:
                self.refuse(str(name)[:60], "There is no such parameter.")

    def identifier(self, name: str) -> str:
        value = self.values.get(name)
        if value in (None, ""):
            return ""
        try:
            return external_id(value)
        except ValueError as error:
            self.refuse(name, str(error))
            return ""

    def ids(self, name: str, most: int) -> tuple[str, ...]:
        """A list of ids, or one id."""
        value = self.values.get(name)
        if value in (None, "", []):
            return ()
        rows = value if isinstance(value, list) else [value]
        if len(rows) > most or (name in {"exclude", "candidates"} and not isinstance(value, list)):
            self.refuse(name, f"A list of at most {most} product ids.")
            return ()
        try:
            return tuple(dict.fromkeys(external_id(one) for one in rows))
        except ValueError as error:
            self.refuse(name, str(error))
            return ()

    def whole(self, name: str, least: int, most: int, *, default: int) -> int:
        value = self.values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.refuse(name, f"A whole number from {least} to {most}.")
            return default
        return value

    def share(self, name: str) -> float:
        value = self.values.get(name, 0.0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            self.refuse(name, "A number from 0 to 1.")
            return 0.0
        return float(value)

    def flag(self, name: str) -> bool:
        value = self.values.get(name, False)
        if not isinstance(value, bool):
            self.refuse(name, "true or false.")
        return value is True

    def choice(self, name: str, choices: Sequence[str], default: str) -> str:
        if name not in self.values:
            return default
        value = self.values[name]
        if not isinstance(value, str) or value not in choices:
            self.refuse(name, f"One of {', '.join(choices)}.")
            return default
        return value

    def pattern(self, name: str, pattern: re.Pattern[str], message: str) -> str:
        value = self.values.get(name)
        if value in (None, ""):
            return ""
        if not isinstance(value, str) or not pattern.fullmatch(value):
            self.refuse(name, message)
            return ""
        return value

    def expression(self, name: str) -> expressions.Expression | None:
        value = self.values.get(name)
        if value in (None, ""):
            return None
        if not isinstance(value, str):
            self.refuse(name, "An expression as text, e.g. price < 50 and in_stock.")
            return None
        try:
            return expressions.parse(value)
        except ExpressionError as error:
            self.refuse(name, f"Column {error.column}: {error.message}")
            return None

    def objects(self, name: str, most: int) -> list[Mapping[str, Any]]:
        """A list of 1 to `most` objects."""
        value = self.values.get(name)
        rows = value if isinstance(value, list) else []
        if not 1 <= len(rows) <= most or not all(isinstance(row, Mapping) for row in rows):
            self.refuse(name, f"A list of 1 to {most} objects.")
            return []
        return rows

    def boosts(self, name: str, most: int) -> list[tuple[expressions.Expression, float]]:
        """[{"filter": an expression, "factor": 0 to 100}, …]."""
        if self.values.get(name) in (None, []):
            return []
        found = []
        for number, row in enumerate(self.objects(name, most)):
            own = Given(row, at=f"{self.at}{name}.{number}.", wrong=self.wrong)
            own.know({"filter", "factor"})
            where, factor = own.expression("filter"), row.get("factor")
            if where is None and not own.has_error("filter"):
                own.refuse("filter", "Say which products, e.g. brand == \"Acme\".")
            number_given = isinstance(factor, int | float) and not isinstance(factor, bool)
            if not number_given or not isfinite(factor) or not 0 <= factor <= 100:
                own.refuse("factor", "A number from 0 to 100: above 1 lifts, below 1 lowers.")
            elif where is not None:
                found.append((where, float(factor)))
        return found
