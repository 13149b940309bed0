"""CountEngine: how unlikely is a count of events, given the hour of the week and the days before."""

import math
from array import array
from datetime import datetime

from anomalies.detectors.profile import HOURS, Profile
from anomalies.detectors.reading import Reading
from anomalies.detectors.spread import Spread
from anomalies.detectors.tails import tail
from anomalies.detectors.windows import LENGTHS, Windows

LEAST_EVENTS = 3.0  # fewer say nothing of too many
LEAST_EXPECTED = 5.0  # less says nothing of too few
LONGEST_UP = 12  # buckets
# What a look costs, in decades. Seventeen looks at a bucket, of windows that overlap, are worth four of their own. Two
# buckets, which tell a threefold burst in time, pay half of that; too few, which is told sooner than it must, more.
UP_COST = tuple(math.log10(2 if length == 2 else 4) for length in LENGTHS)
DOWN_COST = 1.0
LEVEL_PRIOR, LEVEL_HALF_LIFE, LEVEL_LOW, LEVEL_HIGH = 8.0, 6.0, 0.5, 2.0  # events, hours, times the profile
ALERT = 3.8  # minus log10 p that is worth a person's time: chosen on seeds 1 to 6, 101 and 102 of the bench
WATCH = ALERT  # from here on a bucket teaches little
DISTRUST = 0.05  # how little
BELIEVED_AFTER, BELIEVED_BUCKETS = 24.0, (12, 1440)  # hours, in buckets at least and most: then it is the new normal
DRIFT = 0.007  # squared: hours differ by 8 % for reasons that no profile knows, however steady a stream seemed
CALM = 1.3  # minus log10 p up to which the newest buckets are ordinary
QUIET = 6  # buckets that end an alarm
WARM_UP = 72.0  # hours
CLIP, TAUGHT = 3.0, 2.0  # standard deviations, or events, that one bucket may teach
FULL = 16.0  # minus log10 p that is a score of one
BAND = 2.576  # standard deviations: 99 of 100 ordinary buckets
MEAN_EXCESS = 1.0 / math.log(10.0)  # of minus log10 p above any bar, where p is right
LEAST_MEAN, MOST = 1e-9, 1e12  # events in a bucket: beyond, the sums would lose their digits
MISFIT_BAR, MISFIT_CLIP = 0.5, 3.0
MISFIT_WHOLE, MISFIT_HOUR = 30.0, 10.0  # peaks that a belief is worth
MISFIT_KEEPS, MISFIT_KEEPS_WHOLE = 0.97, 0.998

DOUBT_KEEPS = 0.9  # of what a bucket was doubted, per bucket: windows hold buckets that were expected with less known

VERSION, BEFORE = 2.0, 1.0  # of the state; the former had no "doubt"
SCALARS = (
    "level_events", "level_mean", "hours_seen", "alarm", "quiet", "excess", "excesses", "peak", "peak_day", "doubt",
)  # fmt: skip


class CountEngine:
    """Counts per bucket of one stream, judged one by one at O(1) each.

    A hierarchy of gamma-Poisson rates (Profile), times a level that follows the last hours, with a spread
    learnt from the stream itself (Spread). Windows of 1 to 144 buckets each give the chance of their count;
    the smallest counts, four looks are paid for, and an hour of the day whose chances prove too small is
    believed less (misfit). While something strange lasts, it teaches little; when it is over, it is forgotten.
    """

    __slots__ = (
        "alarm", "believed_after", "doubt", "excess", "excesses", "hours_seen", "level_events", "level_keeps",
        "level_mean", "misfit", "misfit_n", "peak", "peak_day", "position_off", "profile", "quiet", "seconds", "spread",
        "windows",
    )  # fmt: skip

    def __init__(self, seconds: float = 300.0) -> None:
        """`seconds`: length of a bucket."""
        self.seconds = seconds
        self.profile, self.spread, self.windows = Profile(seconds), Spread(seconds), Windows()
        least, most = BELIEVED_BUCKETS
        self.believed_after = min(most, max(least, BELIEVED_AFTER * 3600.0 / seconds))
        self.level_events = self.level_mean = 0.0
        self.level_keeps = 0.5 ** (seconds / 3600.0 / LEVEL_HALF_LIFE)
        self.misfit, self.misfit_n = array("d", bytes(8 * 24)), array("d", bytes(8 * 24))
        self.excess = self.excesses = self.peak = self.doubt = 0.0
        self.peak_day = 0
        self.position_off = seconds / 7200.0 if seconds < 3600.0 else 0.0
        self.hours_seen, self.alarm, self.quiet = 0.0, 0, 0

    def update(self, moment: datetime, value: float, exposure: float = 1.0) -> Reading:
        """Judges the count of the bucket that begins at `moment` (in the stream's time zone), then learns from it.

        exposure: what the count is a share of (requests for errors, impressions for clicks); 1 for plain counts.
        A bucket without exposure says nothing. Raises ValueError for a negative or non-finite value.
        """
        if not (0.0 <= value < math.inf and 0.0 <= exposure < math.inf):
            raise ValueError("a count and its exposure are finite and not negative")
        value, exposure = min(value, MOST), min(exposure, MOST)
        position = moment.weekday() * 24 + moment.hour + moment.minute / 60.0 + moment.second / 3600.0
        position = (position + self.position_off) % HOURS
        if exposure == 0.0 or self.profile.all_exposure == 0.0:
            return self.begin(int(position), value, exposure)
        rate, doubt = self.profile.expect(position)
        level = (self.level_events + LEVEL_PRIOR) / (self.level_mean + LEVEL_PRIOR)
        plain = max(LEAST_MEAN, rate * exposure)
        mean = plain * min(LEVEL_HIGH, max(LEVEL_LOW, level))
        self.windows.push(value, mean)
        self.doubt = max(doubt, self.doubt * DOUBT_KEEPS)
        raw, side = self.strangest(doubt)
        hour = int(position)
        found = raw / self.doubted(hour % 24)
        spread = math.sqrt(mean + mean * mean * (self.spread.bucket + self.spread.hour + doubt))
        self.learn(hour, value, mean, plain, exposure, spread, found, raw)
        ready = self.hours_seen >= WARM_UP
        return Reading(
            min(1.0, found / FULL), mean, max(0.0, mean - BAND * spread), mean + BAND * spread, found,
            side if found > 0 else 0, ready,
        )  # fmt: skip

    def begin(self, hour: int, value: float, exposure: float) -> Reading:
        """The first bucket, or one without exposure: nothing to compare with."""
        if exposure > 0.0:
            self.profile.learn(hour, value, exposure, 1.0)
            self.windows.push(value, value)
        return Reading(0.0, value, 0.0, math.inf, 0.0, 0, False)

    def strangest(self, doubt: float) -> tuple[float, int]:
        """(minus log10 p of the strangest window less what the look costs, its side); (0, 0) where none is strange."""
        own, shared = self.spread.bucket, self.spread.hour + DRIFT
        best, side = 0.0, 0
        counts, means = self.windows.counts, self.windows.expectations
        for index, length in enumerate(LENGTHS):
            count, expected = counts[index], means[index]
            if count > expected:
                if length > LONGEST_UP or count < LEAST_EVENTS:
                    continue
                way, cost = 1, UP_COST[index]
            elif expected > LEAST_EXPECTED:
                way, cost = -1, DOWN_COST
            else:
                continue
            unknown = doubt if length == 1 else self.doubt / (1.0 + (length - 1) / 24.0)
            found = tail(count, expected, own / length + shared + unknown, way) - cost
            if found > best:
                best, side = found, way
        return best, side

    def doubted(self, day: int) -> float:
        """How many times too small the chances of this hour of the day have proved: ≥ 1."""
        whole = (self.excess + MISFIT_WHOLE) / (self.excesses + MISFIT_WHOLE)
        return max(1.0, (self.misfit[day] + MISFIT_HOUR * whole) / (self.misfit_n[day] + MISFIT_HOUR))

    def calm(self) -> bool:
        """True where the shortest window that can tell is ordinary: what is strange lies further back."""
        counts, means = self.windows.counts, self.windows.expectations
        for index, length in enumerate(LENGTHS):
            count, expected = counts[index], means[index]
            if count >= LEAST_EXPECTED or expected >= LEAST_EXPECTED:
                spread = self.spread.bucket / length + self.spread.hour
                return tail(count, expected, spread, 1 if count > expected else -1) < CALM
        return False

    def learn(
        self, hour: int, value: float, mean: float, plain: float, exposure: float, spread: float, found: float,
        raw: float,
    ) -> None:  # fmt: skip
        self.hours_seen += self.seconds / 3600.0
        strange = found > WATCH and not self.calm()
        weight = DISTRUST if strange else 1.0
        if strange and self.alarm >= self.believed_after:
            self.believe(mean / plain)
            return
        if strange or self.alarm:
            self.alarm += 1
            self.quiet = 0 if strange else self.quiet + 1
            if self.quiet >= QUIET:
                self.windows.forget(self.alarm)
                self.alarm = self.quiet = 0
        # An event or two are always learnt as they are: clipped, a stream of few would be believed ever rarer.
        taught = min(mean + max(CLIP * spread, TAUGHT), max(mean - CLIP * spread, value))
        if not strange:
            self.spread.learn(taught, mean)
            self.notice_misfit(hour % 24, raw)
        else:
            self.peak = 0.0
        self.profile.learn(hour, taught, exposure, weight)
        self.level_events = self.level_events * self.level_keeps + weight * taught
        self.level_mean = self.level_mean * self.level_keeps + weight * plain

    def believe(self, level: float) -> None:
        """What has been strange for so long is the new normal: the whole profile moves there, and keeps its shape."""
        longest = len(LENGTHS) - 1
        moved = (self.windows.counts[longest] + LEVEL_PRIOR) / (self.windows.expectations[longest] + LEVEL_PRIOR)
        self.profile.scale(moved * level)
        self.windows.forget(self.windows.filled)
        self.level_events = self.level_mean = self.peak = 0.0
        self.alarm = self.quiet = 0

    def notice_misfit(self, day: int, raw: float) -> None:
        """Where p is right, the peaks of -log10 p above any bar have a mean excess of 1 / ln 10."""
        over = raw - MISFIT_BAR
        if over > 0.0:
            self.peak, self.peak_day = max((self.peak, self.peak_day), (over, day))
        elif self.peak:
            times = min(self.peak, MISFIT_CLIP) / MEAN_EXCESS
            day = self.peak_day
            self.misfit[day] = self.misfit[day] * MISFIT_KEEPS + times
            self.misfit_n[day] = self.misfit_n[day] * MISFIT_KEEPS + 1.0
            self.excess = self.excess * MISFIT_KEEPS_WHOLE + times
            self.excesses = self.excesses * MISFIT_KEEPS_WHOLE + 1.0
            self.peak = 0.0

    def dump(self) -> bytes:
        """The state as 32-bit floats, below 3 KB; `load` makes an engine of it that goes on where this one stood."""
        parts = array("f", [VERSION, self.seconds])
        for name in SCALARS:
            parts.append(getattr(self, name))
        for values in (self.misfit, self.misfit_n):
            parts.extend(array("f", values))
        for part in (self.profile, self.spread, self.windows):
            parts.extend(array("f", part.numbers()))
        return parts.tobytes()

    @classmethod
    def load(cls, state: bytes) -> "CountEngine":
        """Raises ValueError where the bytes are no state of this version of the engine."""
        parts = array("f")
        parts.frombytes(state)
        if len(parts) < 2 or parts[0] not in (VERSION, BEFORE):
            raise ValueError("not a state of this engine")
        engine = cls(parts[1])
        numbers = iter(parts[2:])
        for name in SCALARS if parts[0] == VERSION else SCALARS[:-1]:
            kind = type(getattr(engine, name))
            setattr(engine, name, kind(next(numbers)))
        for values in (engine.misfit, engine.misfit_n):
            for at in range(24):
                values[at] = next(numbers)
        for part in (engine.profile, engine.spread, engine.windows):
            part.restore(numbers)
        return engine
