"""Tails of the gamma-Poisson distribution: how unlikely is a count, given its mean and its spread."""

import math

LN10 = math.log(10.0)
SQRT_HALF = math.sqrt(0.5)
NEAR = 0.5  # below this z the correction is a difference of small numbers, and nothing is strange
FAR = 30.0  # beyond this z the complementary error function loses its digits


def tail(count: float, mean: float, spread: float, side: int) -> float:
    """Minus log10 of the chance of a count at least as far out as `count`.

    The count is gamma-Poisson: mean `mean`, variance mean + mean² · spread. side +1 asks for the upper tail,
    -1 for the lower one. The deviance residual of the distribution, with a continuity correction, is brought to
    the normal by Barndorff-Nielsen's r* (Biometrika 73, 1986; for lattices: Davison, Statistical Models, §12.3);
    the lower tail at zero is exact.
    """
    shape = 1.0 / spread
    if side < 0 and count <= 0.5:
        return shape * math.log1p(mean / shape) / LN10
    moved = count - 0.5 if side > 0 else count + 0.5
    if (moved - mean) * side <= 0:
        return 0.0
    own, whole = math.log(moved / mean), math.log((moved + shape) / (mean + shape))
    deviance = moved * own - (moved + shape) * whole
    if deviance <= 0.0:
        return 0.0
    z = math.sqrt(2.0 * deviance)
    if z > NEAR:
        wald = 2.0 * math.sinh(0.5 * abs(own - whole)) * math.sqrt(moved * (1.0 + moved * spread))
        z += math.log(wald / z) / z
    return normal_tail(z)


def normal_tail(z: float) -> float:
    """Minus log10 of the chance that a normal deviate exceeds z ≥ 0."""
    if z < FAR:
        return -math.log10(0.5 * math.erfc(z * SQRT_HALF))
    return (0.5 * z * z + math.log(z) + 0.5 * math.log(2.0 * math.pi)) / LN10
