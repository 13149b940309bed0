"""Tails of the gamma-Poisson distribution: how unlikely is a count, given its mean and its spread."""

import math

LN10 = math.log(10.0)
SQRT_HALF = math.sqrt(0.5)
FAR = 30.0  # beyond this z the complementary error function loses its digits


def tail(count: float, mean: float, spread: float, side: int) -> float:
    """Minus log10 of the chance of a count at least as far out as `count`.

    The count is gamma-Poisson: mean `mean`, variance mean + mean² · spread. side +1 asks for the upper tail,
    -1 for the lower one. The deviance residual of the distribution is taken as normal, with a continuity
    correction (McCullagh and Nelder, Generalized Linear Models, §2.4); the lower tail at zero is exact.
    """
    shape = 1.0 / spread
    if side < 0 and count <= 0.5:
        return shape * math.log1p(mean / shape) / LN10
    moved = count - 0.5 if side > 0 else count + 0.5
    if (moved - mean) * side <= 0:
        return 0.0
    deviance = moved * math.log(moved / mean) - (moved + shape) * math.log((moved + shape) / (mean + shape))
    return normal_tail(math.sqrt(2.0 * deviance)) if deviance > 0 else 0.0


def normal_tail(z: float) -> float:
    """Minus log10 of the chance that a normal deviate exceeds z ≥ 0."""
    if z < FAR:
        return -math.log10(0.5 * math.erfc(z * SQRT_HALF))
    return (0.5 * z * z + math.log(z) + 0.5 * math.log(2.0 * math.pi)) / LN10
