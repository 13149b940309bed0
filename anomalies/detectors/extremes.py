"""Extremes: how far out a score lies beyond what the stream has shown, by peaks over a threshold."""

import math

QUANTILE, STEP = 0.945, 0.02  # of the threshold, and how fast it follows
EXCESS_KEEPS = 1.0 - 1.0 / 85.0
SHAPE_LOW, SHAPE_HIGH = -0.4, 0.45
SILENT = 53  # points
LEAST = 1e-10
FULL = 10.0  # minus log10 p that is a strangeness of one


class Extremes:
    """A streaming tail: the threshold is a quantile followed by Robbins-Monro; the excesses over it give a
    generalised Pareto distribution by the method of moments (Hosking and Wallis, Technometrics 29, 1987).
    """

    __slots__ = ("first", "scale", "second", "seen", "threshold", "weight")

    def __init__(self) -> None:
        self.threshold = self.scale = self.first = self.second = self.weight = 0.0
        self.seen = 0

    def judge(self, value: float) -> float:
        """Strangeness in [0, 1] of a value ≥ 0, then learns from it."""
        self.seen += 1
        over = value - self.threshold
        found = self.strangeness(over) if over > 0.0 and self.seen > SILENT else 0.0
        self.learn(value, over)
        return found

    def strangeness(self, over: float) -> float:
        if self.weight < 1e-9:
            return 0.0
        mean = self.first / self.weight
        variance = max(self.second / self.weight - mean * mean, 1e-3 * mean * mean)
        if variance <= 0.0:  # also where the excesses are too small to be squared
            return 0.0
        ratio = mean * mean / variance
        shape = min(SHAPE_HIGH, max(SHAPE_LOW, 0.5 * (1.0 - ratio)))
        size = mean * (1.0 - shape)
        if abs(shape) < 1e-6:
            chance = math.exp(-over / size)
        else:
            inner = 1.0 + shape * over / size
            chance = inner ** (-1.0 / shape) if inner > 0.0 else 0.0
        return -math.log10((1.0 - QUANTILE) * chance + LEAST) / FULL

    def learn(self, value: float, over: float) -> None:
        # The step is a share of the typical size of what is followed, larger while little was seen.
        self.scale += (value - self.scale) / min(self.seen, 400)
        step = self.scale * max(STEP, 1.0 / self.seen)
        self.threshold += step * (QUANTILE if over > 0.0 else QUANTILE - 1.0)
        if self.threshold < 0.0:
            self.threshold = 0.0
        if over > 0.0:
            self.weight = self.weight * EXCESS_KEEPS + 1.0
            self.first = self.first * EXCESS_KEEPS + over
            self.second = self.second * EXCESS_KEEPS + over * over
