"""Cells of a CSV that no spreadsheet takes for a formula, and the way back."""

import csv
import io
import re
from collections.abc import Iterable
from typing import Any

# One apostrophe is put before a text that looks like a formula, or that looks like such a guarded text.
GUARDED = r"^'('*[=+\-@\t\r\n\x00＝＋－＠])"
_RISKY = re.compile(r"'*[=+\-@\t\r\n\x00＝＋－＠]")


def guard(text: str) -> str:
    """Safe in a spreadsheet (T10); reading it back gives the text again."""
    return "'" + text if _RISKY.match(text) else text


def written(rows: Iterable[Iterable[Any]]) -> str:
    """The rows as lines of a CSV, every text guarded; None is an empty cell."""
    sink = io.StringIO(newline="")
    csv.writer(sink).writerows([guard(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return sink.getvalue()
