"""The metrics of an experiment: from the sums of two arms to values, lift, intervals and what is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

from modelregistry.models import ExperimentDay
from modelregistry.statistics import lifts, moments, stopping
from modelregistry.statistics.lifts import Lift
from modelregistry.statistics.moments import Estimate, Moments

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Kind:
    """One metric. `is_adjusted`: what subjects did earlier is taken off (CUPED); `hits`: see `stopping.LEAST_HITS`."""

    key: str
    label: str
    help: str
    unit: str  # "share", "number" or "money"
    sums: Callable[[ExperimentDay], Moments]
    estimate: Callable[[Moments], Estimate]
    hits: Callable[[ExperimentDay], int]
    hit: str
    is_adjusted: bool = False
    top: Callable[[ExperimentDay], float] = lambda row: 0.0
    bottom: Callable[[ExperimentDay], int] = lambda row: row.subjects


def _yes_or_no(count: str) -> Callable[[ExperimentDay], Moments]:
    def sums(row: ExperimentDay) -> Moments:
        hits = float(getattr(row, count))
        return Moments(float(row.subjects), hits, hits)

    return sums


def _per_subject(name: str) -> Callable[[ExperimentDay], Moments]:
    fields = (name, f"{name}_squared", f"before_{name}", f"before_{name}_squared", f"before_{name}_{name}")

    def sums(row: ExperimentDay) -> Moments:
        return Moments(float(row.subjects), *(float(getattr(row, field)) for field in fields))

    return sums


def _clicks_per_list(row: ExperimentDay) -> Moments:
    names = ("subjects", "clicks", "clicks_squared", "impressions", "impressions_squared", "clicks_impressions")
    return Moments(*(float(getattr(row, name)) for name in names))


KINDS = (
    Kind("clicks", "Subjects who clicked", "Of the subjects shown a list, how many clicked one at least once.",
         "share", _yes_or_no("clickers"), moments.mean, lambda row: row.clickers, "subjects who clicked",
         top=lambda row: row.clickers),
    Kind("ctr", "Click-through rate", "Lists clicked, of lists shown. The interval counts subjects, not lists.",
         "share", _clicks_per_list, moments.ratio, lambda row: row.clickers, "subjects who clicked",
         top=lambda row: row.clicks, bottom=lambda row: row.impressions),
    Kind("conversion", "Conversion", "Of the subjects shown a list, how many ordered afterwards.",
         "share", _yes_or_no("buyers"), moments.mean, lambda row: row.buyers, "buyers", top=lambda row: row.buyers),
    Kind("orders", "Orders per subject", "Orders after the first list shown, for each subject.",
         "number", _per_subject("orders"), moments.mean, lambda row: row.buyers, "buyers", is_adjusted=True,
         top=lambda row: row.orders),
    Kind("revenue", "Revenue per subject", "Money of those orders for each subject, buyers or not.",
         "money", _per_subject("revenue"), moments.mean, lambda row: row.buyers, "buyers", is_adjusted=True,
         top=lambda row: float(row.revenue)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Arm:
    """A metric of one arm: its value, and the counts that it is made of."""

    value: float | None
    top: float
    bottom: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """B against A in one metric. Intervals hold at any time; None where too little is known.

    lift        relative, with `interval`
    difference  of the values, in their unit, with `between`
    missing     why there is no lift; "" if there is
    """

    kind: Kind
    a: Arm
    b: Arm
    lift: float | None
    interval: Interval | None
    chance: float | None
    risk: float | None
    difference: float
    between: Interval
    missing: str
    is_adjusted: bool
    relative: Lift

    @property
    def is_shown(self) -> bool:
        return self.lift is not None


def compare(kind: Kind, a: ExperimentDay, b: ExperimentDay, *, tuning: float) -> Comparison:
    """`tuning`: planned subjects of both arms (lifts.at_any_time)."""
    first, second = kind.sums(a), kind.sums(b)
    means, theta = (kind.estimate(first), kind.estimate(second)), 0.0
    if kind.is_adjusted:
        adjusted_a, adjusted_b, found = moments.adjusted(first, second)
        means, theta = (adjusted_a, adjusted_b), float(found)
    relative, absolute = lifts.relative(*means), lifts.absolute(*means)
    missing = _missing(kind, a, b, relative)
    shown = None if missing else relative
    return Comparison(
        kind, _arm(kind, a, means[0]), _arm(kind, b, means[1]),
        lift=float(shown.value) if shown else None,
        interval=_pair(lifts.at_any_time(shown, tuning=tuning)) if shown else None,
        chance=float(lifts.chance_to_win(shown)) if shown else None,
        risk=float(lifts.risk(shown)) if shown else None,
        difference=float(absolute.value),
        between=_pair(lifts.at_any_time(absolute, tuning=tuning)),
        missing=missing, is_adjusted=theta != 0.0, relative=relative,
    )  # fmt: skip


def hits(kind: Kind, a: ExperimentDay, b: ExperimentDay) -> tuple[int, int]:
    return kind.hits(a), kind.hits(b)


def _arm(kind: Kind, row: ExperimentDay, estimate: Estimate) -> Arm:
    value = float(estimate.mean)
    return Arm(value if isfinite(value) else None, kind.top(row), kind.bottom(row))


def _missing(kind: Kind, a: ExperimentDay, b: ExperimentDay, lift: Lift) -> str:
    for arm, row in (("A", a), ("B", b)):
        if row.subjects < stopping.LEAST_SUBJECTS:
            return f"{arm} has {row.subjects:,} of {stopping.LEAST_SUBJECTS} subjects"
    for arm, row in (("A", a), ("B", b)):
        if kind.hits(row) < stopping.LEAST_HITS:
            return f"{arm} has {kind.hits(row):,} of {stopping.LEAST_HITS} {kind.hit}"
    if not (isfinite(lift.value) and isfinite(lift.variance)):
        return "A has none"
    return "" if lift.variance > 0 else "all subjects are alike in this"


def _pair(interval: tuple[object, object]) -> Interval:
    return float(interval[0]), float(interval[1])  # type: ignore[arg-type]
