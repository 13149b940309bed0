"""RealEngine: how strange is a measured value, given the range, the drift and the day of its stream."""

import math
from array import array
from collections import deque
from datetime import datetime

from anomalies.detectors.extremes import SILENT, Extremes
from anomalies.detectors.reading import Reading

RANGE, SHIFT, SEASON = 1.38, 0.19, 0.07  # weights of the three channels
SHRINK = 1.0 / 20000.0  # of the range, towards its middle, per point
HALF = 0.165  # widths beyond the range that are half strange
# How much of its way beyond the range a point takes the range with it: all of it up to PLAIN strange, from ODD on a
# fiftieth (of a young stream, a hundred points' share). So a fault that comes again is strange again, and what stays
# is the new range after some fifty points.
PLAIN, ODD = 0.3, 0.55
TEACHES, YOUNG = 1.0 / 50.0, 100.0
TAUGHT = 16.0  # variances that one point may teach; of what is further out, a sixteenth: after a flat part all is far
FAST, SLOW = 1.0 / 12.5, 1.0 / 2500.0
LEVEL, HOUR = 0.0015, 0.075
REST = 90  # points in which only a new maximum is shown
BAND = 2.576
LARGEST = 1e150  # in size: beyond, squares would not be finite
WARM_UP = 72 * 3600.0  # seconds: until every hour of the day came three times, a new extreme is no wonder
ALERT = 0.2  # of what is lasting, worth a person's time: chosen on seeds 11 and 12 of bench/values.py
BESIDE = 3.0  # standard deviations from what is expected: two points so far out on one side confirm each other
VERSION, BEFORE = 2.0, 1.0  # of the state; the former had none of NEWER
NEWER = ("began", "pending", "beside")
SCALARS = ("seen", "low", "high", "fast", "slow", "square", "level", "variance", *NEWER)


class RealEngine:
    """Values of one stream, judged one by one at O(1) each; hand in the logarithm of what is positive by nature.

    Three channels: how far outside the slowly shrinking range, how far the last points have moved from the
    long run, how far from what this hour of the day brings. The latter two are calibrated by the stream's own
    tail (Extremes). A score is shown only where it beats every raw score of the last 90 points.

    `lasting` is the score of what the last point confirmed: it and the one before were far out on the same side.
    A single odd value is scored, and is not lasting.
    """

    __slots__ = ("began", "beside", "fast", "high", "hours", "lasting", "level", "low", "pending", "rest",
                 "season_tail", "seen", "shift_tail", "slow", "square", "variance")  # fmt: skip

    def __init__(self) -> None:
        self.seen = 0
        self.low = self.high = self.fast = self.slow = self.square = self.level = self.variance = 0.0
        self.began = self.pending = self.beside = self.lasting = 0.0
        self.hours = array("d", bytes(8 * 24))
        self.shift_tail, self.season_tail = Extremes(), Extremes()
        self.rest: deque[tuple[int, float]] = deque()  # (point, raw score), falling

    def update(self, moment: datetime, value: float, exposure: float = 1.0) -> Reading:
        """Judges the value at `moment` (in the stream's time zone), then learns from it.

        exposure is not used: it is there so that both engines are called alike. Raises ValueError for a
        value that is not finite.
        """
        if not math.isfinite(value):
            raise ValueError("a value is finite")
        value = max(-LARGEST, min(LARGEST, value))
        if self.seen == 0:
            self.low = self.high = self.fast = self.slow = self.level = value
            self.began = moment.timestamp()
        self.seen += 1
        hour = moment.hour
        expected, deviation = self.level + self.hours[hour], math.sqrt(self.variance)
        outside = self.range(value)
        shift = self.shift(value)
        season = self.season(value, hour, expected)
        fourth = RANGE * outside**4 + SHIFT * shift**4 + SEASON * season**4
        raw = (fourth / (RANGE + SHIFT + SEASON)) ** 0.25
        shown = raw if self.beats(raw) else 0.0
        self.confirm(shown, value - expected, deviation)
        wide = BAND * math.sqrt(self.variance)
        side = (1 if value >= expected else -1) if shown > 0.0 else 0
        return Reading(
            shown, expected, expected - wide, expected + wide, -math.log10(max(1e-16, 1.0 - shown)), side,
            self.seen > SILENT and moment.timestamp() - self.began >= WARM_UP,
        )  # fmt: skip

    def range(self, value: float) -> float:
        width = self.high - self.low
        beyond = max(value - self.high, self.low - value, 0.0)
        if self.seen <= SILENT:
            found = 0.0
        elif width > 0.0:
            found = beyond / width
            found /= found + HALF
        else:
            found = 1.0 if beyond > 0.0 else 0.0
        middle = 0.5 * (self.low + self.high)
        if beyond > 0.0:
            gives = min(1.0, max(TEACHES, YOUNG / self.seen, (ODD - found) / (ODD - PLAIN)))
            if value > self.high:
                self.high += gives * beyond
            else:
                self.low -= gives * beyond
        else:
            self.low = min(value, self.low + (middle - self.low) * SHRINK)
            self.high = max(value, self.high - (self.high - middle) * SHRINK)
        return found

    def shift(self, value: float) -> float:
        fast, slow = max(FAST, 1.0 / self.seen), max(SLOW, 1.0 / self.seen)
        self.fast += fast * (value - self.fast)
        off = value - self.slow
        self.slow += slow * off
        self.square += slow * (off * (value - self.slow) - self.square)
        if self.square <= 0.0:
            return 0.0
        return self.shift_tail.judge(abs(self.fast - self.slow) / math.sqrt(self.square))

    def season(self, value: float, hour: int, expected: float) -> float:
        off = value - expected
        self.level += max(LEVEL, 1.0 / self.seen) * off
        self.hours[hour] += HOUR * (value - self.level - self.hours[hour])
        square = off * off
        if self.seen > YOUNG:
            square = max(min(square, TAUGHT * self.variance), square / TAUGHT)
        self.variance += max(LEVEL, 1.0 / self.seen) * (square - self.variance)
        return self.season_tail.judge(abs(off))

    def confirm(self, shown: float, off: float, deviation: float) -> None:
        """Keeps on which side this point is far out, and whether the one before was so too."""
        beside = math.copysign(1.0, off) if abs(off) > BESIDE * deviation else 0.0
        self.lasting = max(shown, self.pending) if beside and beside == self.beside else 0.0
        self.pending, self.beside = (shown if beside else 0.0), beside

    def beats(self, raw: float) -> bool:
        """True for a maximum of the last 90 points: one fault is said once, at its worst."""
        rest = self.rest
        while rest and rest[0][0] <= self.seen - REST:
            rest.popleft()
        highest = rest[0][1] if rest else 0.0
        while rest and rest[-1][1] <= raw:
            rest.pop()
        rest.append((self.seen, raw))
        return raw > highest

    def dump(self) -> bytes:
        """The state as 64-bit floats, below 2 KB."""
        parts = array("d", [VERSION])
        parts.extend(getattr(self, name) for name in SCALARS)
        parts.extend(self.hours)
        for tail in (self.shift_tail, self.season_tail):
            parts.extend(getattr(tail, name) for name in Extremes.__slots__)
        for at, raw in self.rest:
            parts.extend((at, raw))
        return parts.tobytes()

    @classmethod
    def load(cls, state: bytes) -> "RealEngine":
        """Raises ValueError where the bytes are no state of this version of the engine."""
        parts = array("d")
        parts.frombytes(state)
        if not parts or parts[0] not in (VERSION, BEFORE):
            raise ValueError("not a state of this engine")
        engine, numbers = cls(), iter(parts[1:])
        for name in SCALARS if parts[0] == VERSION else SCALARS[: -len(NEWER)]:
            setattr(engine, name, next(numbers))
        engine.seen = int(engine.seen)
        for at in range(24):
            engine.hours[at] = next(numbers)
        for tail in (engine.shift_tail, engine.season_tail):
            for name in Extremes.__slots__:
                setattr(tail, name, next(numbers))
            tail.seen = int(tail.seen)
        engine.rest.extend((int(at), raw) for at, raw in zip(numbers, numbers, strict=True))
        return engine
