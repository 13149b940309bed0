"""Which rung a shop stands on: popular, content, co-occurrence, blend; counts admit, figures decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

# Rungs from the bottom, by the algorithm that makes the personal list.
RUNGS = {"popularity": "popular", "content": "content", "neighbours": "co_occurrence", "blend": "blend"}
DECIDES = "ndcg@10"
# With fewer tested shoppers than this the figures are noise and decide nothing.
MIN_TESTED = 5


@dataclass(frozen=True)
class Standing:
    """The algorithm of the personal list, its rung, and the reason in words."""

    chosen: str
    reason: str
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def rung(self) -> str:
        """An algorithm that is no rung of its own stands beside the blend."""
        return RUNGS.get(self.chosen, "blend")


def stand(metrics: dict[str, dict[str, Any]], candidates: Sequence[str], *, undecided: str) -> Standing:
    """Climb from the simplest candidate: a rung that loses against the one below is not taken.

    candidates   in order of simplicity; those without figures cannot be stood on
    undecided    what to take where too few shoppers could be tested
    """
    tested = metrics["popularity"]["tested"] if metrics else 0
    if tested < MIN_TESTED:
        return Standing(undecided, f"too few returning customers to compare: {tested} of {MIN_TESTED}")
    measured = [name for name in candidates if name in metrics]
    chosen, notes = measured[0], {}
    for name in measured[1:]:
        gained = metrics[name][DECIDES] - metrics[chosen][DECIDES]
        if gained > 0:
            chosen = name
        else:
            notes[name] = "no better than a simpler one"
    value = metrics[chosen][DECIDES]
    return Standing(chosen, f"best NDCG@10 on the time split: {value:.4f} over {tested} shoppers", notes)
