"""Do the arms hold the shares of subjects that were set? If not, no figure of the experiment may be trusted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, gammaln

MISMATCH_BELOW = 0.001
CONCENTRATION = 100.0  # of the prior around the set shares; higher looks for smaller departures


def p_value(counts: Sequence[float] | NDArray[np.float64], shares: Sequence[float]) -> NDArray[np.float64] | float:
    """Pearson's chi-square against the set shares, for one look. Last axis = arms; 1.0 without subjects.

    `shares` in any unit; an arm with share 0 that holds subjects gives 0.0.
    """
    seen = np.asarray(counts, dtype=float)
    part = np.asarray(shares, dtype=float) / np.sum(shares)
    total = seen.sum(axis=-1, keepdims=True)
    expected = total * part
    with np.errstate(invalid="ignore", divide="ignore"):
        terms = np.where(expected > 0, (seen - expected) ** 2 / expected, np.where(seen > 0, np.inf, 0.0))
    return chdtrc(max(1, int((part > 0).sum()) - 1), terms.sum(axis=-1))


def p_value_at_any_time(
    counts: Sequence[float] | NDArray[np.float64], shares: Sequence[float]
) -> NDArray[np.float64] | float:
    """1 / the evidence against the set shares, at most 1: stays honest when it is looked at every day.

    Dirichlet-multinomial evidence, Lindon and Malek 2020 (arXiv:2011.03567). Last axis = arms.
    """
    seen = np.asarray(counts, dtype=float)
    part = np.asarray(shares, dtype=float) / np.sum(shares)
    used = part > 0
    if np.any(seen[..., ~used] > 0):
        return np.where((seen[..., ~used] > 0).any(axis=-1), 0.0, 1.0)
    seen, part = seen[..., used], part[used]
    prior = CONCENTRATION * part
    total = seen.sum(axis=-1)
    evidence = (
        gammaln(CONCENTRATION)
        - gammaln(total + CONCENTRATION)
        + (gammaln(seen + prior) - gammaln(prior) - seen * np.log(part)).sum(axis=-1)
    )
    return np.exp(np.minimum(0.0, -evidence))
