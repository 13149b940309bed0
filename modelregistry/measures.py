"""Measures of versions as pages show them: value, interval, sample and meaning; two versions side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import hypot
from typing import Any

from luxebrain.lib import markup
from luxebrain.lib.bars import Interval, intervals
from modelregistry import drift, labels, metrics, performance
from modelregistry.models import ModelVersion
from modelregistry.performance import Totals
from modelregistry.statistics import shares

Text = Callable[[Any], str]


@dataclass(frozen=True)
class Measure:
    """One metric of one version. value None: `missing` says why; size: what it is based on, in words."""

    key: str
    label: str
    help: str
    value: float | None
    text: Text
    low: float | None = None
    high: float | None = None
    size: str = ""
    missing: str = ""

    @property
    def said(self) -> str:
        return self.text(self.value)

    @property
    def interval(self) -> str:
        """The 95 % interval in words; "" where none is known."""
        if self.value is None or self.low is None or self.high is None:
            return ""
        return f"{self.text(self.low)} to {self.text(self.high)}"


@dataclass(frozen=True)
class Pair:
    """A metric of two versions. verdict: which is ahead, or that it could be chance; drawn: b - a with its interval."""

    a: Measure
    b: Measure
    change: markup.Change | None
    drawn: Interval | None
    verdict: str
    tone: str


def offline(version: ModelVersion) -> list[Measure]:
    """What the training measured on the newest events, which the version had not seen."""
    tested = version.metrics.get("tested")
    size = markup.plural(tested, "list tested,lists tested") if isinstance(tested, int) else ""
    found = []
    for key, label, text in (*labels.METRICS, *labels.MORE_METRICS):
        value = version.metrics.get(key)
        say = markup.percent if key.startswith(("coverage", "hit_rate")) else _three
        known = isinstance(value, int | float)
        found.append(
            Measure(
                key, label, text, value if known else None, say, version.metrics.get(f"{key}_low"),
                version.metrics.get(f"{key}_high"), size if known else "",
                "" if known else "too few returning shoppers to test on",
            )
        )  # fmt: skip
    return found


def online(totals: Totals, days: int) -> list[Measure]:
    """What shoppers did with a version's lists in the last `days` days."""
    found = []
    for key, label, text in labels.ONLINE:
        hits, trials = totals.hits(key)
        unit = "list shown,lists shown" if key == "ctr" else "list clicked,lists clicked"
        missing = _missing(totals, trials, days)
        low, high = shares.wilson(hits, trials)
        found.append(
            Measure(
                key, label, text, None if missing else hits / trials, markup.percent, low, high,
                f"{markup.number(hits)} of {markup.plural(trials, unit)}", missing,
            )
        )  # fmt: skip
    return found


def _missing(totals: Totals, trials: int, days: int) -> str:
    if not totals.shown:
        return f"no list shown in {days} days"
    if totals.shown < performance.ENOUGH_LISTS:
        return f"{markup.number(totals.shown)} of {performance.ENOUGH_LISTS} lists shown"
    return "" if trials else "no list clicked"


def logged(version: ModelVersion) -> list[Measure]:
    """The newest values from the log of answers, which are measured every night."""
    found = []
    for key, label, text in labels.LOGGED:
        row = metrics.latest(version, key)
        say = _two if key == "score_shift" else markup.percent
        why = f"needs two days of {drift.ENOUGH} personal lists" if key == "score_shift" else "measured every night"
        size = f"{markup.plural(row.sample_size, 'list,lists')} of {_day(row)}" if row else ""
        found.append(Measure(key, label, text, row.value if row else None, say, size=size, missing="" if row else why))
    return found


def pairs(a: list[Measure], b: list[Measure], names: tuple[str, str]) -> list[Pair]:
    """The same metrics of two versions, with what the difference is worth."""
    return [_pair(left, right, names) for left, right in zip(a, b, strict=True)]


def _pair(a: Measure, b: Measure, names: tuple[str, str]) -> Pair:
    if a.value is None or b.value is None:
        return Pair(a, b, None, None, "Too little data", "neutral")
    # More novelty is neither better nor worse.
    change = None if a.key in labels.NEUTRAL else markup.change(b.value, a.value, points=a.text is markup.percent)
    if None in (a.low, a.high, b.low, b.high):
        return Pair(a, b, change, None, "", "neutral")
    low, high = difference((a.low, a.value, a.high), (b.low, b.value, b.high))  # type: ignore[arg-type]
    drawn = intervals([(low, b.value - a.value, high)], text=a.text)[0]
    if low > 0:
        return Pair(a, b, change, drawn, f"{names[1]} is ahead", "good")
    if high < 0:
        return Pair(a, b, change, drawn, f"{names[0]} is ahead", "bad")
    return Pair(a, b, change, drawn, "Could be chance", "neutral")


def difference(a: tuple[float, float, float], b: tuple[float, float, float]) -> tuple[float, float]:
    """The interval of b - a from (low, value, high) of independent estimates (Zou & Donner 2008; Newcombe 1998)."""
    gap = b[1] - a[1]
    return gap - hypot(b[1] - b[0], a[2] - a[1]), gap + hypot(b[2] - b[1], a[1] - a[0])


def _three(value: Any) -> str:
    return markup.number(value, 3)


def _two(value: Any) -> str:
    return markup.number(value, 2)


def _day(row: Any) -> str:
    day = row.window_from.astimezone(row.tenant.zone)
    return f"{day.day} {day:%b}"
