"""The lift of B over A: its interval at a fixed end, its interval at any time, and the chance that B is better."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from modelregistry.statistics.moments import Estimate, Numbers

ALPHA = 0.05
# Subjects of both arms at which the interval of `at_any_time` is narrowest. Chosen before the start.
TUNING = 5000.0


@dataclass(frozen=True, slots=True)
class Lift:
    """(mean B - mean A) / mean A, the variance of that, all subjects, and the degrees of freedom."""

    value: Numbers
    variance: Numbers
    n: Numbers
    freedom: Numbers


def relative(a: Estimate, b: Estimate) -> Lift:
    """The relative lift by the delta method; nan where A's mean is 0. Negative means are compared by size.

    Variance: var(B)/A² + var(A) B²/A⁴. Degrees of freedom: Welch and Satterthwaite.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        size = np.abs(a.mean)
        value = np.divide(b.mean - a.mean, size)
        variance = b.variance / size**2 + a.variance * np.square(b.mean) / size**4
        return Lift(np.where(size > 0, value, np.nan), variance, a.n + b.n, _freedom(a, b))


def absolute(a: Estimate, b: Estimate) -> Lift:
    """mean B - mean A in the unit of the means: for extra revenue, and where A's mean is 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return Lift(b.mean - a.mean, a.variance + b.variance, a.n + b.n, _freedom(a, b))


def _freedom(a: Estimate, b: Estimate) -> Numbers:
    parts = np.square(a.variance) / (a.n - 1) + np.square(b.variance) / (b.n - 1)
    return np.where(parts > 0, np.square(a.variance + b.variance) / parts, np.inf)


def at_the_end(lift: Lift, *, alpha: float = ALPHA) -> tuple[Numbers, Numbers]:
    """The t interval. It holds its promise only for one look, at an end fixed before the start."""
    half = special.stdtrit(lift.freedom, 1 - alpha / 2) * np.sqrt(lift.variance)
    return lift.value - half, lift.value + half


def at_any_time(lift: Lift, *, tuning: float = TUNING, alpha: float = ALPHA) -> tuple[Numbers, Numbers]:
    """The always-valid interval: with chance 1-alpha it covers the true lift at every look at once.

    Asymptotic confidence sequence, Waudby-Smith et al. 2021 (arXiv:2103.06476), theorem 2.2, as
    GrowthBook publishes it. `tuning` moves where it is narrowest and must be chosen before the start.
    """
    half = half_width(lift.variance, lift.n, tuning=tuning, alpha=alpha)
    return lift.value - half, lift.value + half


def half_width(variance: Numbers, n: Numbers, *, tuning: Numbers = TUNING, alpha: float = ALPHA) -> Numbers:
    """Half of the always-valid interval for an estimate with `variance` from `n` subjects."""
    twice_log = -2 * np.log(alpha)
    rho2 = (twice_log + np.log(twice_log + 1)) / tuning  # rho²
    grown = n * rho2 + 1
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.sqrt(variance * n) * np.sqrt(2 * grown * np.log(np.sqrt(grown) / alpha) / (np.square(n) * rho2))


def chance_to_win(lift: Lift) -> Numbers:
    """The probability that B is better, with no opinion held before (flat prior, normal posterior).

    It moves with every look and is no reason to stop by itself.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return special.ndtr(lift.value / np.sqrt(lift.variance))


def risk(lift: Lift) -> Numbers:
    """What choosing B loses on average, in the unit of the lift: E[max(-lift, 0)]; 0.001 = a tenth of a per cent."""
    spread = np.sqrt(lift.variance)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = lift.value / spread
        return spread * np.exp(-np.square(z) / 2) / np.sqrt(2 * np.pi) - lift.value * special.ndtr(-z)
