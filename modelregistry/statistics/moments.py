"""Sums over the subjects of an arm, and the mean or ratio they give with its variance.

Every number may be one float or an array of floats of one shape (many experiments at once).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = float | NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums over the subjects of one arm; sums of two disjoint groups of subjects are added.

    `other` is a second value of the same subject: the denominator of a ratio, or what the subject did
    before the experiment (see `adjusted`).
    """

    n: Numbers = 0.0
    total: Numbers = 0.0
    squares: Numbers = 0.0
    other_total: Numbers = 0.0
    other_squares: Numbers = 0.0
    product: Numbers = 0.0

    def __add__(self, more: Moments) -> Moments:
        return Moments(
            self.n + more.n,
            self.total + more.total,
            self.squares + more.squares,
            self.other_total + more.other_total,
            self.other_squares + more.other_squares,
            self.product + more.product,
        )


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean, the variance of that mean, and the number of subjects it is taken over."""

    mean: Numbers
    variance: Numbers
    n: Numbers


def proportion(hits: Numbers, n: Numbers) -> Estimate:
    """The share of subjects with a hit. Variance p(1-p)/n; nan without subjects."""
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.divide(hits, n)
        return Estimate(share, share * (1 - share) / np.asarray(n, dtype=float), n)


def mean(sums: Moments) -> Estimate:
    """The mean per subject with the sample variance (divisor n-1); nan with fewer than two subjects."""
    with np.errstate(invalid="ignore", divide="ignore"):
        scatter = _scatter(sums.n, sums.total, sums.squares)
        return Estimate(np.divide(sums.total, sums.n), np.divide(scatter, sums.n), sums.n)


def ratio(sums: Moments) -> Estimate:
    """total / other_total, as clicks per list shown, with subjects as the independent units.

    Delta method (Deng et al. 2018, section 3): lists of one subject are not independent, so the variance
    comes from subjects, not from lists.
    """
    n = np.asarray(sums.n, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        top, bottom = sums.total / n, sums.other_total / n
        variance = (
            _scatter(n, sums.total, sums.squares) / bottom**2
            - 2 * _together(sums) * top / bottom**3
            + _scatter(n, sums.other_total, sums.other_squares) * top**2 / bottom**4
        ) / n
        return Estimate(top / bottom, np.maximum(variance, 0.0), n)


def adjusted(a: Moments, b: Moments) -> tuple[Estimate, Estimate, Numbers]:
    """Means of both arms freed of what earlier behaviour (`other`) explains, and theta.

    CUPED (Deng et al. 2013): y - theta (x - mean x), theta = cov(y, x) / var(x) over both arms. Nothing is taken
    off where nobody had earlier behaviour. The mean x is that of both arms, so means stay in their unit.
    """
    both = a + b
    with np.errstate(invalid="ignore", divide="ignore"):
        # Pooled within the arms: a true lift must not pass for a relation between y and x.
        inside = (_together(a) * (a.n - 1) + _together(b) * (b.n - 1)) / (both.n - 2)
        within = (
            _scatter(a.n, a.other_total, a.other_squares) * (a.n - 1)
            + _scatter(b.n, b.other_total, b.other_squares) * (b.n - 1)
        ) / (both.n - 2)
        theta = np.where(within > 0, np.divide(inside, within), 0.0)
        theta = np.where(np.isfinite(theta), theta, 0.0)
        centre = np.divide(both.other_total, both.n)
    return _less(a, theta, centre), _less(b, theta, centre), theta


def _less(arm: Moments, theta: Numbers, centre: Numbers) -> Estimate:
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = (
            _scatter(arm.n, arm.total, arm.squares)
            - 2 * theta * _together(arm)
            + theta**2 * _scatter(arm.n, arm.other_total, arm.other_squares)
        )
        shifted = np.divide(arm.total, arm.n) - theta * (np.divide(arm.other_total, arm.n) - centre)
        return Estimate(shifted, np.maximum(spread, 0.0) / arm.n, arm.n)


def _scatter(n: Numbers, total: Numbers, squares: Numbers) -> Numbers:
    """Sample variance from sums."""
    n = np.asarray(n, dtype=float)
    return np.maximum(squares - total**2 / n, 0.0) / (n - 1)


def _together(sums: Moments) -> Numbers:
    """Sample covariance of both values from sums."""
    n = np.asarray(sums.n, dtype=float)
    return (sums.product - sums.total * sums.other_total / n) / (n - 1)
