"""Mathematics of experiments and shares: numpy and scipy only, no rows; formulas and sources in docs/experiments.md."""

from modelregistry.statistics.shares import wilson

__all__ = ["wilson"]
