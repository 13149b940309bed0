"""Profile: the rate of a stream by hour of the week, by hour of the day and over all, each leaning on the next."""

import math
from array import array
from collections.abc import Iterator

HOURS = 168
WEEK_PRIOR, DAY_PRIOR = 8.0, 3.0  # events that the belief below is worth
VISITS, DAYS = 4.0, 28.0  # memory of an hour of the week, and of the rest


class Profile:
    """Gamma-Poisson rates per unit of exposure: hour of the week ← hour of the day ← the whole stream."""

    __slots__ = ("all_events", "all_exposure", "day_events", "day_exposure", "day_keeps", "step", "week_events",
                 "week_exposure", "week_keeps", "all_keeps")  # fmt: skip

    def __init__(self, seconds: float) -> None:
        per_hour = max(1.0, 3600.0 / seconds)
        per_day = max(1.0, 86400.0 / seconds)
        self.step = seconds / 3600.0
        self.week_keeps = math.exp(-1.0 / (VISITS * per_hour))
        self.day_keeps = math.exp(-1.0 / (DAYS * per_hour))
        self.all_keeps = math.exp(-1.0 / (DAYS * per_day))
        self.week_events, self.week_exposure = array("d", bytes(8 * HOURS)), array("d", bytes(8 * HOURS))
        self.day_events, self.day_exposure = array("d", bytes(8 * 24)), array("d", bytes(8 * 24))
        self.all_events = self.all_exposure = 0.0

    def expect(self, position: float) -> tuple[float, float]:
        """(rate per unit of exposure, squared relative uncertainty of it) at an hour of the week in [0, 168).

        Between the middles of two hours the rates are interpolated, so that an hour's edge is no jump.
        """
        hour = int(position)
        rate, doubt = self.rate(hour)
        if self.step >= 1.0:
            return rate, doubt
        off = position - hour - 0.5
        beside, doubt_beside = self.rate((hour + (1 if off > 0 else -1)) % HOURS)
        share = off if off > 0 else -off
        return rate + share * (beside - rate), doubt + share * (doubt_beside - doubt)

    def rate(self, hour: int) -> tuple[float, float]:
        day = hour % 24
        base = (self.all_events + 0.1) / (self.all_exposure or 1.0)
        of_day = self.day_events[day] + DAY_PRIOR
        typical = of_day / (self.day_exposure[day] + DAY_PRIOR / base)
        own = self.week_events[hour] + WEEK_PRIOR
        leaning = WEEK_PRIOR / own
        return own / (self.week_exposure[hour] + WEEK_PRIOR / typical), 1.0 / own + leaning * leaning / of_day

    def learn(self, hour: int, events: float, exposure: float, weight: float) -> None:
        """Takes `events` in during `exposure`; weight in (0, 1] is how much the point is believed."""
        day = hour % 24
        events, exposure = events * weight, exposure * weight
        keeps = 1.0 - weight * (1.0 - self.week_keeps)
        self.week_events[hour] = self.week_events[hour] * keeps + events
        self.week_exposure[hour] = self.week_exposure[hour] * keeps + exposure
        keeps = 1.0 - weight * (1.0 - self.day_keeps)
        self.day_events[day] = self.day_events[day] * keeps + events
        self.day_exposure[day] = self.day_exposure[day] * keeps + exposure
        keeps = 1.0 - weight * (1.0 - self.all_keeps)
        self.all_events = self.all_events * keeps + events
        self.all_exposure = self.all_exposure * keeps + exposure

    def scale(self, times: float) -> None:
        """Every rate becomes so many times what it was."""
        for events in (self.week_events, self.day_events):
            for at in range(len(events)):
                events[at] *= times
        self.all_events *= times

    def arrays(self) -> tuple[array, ...]:
        return self.week_events, self.week_exposure, self.day_events, self.day_exposure

    def numbers(self) -> list[float]:
        return [self.all_events, self.all_exposure, *(value for values in self.arrays() for value in values)]

    def restore(self, numbers: Iterator[float]) -> None:
        self.all_events, self.all_exposure = next(numbers), next(numbers)
        for values in self.arrays():
            for at in range(len(values)):
                values[at] = next(numbers)
