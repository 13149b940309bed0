"""When an experiment may end by itself, and what its figures allow to say."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

WHOLE_WEEK = 7  # days: shoppers of a Monday are not those of a Saturday
# Below these, intervals of lifts miss the truth more often than they say, revenue's most of all (bench/experiments.py).
LEAST_SUBJECTS = 100  # in each arm
LEAST_HITS = 50  # in each arm: subjects who clicked, bought …


class Verdict(StrEnum):
    MISMATCH = "mismatch"  # the arms do not hold their shares: nothing is said
    EARLY = "early"  # too little data to say anything
    OPEN = "open"  # the interval holds 0, the experiment goes on
    BETTER = "better"  # B: the whole interval lies above 0
    WORSE = "worse"  # B: the whole interval lies below 0
    NO_DIFFERENCE = "no_difference"  # the planned end is reached and the interval holds 0


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known at a look. Both intervals are the always-valid ones of the goal."""

    subjects: tuple[int, int]
    hits: tuple[int, int]
    days: int
    least: int  # subjects that each arm should have, by plan
    lift: tuple[float, float]  # relative
    difference: tuple[float, float]  # of the means
    mismatch: bool
    ended: bool  # the planned end is reached


@dataclass(frozen=True, slots=True)
class Decision:
    verdict: Verdict
    stop: bool  # may the experiment end by itself now?


def decide(facts: Facts) -> Decision:
    """The stop rules, first that holds.

    1. Shares not kept: never a verdict; it ends at its planned end only.
    2. B worse: ends at once, it costs money. Asked with 50 hits in both arms together, since a B that sells
       nothing never gets 50 of its own.
    3. Too few subjects or hits in an arm: no verdict; it ends at its planned end only.
    4. B better: ends when the planned sample and whole weeks have passed, so that the lift itself is sound.
    5. The interval holds 0: it ends at its planned end.
    """
    if facts.mismatch:
        return Decision(Verdict.MISMATCH, facts.ended)
    if min(facts.subjects) < LEAST_SUBJECTS or sum(facts.hits) < LEAST_HITS:
        return Decision(Verdict.EARLY, facts.ended)
    # The interval of the lift is a little too short below 0 and that of the difference above: both must agree.
    if facts.difference[1] < 0 and not facts.lift[1] >= 0:
        return Decision(Verdict.WORSE, True)
    if not enough(facts.subjects, facts.hits) or not all(map(isfinite, facts.lift)):
        return Decision(Verdict.EARLY, facts.ended)
    if facts.difference[0] > 0 and facts.lift[0] > 0:
        full = min(facts.subjects) >= facts.least and facts.days >= WHOLE_WEEK
        return Decision(Verdict.BETTER, facts.ended or full)
    return Decision(Verdict.NO_DIFFERENCE if facts.ended else Verdict.OPEN, facts.ended)


def enough(subjects: tuple[int, int], hits: tuple[int, int]) -> bool:
    """May an interval of a lift be shown?"""
    return min(subjects) >= LEAST_SUBJECTS and min(hits) >= LEAST_HITS
