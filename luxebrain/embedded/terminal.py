"""Progress on the terminal: a live line where there is one, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


class Terminal:
    """Numbered steps, each with its time; safe to pipe into a file."""

    def __init__(self, *, total: int) -> None:
        self.console = Console(highlight=False, soft_wrap=True)
        self._total = total
        self._number = 0

    @contextmanager
    def step(self, title: str, *, shows_output: bool = False) -> Iterator[None]:
        """Say what begins, and at its end how long it took."""
        self._number += 1
        label = f"[{self._number}/{self._total}] {title}"
        began = time.monotonic()
        if shows_output or not self.console.is_terminal:
            self.say(f"{label} …")
            yield
        else:
            with self.console.status(_escaped(f"{label} …")):
                yield
        self.say(f"{label}: done in {time.monotonic() - began:.1f} s")

    def say(self, line: str) -> None:
        """Print one plain line at once."""
        self.console.print(line, markup=False)
        sys.stdout.flush()


def _escaped(text: str) -> str:
    return text.replace("[", "\\[")
