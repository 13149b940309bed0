"""RareEngine: how strange is a value that is measured seldom, once a day or once a training, and has an interval."""

import math
from array import array
from collections import deque
from collections.abc import Iterable
from datetime import datetime

from scipy.special import stdtr, stdtrit

from anomalies.detectors.reading import Reading

KEPT = 28  # measures that are remembered: four weeks of days
READY = 7  # measures before one is judged
STRANGE = 3.0  # minus log10 of the chance from which on a measure is not learnt …
NEW_NORMAL = 4  # … until so many in a row were strange on one side: then they are what is usual
FLOOR = 0.01  # a hundredth of the mean: smaller differences are never strange
BAND = 0.995
VERSION = 1.0


class RareEngine:
    """Measures with a variance of their own, judged one by one.

    The next measure is expected at the mean of the last ones. Its variance is what measures differ beyond their own
    doubt (the variance component of Hedges, Journal of Educational Statistics 8, 1983), plus its own, plus that of
    the mean; the chance is that of Student's t with one degree of freedom less than there are measures.
    """

    __slots__ = ("kept", "odd")

    def __init__(self) -> None:
        self.kept: deque[tuple[float, float]] = deque(maxlen=KEPT)
        self.odd: list[tuple[float, float]] = []

    def update(self, moment: datetime, value: float, variance: float = 0.0) -> Reading:
        """Judges the value, then learns from it. `moment` is not used: the engines are called alike.

        Raises ValueError for a value or variance that is not finite, or a variance below zero."""
        if not (math.isfinite(value) and math.isfinite(variance)) or variance < 0.0:
            raise ValueError("a value and its variance are finite, the variance is not negative")
        n = len(self.kept)
        if n < READY:
            self.kept.append((value, variance))
            return Reading(0.0, value, -math.inf, math.inf, 0.0, 0, False)
        mean, deviation = self.expect(variance)
        off = value - mean
        log10p = -math.log10(max(1e-300, float(stdtr(n - 1, -abs(off) / deviation))))
        wide = deviation * float(stdtrit(n - 1, BAND))
        strange = log10p >= STRANGE
        self.learn(value, variance, mean=mean, strange=strange)
        side = (1 if off > 0.0 else -1) if strange else 0
        return Reading(min(1.0, log10p / 16.0), mean, mean - wide, mean + wide, log10p, side, True)

    def expect(self, variance: float) -> tuple[float, float]:
        """(mean, standard deviation) of a measure to come that has this variance of its own."""
        values = [value for value, _ in self.kept]
        n = len(values)
        mean = math.fsum(values) / n
        spread = math.fsum((value - mean) ** 2 for value in values) / (n - 1)
        own = math.fsum(known for _, known in self.kept) / n
        between = max(0.0, spread - own)
        total = between + variance + (between + own) / n
        return mean, max(math.sqrt(total), FLOOR * abs(mean), 1e-12)

    def learn(self, value: float, variance: float, *, mean: float, strange: bool) -> None:
        """mean: what was expected of this value; what was strange on its other side before no longer counts."""
        if not strange:
            self.odd.clear()
            self.kept.append((value, variance))
            return
        self.odd = [one for one in self.odd if (one[0] - mean) * (value - mean) > 0.0]
        self.odd.append((value, variance))
        if len(self.odd) >= NEW_NORMAL:
            self.kept.clear()
            self.kept.extend(self.odd)
            self.odd.clear()

    def dump(self) -> bytes:
        """The state as 64-bit floats, at most 528 bytes."""
        parts = array("d", [VERSION, len(self.kept)])
        for pairs in (self.kept, self.odd):
            for pair in pairs:
                parts.extend(pair)
        return parts.tobytes()

    @classmethod
    def load(cls, state: bytes) -> "RareEngine":
        """Raises ValueError where the bytes are no state of this version of the engine."""
        parts = array("d")
        parts.frombytes(state)
        if len(parts) < 2 or parts[0] != VERSION or len(parts) % 2:
            raise ValueError("not a state of this engine")
        pairs = list(_pairs(parts[2:]))
        engine, n = cls(), int(parts[1])
        engine.kept.extend(pairs[:n])
        engine.odd = pairs[n:]
        return engine


def _pairs(numbers: Iterable[float]) -> Iterable[tuple[float, float]]:
    each = iter(numbers)
    return zip(each, each, strict=True)
