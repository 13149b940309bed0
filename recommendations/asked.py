"""Reading the fields of a question one by one: each gives a clean value, or notes why it cannot."""

import re
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from luxebrain.lib.problems import Problem, fault
from recommendations import expressions, fields
from recommendations.expressions import ExpressionError
from recommendations.fields import Refused

Wrong = dict[str, tuple[str, str]]  # field: (code, message)


def refusal(wrong: Wrong) -> Problem:
    return Problem(
        "Some parameters are not right.",
        errors=[fault(name, code, message) for name, (code, message) in wrong.items()],
    )


class Given:
    """The values of one object; `at` stands before the names of its fields where they are told."""

    def __init__(self, values: Mapping[str, Any], *, at: str = "", wrong: Wrong | None = None) -> None:
        self.values, self.at = values, at
        self.wrong: Wrong = {} if wrong is None else wrong

    def refuse(self, name: str, code: str, message: str) -> None:
        self.wrong[f"{self.at}{name}"] = (code, message)

    def has_error(self, name: str) -> bool:
        """Whether the field, or something in it, was refused."""
        full = f"{self.at}{name}"
        return full in self.wrong or any(field.startswith(f"{full}.") for field in self.wrong)

    def check(self) -> None:
        """Raises Problem with everything that was refused."""
        if self.wrong:
            raise refusal(self.wrong)

    def know(self, names: frozenset[str] | set[str]) -> None:
        for name in self.values:
            if name not in names:
                self.refuse(fields.shown(name), "unknown", "There is no such parameter.")

    def identifier(self, name: str) -> str:
        value = self.values.get(name)
        if value in (None, ""):
            return ""
        try:
            return fields.identifier(value)
        except Refused as refused:
            self.refuse(name, refused.code, refused.message)
            return ""

    def ids(self, name: str, most: int) -> tuple[str, ...]:
        """A list of ids, or one id."""
        value = self.values.get(name)
        if value in (None, "", []):
            return ()
        rows = value if isinstance(value, list) else [value]
        if len(rows) > most or (name in {"exclude", "candidates"} and not isinstance(value, list)):
            code = "too_many" if isinstance(value, list) else "type"
            self.refuse(name, code, f"A list of at most {most} product ids.")
            return ()
        found: dict[str, None] = {}
        for place, one in enumerate(rows):
            try:
                found[fields.identifier(one)] = None
            except Refused as refused:
                at = f"{name}.{place}" if isinstance(value, list) else name
                self.refuse(at, refused.code, refused.message)
        return tuple(found)

    def whole(self, name: str, least: int, most: int, *, default: int) -> int:
        value = self.values.get(name, default)
        is_whole = type(value) is int
        if not is_whole or not least <= value <= most:
            self.refuse(name, "range" if is_whole else "type", f"A whole number from {least} to {most}.")
            return default
        return value

    def share(self, name: str) -> float:
        value = self.values.get(name, 0.0)
        is_number = type(value) in (int, float)
        if not is_number or not 0 <= value <= 1:
            self.refuse(name, "range" if is_number else "type", "A number from 0 to 1.")
            return 0.0
        return float(value)

    def flag(self, name: str) -> bool:
        value = self.values.get(name, False)
        if not isinstance(value, bool):
            self.refuse(name, "type", "true or false.")
        return value is True

    def choice(self, name: str, choices: Sequence[str], default: str) -> str:
        if name not in self.values:
            return default
        value = self.values[name]
        if not isinstance(value, str) or value not in choices:
            self.refuse(name, "choice", f"One of {', '.join(choices)}.")
            return default
        return value

    def pattern(self, name: str, pattern: re.Pattern[str], message: str) -> str:
        value = self.values.get(name)
        if value in (None, ""):
            return ""
        if not isinstance(value, str) or not pattern.fullmatch(value):
            self.refuse(name, "format", message)
            return ""
        return value

    def expression(self, name: str) -> expressions.Expression | None:
        value = self.values.get(name)
        if value in (None, ""):
            return None
        if not isinstance(value, str):
            self.refuse(name, "type", "An expression as text, e.g. price < 50 and in_stock.")
            return None
        try:
            return expressions.parse(value)
        except ExpressionError as error:
            self.refuse(name, "expression", f"Column {error.column}: {error.message}")
            return None

    def objects(self, name: str, most: int) -> list[Mapping[str, Any]]:
        """A list of 1 to `most` objects."""
        value = self.values.get(name)
        rows = value if isinstance(value, list) else []
        if not 1 <= len(rows) <= most:
            self.refuse(name, "too_many" if rows else "type", f"A list of 1 to {most} objects.")
            return []
        others = [place for place, row in enumerate(rows) if not isinstance(row, Mapping)]
        for place in others:
            self.refuse(f"{name}.{place}", "type", "Must be an object.")
        return [] if others else rows

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
                own.refuse("filter", "required", "Say which products, e.g. brand == \"Acme\".")
            is_number = type(factor) in (int, float)
            if not is_number or not isfinite(factor) or not 0 <= factor <= 100:
                code = "range" if is_number else "type"
                own.refuse("factor", code, "A number from 0 to 100: above 1 lifts, below 1 lowers.")
            elif where is not None:
                found.append((where, float(factor)))
        return found
