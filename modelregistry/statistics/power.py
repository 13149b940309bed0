"""Before the start: how many subjects a lift needs to be seen, how many days that takes, what a month can show."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, inf, isfinite, sqrt

from scipy.special import ndtr

from modelregistry.statistics.lifts import ALPHA, half_width

POWER = 0.8
MOST = 1e9  # subjects; more than that is "never"


def subjects(
    mean: float, variance: float, lift: float, *, share: float = 0.5, alpha: float = ALPHA, power: float = POWER
) -> float:
    """Subjects of both arms until a true relative `lift` leaves 0 outside the interval with chance `power`.

    For the always-valid interval, tuned to this very number, at its first look there; earlier looks only add
    to the chance. mean and variance: per subject of A (for a share p: p and p(1-p)). share: of B, 0…1.
    inf if it cannot be reached.
    """
    return _least(lambda n: _power(n, mean, variance, lift, share, alpha) >= power)


def detectable(
    mean: float, variance: float, n: float, *, share: float = 0.5, alpha: float = ALPHA, power: float = POWER
) -> float:
    """The smallest positive relative lift that `n` subjects of both arms show with chance `power`; inf if none."""
    if n < 4 or not _sensible(mean, variance):
        return inf
    low, high = 0.0, 1.0
    while _power(n, mean, variance, high, share, alpha) < power:
        low, high = high, high * 2
        if high > 1e3:
            return inf
    for _ in range(50):
        middle = (low + high) / 2
        if _power(n, mean, variance, middle, share, alpha) >= power:
            high = middle
        else:
            low = middle
    return high


def days(needed: float, per_day: float) -> int | None:
    """Whole days until `needed` new subjects came at `per_day`; None = never."""
    if not isfinite(needed) or per_day <= 0:
        return None
    return max(0, ceil(needed / per_day))


def more_subjects(variance: float, n: float, lift: float, *, tuning: float, alpha: float = ALPHA) -> float:
    """Further subjects until an interval with today's lift would leave 0 outside; inf if the lift is 0.

    variance: of the lift now, from `n` subjects. A forecast, no promise: it takes the seen lift for the true one.
    """
    if n <= 0 or not isfinite(variance) or not lift:
        return inf
    needed = _least(lambda m: half_width(variance * n / m, m, tuning=tuning, alpha=alpha) < abs(lift))
    return max(0.0, needed - n)


def _power(n: float, mean: float, variance: float, lift: float, share: float, alpha: float) -> float:
    if not _sensible(mean, variance) or not lift or not 0 < share < 1:
        return 0.0
    changed = 1 + lift
    # As if the variance of B grew with its mean, as it does for counts and shares of few per cent.
    spread = (variance * max(changed, 0.0) / share + variance * changed**2 / (1 - share)) / (mean**2 * n)
    return float(ndtr((abs(lift) - half_width(spread, n, tuning=n, alpha=alpha)) / sqrt(spread))) if spread else 1.0


def _sensible(mean: float, variance: float) -> bool:
    return isfinite(mean) and isfinite(variance) and mean > 0 and variance > 0


def _least(enough: Callable[[float], bool]) -> float:
    """The smallest whole number for which `enough` holds, which is monotone; inf above MOST."""
    low, high = 1.0, 16.0
    while not enough(high):
        low, high = high, high * 2
        if high > MOST:
            return inf
    while high - low > 1:
        middle = (low + high) // 2
        if enough(middle):
            high = middle
        else:
            low = middle
    return high
