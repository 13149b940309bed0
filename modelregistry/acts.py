"""What a person may do with an experiment: in words for buttons and questions, and done by its use case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from modelregistry import experiment_plans, experiments, results
from modelregistry.experiment_facts import arm_text
from modelregistry.models import Experiment
from tenants.models import User

VERBS = ("start", "discard", "stop", "give-b", "keep-a")


@dataclass(frozen=True, slots=True)
class Act:
    """One button. title and text ask first; `done` is what the person is told afterwards."""

    verb: str
    button: str
    title: str
    text: str
    confirm: str
    done: str
    do: Callable[[User, str], object]
    danger: bool = False
    reason: str = "Why"


def of(experiment: Experiment) -> list[Act]:
    """The acts that its state allows, in the order in which they are shown."""
    state = Experiment.State
    if experiment.state == state.DRAFT:
        startable = experiment_plans.includes(experiment.tenant)
        return [*([_start(experiment)] if startable else []), _discard(experiment)]
    if experiment.unit == Experiment.Unit.HOLDOUT:
        return [_stop(experiment)] if experiment.is_running else []
    if experiment.state == state.RUNNING:
        return [_conclude(experiment, "B"), _conclude(experiment, "A"), _stop(experiment)]
    if experiment.state == state.STOPPED:
        return [_conclude(experiment, "B"), _conclude(experiment, "A")]
    return []


def refusal(experiment: Experiment, verb: str) -> str:
    """Why a verb that is not offered cannot be done with it now."""
    if experiment.state == Experiment.State.DRAFT and verb == "start":
        return experiment_plans.reason(experiment.tenant)
    return f"{experiment.name} is {experiment.get_state_display().lower()}: this cannot be done with it."


def _start(one: Experiment) -> Act:
    a, b = one.shares
    return Act(
        "start", "Start…", f"Start {one.name}?",
        f"From the next answer on, A is shown to {a} % and B to {b} % of the shoppers. Nobody changes sides.",
        "Start", f"{one.name} runs.", lambda by, reason: experiments.start(one, by=by), reason="",
    )  # fmt: skip


def _discard(one: Experiment) -> Act:
    return Act(
        "discard", "Discard…", f"Discard {one.name}?", "The draft is removed. Nothing was shown to anybody.", "Discard",
        f"{one.name} is gone.", lambda by, reason: experiments.discard(one, by=by), danger=True, reason="",
    )  # fmt: skip


def _stop(one: Experiment) -> Act:
    return Act(
        "stop", "Stop without a winner…", f"Stop {one.name}?",
        "Everybody gets again what holds without the experiment. Its figures are kept.", "Stop",
        f"{one.name} has stopped.", lambda by, reason: results.stop(one, by=by, reason=reason), danger=True,
    )  # fmt: skip


def _conclude(one: Experiment, winner: str) -> Act:
    what = arm_text(one, winner)
    effect = {
        Experiment.Unit.VERSION: f"{what} is put into service for all shoppers. It can be rolled back.",
        Experiment.Unit.WEIGHTS: f"These weights hold for all shoppers: {what}.",
        Experiment.Unit.RULES: f"The rules of {winner} hold for all shoppers, those of the other arm are switched off.",
    }.get(Experiment.Unit(one.unit), "")
    keep = "Stop, keep A…" if one.is_running else "Keep A…"
    verb, button = ("give-b", "Give B everything…") if winner == "B" else ("keep-a", keep)
    return Act(
        verb, button, f"{'Give B everything' if winner == 'B' else 'End it and keep A'}?",
        f"{effect} The experiment ends; its figures are kept.", button.rstrip("…"),
        f"{one.name} is concluded: {winner} for everybody.",
        lambda by, reason: results.conclude(one, winner=winner, by=by, reason=reason),
    )  # fmt: skip
