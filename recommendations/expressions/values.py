"""Single values of the language: how texts fold, what reads as a number, when two are the same.

Missing is None. The masks over arrays (`masks.py`) must agree with what is said here.
"""

import math
import re
import unicodedata
from typing import Any

Value = str | float | bool

_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?", re.ASCII)


def fold(text: str) -> str:
    """The form in which texts are compared: composed (NFC), then case folded."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFC", text).casefold()


def clean(value: Any) -> Value | None:
    """A plain value of whatever a row or a request holds; what has no meaning here is missing."""
    if value is None or isinstance(value, (str, bool)):
        return value if value != "" else None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def several(value: Any) -> list[Value]:
    """All plain values of a scalar or a list."""
    values = value if isinstance(value, (list, tuple, set, frozenset)) else (value,)
    return [found for one in values if (found := clean(one)) is not None]


def number(value: Any) -> float | None:
    """The number that a value is, or that its text says with digits and a point; else None."""
    value = clean(value)
    if isinstance(value, str):
        return float(value) if _NUMBER.fullmatch(value) else None
    return None if value is None or isinstance(value, bool) else value


def truth(value: Any) -> bool | None:
    """The truth that a value is, or that its text says: true or false; else None."""
    if isinstance(value, str):
        return {"true": True, "false": False}.get(fold(value))
    return value if isinstance(value, bool) else None


def text(value: Any) -> str | None:
    """The text that a value is; an empty one is missing."""
    return value if isinstance(value, str) and value else None


def same(one: Value, other: Value) -> bool:
    """Whether two given values are equal: texts when folded; a number or truth also to the text that says it."""
    if isinstance(one, str) and isinstance(other, str):
        return fold(one) == fold(other)
    if isinstance(one, bool) or isinstance(other, bool):
        truths = truth(one), truth(other)
        return None not in truths and truths[0] == truths[1]
    numbers = number(one), number(other)
    return None not in numbers and numbers[0] == numbers[1]
