"""Reading: what an engine says of one point of a stream."""

from typing import NamedTuple


class Reading(NamedTuple):
    """One point, judged.

    `log10p` is minus the decimal logarithm of the chance of something at least so strange (0 = ordinary,
    5 = one in 100,000), `score` the same in [0, 1], `side` +1 above, -1 below, 0 where it is ordinary.
    `expected`, `low` and `high` are in units of the value; the band holds 99 of 100 ordinary points.
    `ready` is False while the engine has seen too little to be believed alone.
    """

    score: float
    expected: float
    low: float
    high: float
    log10p: float
    side: int
    ready: bool
