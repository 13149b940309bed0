"""Outcome: what became of one attempt to tell."""

from typing import NamedTuple


class Outcome(NamedTuple):
    """reference where it arrived; otherwise why not, and in how many seconds it may be tried again (None: never)."""

    arrived: bool
    reference: str = ""
    why: str = ""
    again: float | None = None


AT_THE_NEXT_TURN = 0.0  # try again, when the channel's own waits say so
