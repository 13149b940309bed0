"""Experiments that wait for a decision: how long the files of their versions wait too, and their end without one."""

from __future__ import annotations

from datetime import datetime, timedelta

from modelregistry import running
from modelregistry.models import Experiment
from tenants.models import Tenant

DAYS = 30
BY = "retention"  # who ends them, in the audit trail
State = Experiment.State


def until(experiment: Experiment) -> datetime | None:
    """Until when it can count on the files of its versions: a draft from its making, a stopped one from its end.

    None: it runs, or there is nothing to decide any more. A holdout ends by being stopped.
    """
    if experiment.state == State.DRAFT:
        return experiment.created_at + timedelta(days=DAYS)
    if experiment.state == State.STOPPED and experiment.unit != Experiment.Unit.HOLDOUT and experiment.ended_at:
        return experiment.ended_at + timedelta(days=DAYS)
    return None


def why_held(experiment: Experiment, now: datetime) -> str:
    """Why the files of its versions stay, for "kept: it …"; "" where it holds them no longer."""
    if experiment.is_running:
        return f"the experiment {experiment.name} runs"
    last = until(experiment)
    if last is None or last <= now:
        return ""
    day = _day(experiment, last)
    if experiment.state == State.DRAFT:
        return f"the experiment {experiment.name} can be started with it until {day}"
    return f"the experiment {experiment.name} waits for a decision until {day}"


def told(experiment: Experiment) -> tuple[str, str] | None:
    """(until when to decide, what follows otherwise) of a stopped one that waits; None for any other."""
    last = until(experiment) if experiment.state == State.STOPPED else None
    if last is None:
        return None
    files = experiment.unit == Experiment.Unit.VERSION
    after = "Until then the files of both versions are kept. " if files else ""
    return (
        f"Decide by {_day(experiment, last)}: give B everything, or keep A.",
        f"{after}After that day it is concluded without a decision; its figures stay.",
    )


def lapse(tenant: Tenant) -> list[Experiment]:
    """Concludes without a winner what was stopped and left undecided for so long. Figures stay, and so does what
    holds for everybody since it stopped."""
    with running.locked(tenant) as now:
        latest = now - timedelta(days=DAYS)
        rows = tenant.experiments.filter(state=State.STOPPED, ended_at__lte=latest)
        over = list(rows.exclude(unit=Experiment.Unit.HOLDOUT))
        for one in over:
            reason = f"No decision within {DAYS} days of its end. {one.conclusion}".strip()
            running.end(one, at=now, state=State.CONCLUDED, by=BY, reason=reason)
    return over


def _day(experiment: Experiment, at: datetime) -> str:
    return f"{at.astimezone(experiment.tenant.zone):%-d %b %Y}"
