"""The parameters of a call's query, strictly read: known ones, each once, as visible text."""

from collections.abc import Iterable, Mapping
from typing import Any

from luxebrain.lib.problems import Problem

MAX_LENGTH = 500


def query(given: Mapping[str, Any], *, allowed: Iterable[str]) -> dict[str, str]:
    """The query as plain text. Raises Problem with the parameter's name."""
    known = set(allowed)
    found = {}
    for name in given:
        values = given.getlist(name)  # type: ignore[attr-defined]
        if name not in known:
            use = f"Use {', '.join(sorted(known))}." if known else "This call has none."
            raise Problem("There is no such parameter.", fields={name[:60]: use})
        if len(values) != 1:
            raise Problem("A parameter came twice.", fields={name: "Send it once."})
        if not values[0].isprintable() or "\ufffd" in values[0] or len(values[0]) > MAX_LENGTH:
            raise Problem("A parameter is not right.", fields={name: "Must be at most 500 visible characters."})
        found[name] = values[0]
    return found


def limit(text: str | None, *, default: int = 50, most: int = 100) -> int:
    """How many rows a page has. Raises Problem."""
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= most):
        raise Problem("A parameter is not right.", fields={"limit": f"Must be a whole number from 1 to {most}."})
    return int(text)
