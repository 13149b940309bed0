"""Mathematics only: how far a distribution of scores has moved from the one it began with.

Population stability index (Siddiqi, Credit Risk Scorecards, 2006): the sum over bins of
(now - then) · ln(now / then). By chance alone it is (bins - 1) · (1/n + 1/m) on average (Yurdakul, 2018);
that much is taken off, so that few lists do not look like a shift.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

BINS = 10
ENOUGH = 300  # scores; with fewer, chance alone passes for a shift in more than one day of twenty
LARGE = 0.25  # the usual reading of the index: above it much has moved
_LEAST = 1e-4  # share of an empty bin, so that the logarithm is finite


@dataclass(frozen=True)
class Reference:
    """Bins of the scores that a version began with. edges: inner ones, ascending; shares: one more; size: scores."""

    edges: tuple[float, ...]
    shares: tuple[float, ...]
    size: int

    def told(self) -> dict[str, Any]:
        return {"edges": list(self.edges), "shares": list(self.shares), "size": self.size}

    @classmethod
    def read(cls, facts: dict[str, Any]) -> Reference:
        return cls(tuple(facts["edges"]), tuple(facts["shares"]), int(facts["size"]))


def reference(scores: Sequence[float]) -> Reference:
    """Bins that hold a tenth of the scores each; fewer where many scores are the same."""
    values = np.asarray(scores, float)
    edges = np.unique(np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1]))
    return Reference(tuple(edges.tolist()), tuple(_shares(values, edges).tolist()), len(values))


def shift(before: Reference, scores: Sequence[float]) -> float:
    """The index of `scores` against the reference, less what chance gives; 0 = no shift, above 0.25 = large."""
    values = np.asarray(scores, float)
    then = np.maximum(np.asarray(before.shares), _LEAST)
    now = np.maximum(_shares(values, np.asarray(before.edges)), _LEAST)
    index = float(((now - then) * np.log(now / then)).sum())
    chance = (len(then) - 1) * (1 / before.size + 1 / len(values))
    return max(0.0, index - chance)


def _shares(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    counts = np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
    return counts / max(1, len(values))
