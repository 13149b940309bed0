"""The parameters of a call's query, strictly read: known ones, each once, as visible text."""

from collections.abc import Iterable, Mapping
from typing import Any

from luxebrain.lib.problems import Problem, fault

MAX_LENGTH = 500


def query(given: Mapping[str, Any], *, allowed: Iterable[str]) -> dict[str, str]:
    """The query as plain text. Raises Problem with the parameter's name."""
    known = set(allowed)
    found = {}
    for name in given:
        values = given.getlist(name)  # type: ignore[attr-defined]
        if name not in known:
            use = f"Use {', '.join(sorted(known))}." if known else "This call has none."
            raise Problem("There is no such parameter.", errors=[fault(name[:60], "unknown", use)])
        if len(values) != 1:
            raise Problem("A parameter came twice.", errors=[fault(name, "conflict", "Send it once.")])
        if not values[0].isprintable() or "\ufffd" in values[0] or len(values[0]) > MAX_LENGTH:
            raise not_right(name, "format", "Must be at most 500 visible characters.")
        found[name] = values[0]
    return found


def limit(text: str | None, *, default: int = 50, most: int = 100) -> int:
    """How many rows a page has. Raises Problem."""
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= most):
        raise not_right("limit", "range", f"Must be a whole number from 1 to {most}.")
    return int(text)


def not_right(name: str, code: str, message: str) -> Problem:
    return Problem("A parameter is not right.", errors=[fault(name, code, message)])
