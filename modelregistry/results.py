"""What an experiment has shown so far, and the rules that end it by itself."""

from __future__ import annotations

from typing import Any

from luxebrain.lib.problems import Problem
from modelregistry import experiments
from modelregistry.models import Experiment
from modelregistry.readings import Result
from modelregistry.statistics.stopping import Decision, Verdict
from modelregistry.verdicts import sentence
from tenants import occurrences
from tenants.models import User

AUTOMATIC = "automatic"  # who did it, in the audit trail


def read(experiment: Experiment) -> Result:
    """The figures of its present or last phase; one query."""
    tenant = experiment.tenant
    rows = tenant.experiment_days.filter(experiment=experiment, phase=experiment.phase)
    return Result(experiment, list(rows), today=tenant.today())


def follow(experiment: Experiment) -> None:
    """Call after each count: a running experiment is asked to end, the kept figures of an ended one are made anew."""
    if experiment.is_running:
        decide(experiment)
    else:
        freeze(experiment)


def decide(experiment: Experiment) -> Decision:
    """Asks the stop rules and, where the experiment may, does what they say.

    A holdout is never given to B: nobody would get personal lists. A winner that cannot be put into service leaves
    the experiment running, and the reason is recorded.
    """
    result = read(experiment)
    decision = result.decision
    if experiment.is_running and decision.stop and experiment.automatic != Experiment.Automatic.NOTHING:
        _end(experiment, result)
    return decision


def _end(experiment: Experiment, result: Result) -> None:
    reason = f"By the stop rules: {sentence(result)}"
    winner = {Verdict.BETTER: "B", Verdict.WORSE: "A"}.get(result.verdict, "")
    if experiment.unit == Experiment.Unit.HOLDOUT and winner == "B":
        winner = ""
    try:
        if winner and experiment.automatic == Experiment.Automatic.CONCLUDE:
            conclude(experiment, winner=winner, by=AUTOMATIC, reason=reason)
        else:
            stop(experiment, by=AUTOMATIC, reason=reason)
    except Problem as problem:
        facts = {"number": experiment.number, "reason": problem.detail}
        subject = f"experiment {experiment.number}"
        if not experiment.tenant.occurrences.filter(kind="experiment.undecided", subject=subject).exists():
            occurrences.record(experiment.tenant, "experiment.undecided", subject=subject, facts=facts)


def stop(experiment: Experiment, *, by: User | str | None, reason: str = "") -> Experiment:
    """`experiments.stop`, and its figures are kept, in one transaction: for pages, the API and the stop rules alike."""
    with experiment.tenant.atomic():
        experiments.stop(experiment, by=by, reason=reason)
        freeze(experiment)
    return experiment


def conclude(experiment: Experiment, *, winner: str, by: User | str | None, reason: str = "") -> Experiment:
    """`experiments.conclude`, and its figures are kept, in one transaction."""
    with experiment.tenant.atomic():
        experiments.conclude(experiment, winner=winner, by=by, reason=reason)
        freeze(experiment)
    return experiment


def freeze(experiment: Experiment) -> dict[str, Any]:
    """Keeps the figures with the experiment for good, and gives them back."""
    result = read(experiment)
    experiment.result = summary(result)
    experiment.save(update_fields=["result"])
    return experiment.result


def summary(result: Result) -> dict[str, Any]:
    """The figures as JSON: for answers of the API and for what is kept."""
    return {
        "verdict": result.verdict.value,
        "subjects": list(result.subjects),
        "crossed": result.crossed,
        "share_check": result.ratio,
        "days": result.day_count,
        "metrics": [
            {
                "metric": one.kind.key, "a": one.a.value, "b": one.b.value, "lift": one.lift,
                "interval": list(one.interval) if one.interval else None,
                "chance_to_win": one.chance, "risk": one.risk, "missing": one.missing,
            }
            for one in result.comparisons
        ],
    }  # fmt: skip
