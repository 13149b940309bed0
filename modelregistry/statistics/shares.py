"""Shares of a count with their uncertainty."""

from math import sqrt

Z95 = 1.959963984540054  # two-sided 95 % of the normal distribution


def wilson(hits: int, trials: int, *, z: float = Z95) -> tuple[float, float]:
    """The Wilson score interval of hits/trials: sensible at 0, at 1 and for few trials."""
    if trials <= 0:
        return 0.0, 1.0
    share = min(max(hits / trials, 0.0), 1.0)
    centre = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return max(0.0, centre - half), min(1.0, centre + half)
