"""The verdict of an experiment in words: one sentence, a badge, and what to do next."""

from __future__ import annotations

from luxebrain.lib.figures import percent
from modelregistry.models import Experiment
from modelregistry.readings import Result
from modelregistry.statistics.stopping import Verdict

BADGES = {
    Verdict.MISMATCH: ("Shares not kept", "bad"),
    Verdict.EARLY: ("Too early", "neutral"),
    Verdict.OPEN: ("Not decided", "neutral"),
    Verdict.BETTER: ("B is better", "good"),
    Verdict.WORSE: ("A is better", "bad"),
    Verdict.NO_DIFFERENCE: ("No difference found", "neutral"),
}


def badge(result: Result) -> tuple[str, str]:
    """(text, tone)"""
    return BADGES[result.verdict]


def sentence(result: Result) -> str:
    """What may be said, in one sentence that needs no statistics."""
    goal = result.goal
    label = goal.kind.label.lower()
    if result.is_empty:
        return "Nobody has been shown a list of this experiment yet."
    if result.verdict == Verdict.MISMATCH:
        return "The arms do not hold the shares that were set, so no figure can be trusted: something loses subjects."
    if result.verdict == Verdict.EARLY:
        return f"Too early to say: {goal.missing or 'too little data'}{_wait(result)}."
    if result.verdict == Verdict.WORSE and goal.lift is None:
        return f"B is clearly worse than A in {label}, though few have come so far."
    low, high = goal.interval or (0.0, 0.0)
    span = f"{percent(goal.lift)} (interval {percent(low)} to {percent(high)})"
    if result.verdict == Verdict.BETTER:
        return f"B is better than A in {label}: {span}."
    if result.verdict == Verdict.WORSE:
        return f"B is worse than A in {label}: {span}."
    if result.verdict == Verdict.NO_DIFFERENCE:
        return f"It ended without a difference in {label} that chance does not explain: {span}."
    return f"Not decided yet: B differs in {label} by {span}{_wait(result)}."


def _wait(result: Result) -> str:
    left = result.days_left
    if not result.experiment.is_running:
        return ""
    if left is None:
        return "; an answer is not in sight at this pace"
    return f"; about {left} {'day' if left == 1 else 'days'} to go" if left else ""


def advice(result: Result) -> str:
    """What a person may do now; "" where there is nothing to add."""
    experiment = result.experiment
    if not experiment.is_running:
        return ""
    if experiment.unit == Experiment.Unit.HOLDOUT:
        return "A holdout measures what personal lists bring. Stop it when you know enough; all get them again."
    match result.verdict:
        case Verdict.MISMATCH:
            return "Look for pages that show lists without reporting impressions for one arm, then start again."
        case Verdict.BETTER if not result.decision.stop:
            return "The sample or the week that was planned is not full: the lift may still shrink."
        case Verdict.BETTER:
            return "Give B everything."
        case Verdict.WORSE:
            return "Stop and keep A."
        case Verdict.NO_DIFFERENCE:
            return "Keep A, or choose B for other reasons: the figures favour neither."
    return "Leave it running. Looking is free: the interval holds at any time."
