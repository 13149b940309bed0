"""The figures of one phase of an experiment by metric, day and segment, made of rows already read."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from modelregistry import measured
from modelregistry.measured import Comparison
from modelregistry.models import Experiment, ExperimentDay
from modelregistry.statistics import power, ratio_check, stopping
from modelregistry.statistics.stopping import Decision, Facts, Verdict

NEVER_WAIT = 365  # days; a forecast beyond is "not in sight"
Pair = tuple[ExperimentDay, ExperimentDay]  # A, B
MISMATCH_WHILE_RUNNING = 0.01  # of the check that may be looked at every day


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the curve: new subjects of A and B on that day, and the goal up to its end."""

    day: date
    new: tuple[int, int]
    goal: Comparison


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the shoppers or of the lists, with the goal inside it."""

    key: str
    label: str
    subjects: tuple[int, int]
    goal: Comparison


class Result:
    """The figures of one phase. Reads nothing: `results.read` does."""

    def __init__(self, experiment: Experiment, rows: list[ExperimentDay], *, today: date) -> None:
        self.experiment = experiment
        self.today = today
        self._rows: dict[str, dict[date, dict[str, ExperimentDay]]] = defaultdict(lambda: defaultdict(dict))
        for row in rows:
            self._rows[row.segment][row.day][row.arm] = row

    @property
    def tuning(self) -> float:
        """Subjects of both arms when the smaller one has what was planned: fixed at the start of the phase."""
        return self.experiment.minimum_subjects / (min(self.experiment.shares) / 100)

    @cached_property
    def arms(self) -> Pair:
        return self._newest("")

    @property
    def is_empty(self) -> bool:
        return not any(row.subjects or row.crossed for row in self.arms)

    @property
    def subjects(self) -> tuple[int, int]:
        return self.arms[0].subjects, self.arms[1].subjects

    @property
    def crossed(self) -> int:
        """Subjects that saw both arms, as when two people share a session; they are in no figure."""
        return sum(row.crossed for row in self.arms)

    @cached_property
    def comparisons(self) -> tuple[Comparison, ...]:
        """All metrics, the goal first."""
        found = (measured.compare(kind, *self.arms, tuning=self.tuning) for kind in measured.KINDS)
        return tuple(sorted(found, key=lambda one: one.kind.key != self.experiment.goal))

    @property
    def goal(self) -> Comparison:
        return self.comparisons[0]

    @cached_property
    def ratio(self) -> float:
        """How probable the seen shares are if the set ones hold: at every look while it runs, once when it ended."""
        counts = [row.subjects + row.crossed for row in self.arms]
        check = ratio_check.p_value_at_any_time if self.experiment.is_running else ratio_check.p_value
        return float(check(counts, self.experiment.shares))

    @property
    def is_mismatched(self) -> bool:
        least = MISMATCH_WHILE_RUNNING if self.experiment.is_running else ratio_check.MISMATCH_BELOW
        return self.ratio < least

    @property
    def day_count(self) -> int:
        """Days that were counted; without the curve, which compares the arms anew for each of them."""
        return len(self._rows[""])

    @cached_property
    def days(self) -> tuple[Day, ...]:
        """The curve, in order of time; days on which an arm has no row take its last one."""
        found, before = [], (_nobody("A"), _nobody("B"))
        for day in sorted(self._rows[""]):
            at = self._rows[""][day]
            now = (at.get("A", before[0]), at.get("B", before[1]))
            new = (now[0].subjects - before[0].subjects, now[1].subjects - before[1].subjects)
            goal = measured.compare(self.goal.kind, *now, tuning=self.tuning)
            found.append(Day(day, new, goal))
            before = now
        return tuple(found)

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        found = []
        for key in sorted(name for name in self._rows if name):
            a, b = self._newest(key)
            goal = measured.compare(self.goal.kind, a, b, tuning=self.tuning)
            found.append(Segment(key, segment_label(key), (a.subjects, b.subjects), goal))
        return tuple(found)

    @property
    def has_ended(self) -> bool:
        """Its planned last day is over, or somebody ended it."""
        planned = self.experiment.planned_end
        return not self.experiment.is_running or (planned is not None and self.today > planned)

    @cached_property
    def decision(self) -> Decision:
        goal = self.goal
        nothing = (float("nan"), float("nan"))
        return stopping.decide(
            Facts(
                self.subjects, measured.hits(goal.kind, *self.arms), self.day_count, self.experiment.minimum_subjects,
                lift=goal.interval or nothing, difference=goal.between, mismatch=self.is_mismatched,
                ended=self.has_ended,
            )
        )  # fmt: skip

    @property
    def verdict(self) -> Verdict:
        return self.decision.verdict

    @property
    def days_left(self) -> int | None:
        """Days until the planned sample at the pace so far, then until the seen lift is clear; None: not in sight.

        Never later than the planned end.
        """
        if not self.experiment.is_running:
            return 0
        pace = sum(self.subjects) / max(self.day_count, 1)
        missing = max(
            (self.experiment.minimum_subjects - subjects) / (share / 100)
            for subjects, share in zip(self.subjects, self.experiment.shares, strict=True)
        )
        if missing <= 0 and self.goal.lift is not None:
            lift = self.goal.relative
            missing = power.more_subjects(float(lift.variance), float(lift.n), self.goal.lift, tuning=self.tuning)
        left = power.days(max(missing, 0.0), pace)
        planned = self.experiment.planned_end
        to_end = max((planned - self.today).days + 1, 0) if planned else NEVER_WAIT
        if left is None or left > to_end:
            return to_end if planned else None
        return left

    @property
    def incremental(self) -> tuple[float, float, float] | None:
        """(low, seen, high) revenue that A brought beyond what its subjects had spent as B; None: too little is known.

        Of a holdout: what personal recommendations brought.
        """
        revenue = next(one for one in self.comparisons if one.kind.key == "revenue")
        if not revenue.is_shown:
            return None
        reached = self.subjects[0]
        low, high = revenue.between
        return -high * reached, -revenue.difference * reached, -low * reached

    def _newest(self, segment: str) -> Pair:
        found = {"A": _nobody("A"), "B": _nobody("B")}
        for day in sorted(self._rows.get(segment, ())):
            found |= self._rows[segment][day]
        return found["A"], found["B"]


def segment_label(key: str) -> str:
    kind, _, name = key.partition(":")
    if kind == "placement":
        return f"Placement {name}" if name else "Lists without a placement"
    return {"customer": "Signed-in shoppers", "guest": "Guests"}.get(name, name)


def _nobody(arm: str) -> ExperimentDay:
    return ExperimentDay(arm=arm)
