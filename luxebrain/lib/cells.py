"""Cells of a CSV that no spreadsheet takes for a formula, and the way back."""

import re

# One apostrophe is put before a text that looks like a formula, or that looks like such a guarded text.
GUARDED = r"^'('*[=+\-@\t\r\n\x00＝＋－＠])"
_RISKY = re.compile(r"'*[=+\-@\t\r\n\x00＝＋－＠]")


def guard(text: str) -> str:
    """Safe in a spreadsheet (T10); reading it back gives the text again."""
    return "'" + text if _RISKY.match(text) else text
