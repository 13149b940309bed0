"""Experiments of a tenant: set up, start, change the share, stop, conclude."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Max

from luxebrain.lib.problems import Conflict, NotFound, Problem
from modelregistry import experiment_plans, running, units
from modelregistry.models import Experiment
from modelregistry.models.experiment import MOST
from tenants import audit, epochs, occurrences
from tenants.models import Tenant, User

MINIMUM = (10, 10_000_000)
_KEY = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_UNSPOKEN = re.compile(r"[^a-z0-9]+")


def find(tenant: Tenant, number: int) -> Experiment:
    """The experiment with this number. Raises NotFound."""
    found = tenant.experiments.filter(number=number).first()
    if found is None:
        raise NotFound(f"There is no experiment {number}.")
    return found


def set_up(
    tenant: Tenant,
    *,
    by: User | str | None,
    name: str,
    unit: str,
    a: Mapping[str, Any] | None = None,
    b: Mapping[str, Any] | None = None,
    share_b: int = 50,
    key: str = "",
    placements: Sequence[str] = (),
    goal: str = Experiment.Goal.CONVERSION,
    automatic: str = Experiment.Automatic.NOTHING,
    minimum_subjects: int = 1000,
    planned_end: date | None = None,
    hypothesis: str = "",
    model: str = settings.MODEL_NAME,
) -> Experiment:
    """A draft that may be started.

    Raises PlanLimit, Problem with a reason per field, Conflict for a key that is taken.
    """
    experiment_plans.require(tenant)
    experiment = Experiment(
        tenant=tenant, name=name.strip(), unit=unit, a=dict(a or {}), b=dict(b or {}), share_b=share_b,
        key=key or key_from(name), placements=list(dict.fromkeys(placements)), goal=goal, automatic=automatic,
        minimum_subjects=minimum_subjects, planned_end=planned_end, hypothesis=hypothesis.strip(), model=model,
        created_by=by if isinstance(by, User) else None,
    )
    check(tenant, experiment)
    with running.locked(tenant):
        number = (tenant.experiments.aggregate(last=Max("number"))["last"] or 0) + 1
        if number > MOST:
            raise Conflict(f"A shop can have {MOST} experiments, and this one has had them.")
        taken = set(tenant.experiments.values_list("key", flat=True))
        if key and key in taken:
            raise Conflict(f"There is an experiment with the key {key} already.")
        experiment.number = number
        if experiment.key in taken:
            experiment.key = f"{experiment.key[:33]}-{number}"
        experiment.save(using=tenant.alias, force_insert=True)
        _note(experiment, "set_up", by, details={"unit": unit, "share_b": share_b, "placements": list(placements)})
    return experiment


def check(tenant: Tenant, experiment: Experiment) -> None:
    """Raises Problem with a reason per field unless the experiment makes sense (R38)."""
    wrong: dict[str, str] = {}
    if not 1 <= len(experiment.name) <= 80:
        wrong["name"] = "A name of at most 80 characters."
    if not _KEY.fullmatch(experiment.key):
        wrong["key"] = "Small letters, digits and hyphens, at most 40."
    if len(experiment.hypothesis) > 500:
        wrong["hypothesis"] = "At most 500 characters."
    choices = {"unit": units.known(), "goal": Experiment.Goal.values, "automatic": Experiment.Automatic.values}
    for field, values in choices.items():
        if getattr(experiment, field) not in values:
            wrong[field] = f"One of {', '.join(values)}."
    if not _whole(experiment.share_b, 1, 99):
        wrong["share_b"] = "A whole number of per cent from 1 to 99."
    if not _whole(experiment.minimum_subjects, *MINIMUM):
        wrong["minimum_subjects"] = f"A whole number from {MINIMUM[0]} to {MINIMUM[1]}."
    if len(experiment.placements) > 20 or not all(_CODE.fullmatch(str(code)) for code in experiment.placements):
        wrong["placements"] = "At most 20 codes: letters, digits, point, hyphen and underscore."
    _check_end(tenant, experiment, wrong)
    if "unit" not in wrong:
        wrong |= units.of(experiment).check(tenant, experiment)
        same = experiment.unit != Experiment.Unit.HOLDOUT and experiment.a == experiment.b
        if same and not wrong.keys() & {"a", "b"}:
            wrong["b"] = "A and B are the same: there is nothing to compare."
    if wrong:
        raise Problem("The experiment cannot be set up like this.", fields=wrong)


def _check_end(tenant: Tenant, experiment: Experiment, wrong: dict[str, str]) -> None:
    """The figures are made from stored impressions: an experiment may not outlive them."""
    if experiment.planned_end is None:
        return
    today, most = tenant.today(), longest(tenant)
    if experiment.planned_end <= today:
        wrong["planned_end"] = "A day after today."
    elif experiment.planned_end > today + timedelta(days=most):
        wrong["planned_end"] = f"At most {most} days from today: your plan keeps impressions no longer."


def longest(tenant: Tenant) -> int:
    """Days that a phase of an experiment may last: as long as what it is counted from is kept."""
    kinds = ("impression", "click", "cart", "purchase")
    return max(min(tenant.plan.days_of(kind) for kind in kinds) - 2, 1)


def start(experiment: Experiment, *, by: User | str | None) -> Experiment:
    """Begins to split the subjects; every process follows with its next call.

    Raises Conflict where it is no draft, overlaps another one that runs, or an arm cannot be served;
    PlanLimit; Problem where it no longer makes sense.
    """
    tenant = experiment.tenant
    units.of(experiment).bring(tenant, experiment)
    with running.locked(tenant) as now:
        experiment.refresh_from_db()
        if experiment.state != Experiment.State.DRAFT:
            raise Conflict(f"{experiment} cannot be started: it is {experiment.get_state_display().lower()}.")
        experiment_plans.require(tenant)
        check(tenant, experiment)
        other = overlapping(tenant, experiment)
        if other is not None:
            raise Conflict(f"{other} runs on the same lists: stop it first, or choose other placements.")
        units.of(experiment).ready(tenant, experiment)
        experiment.state = Experiment.State.RUNNING
        experiment.started_at = experiment.phase_started_at = now
        experiment.save(update_fields=["state", "started_at", "phase_started_at"])
        _note(experiment, "started", by, details={"share_b": experiment.share_b})
        occurrences.record(tenant, "experiment.started", subject=f"experiment {experiment.number}")
        epochs.bump(tenant, "model")
    return experiment


def overlapping(tenant: Tenant, experiment: Experiment) -> Experiment | None:
    """A running experiment that decides on the same lists. A holdout and tests go together: who is held out
    is in no test."""
    is_holdout = experiment.unit == Experiment.Unit.HOLDOUT
    for other in running.now_running(tenant, model=experiment.model).exclude(pk=experiment.pk):
        if (other.unit == Experiment.Unit.HOLDOUT) != is_holdout:
            continue
        apart = other.placements and experiment.placements and not set(other.placements) & set(experiment.placements)
        if is_holdout or not apart:
            return other
    return None


def change_share(experiment: Experiment, *, share_b: int, by: User | str | None) -> Experiment:
    """Moves the boundary between A and B: subjects change over in one direction only.

    Of a running experiment this begins a new phase: figures count from now on, because those who moved
    have seen both. Raises Problem, Conflict.
    """
    if not _whole(share_b, 1, 99):
        raise Problem("The share cannot be this.", fields={"share_b": "A whole number of per cent from 1 to 99."})
    tenant = experiment.tenant
    with running.locked(tenant) as now:
        experiment.refresh_from_db()
        if experiment.state not in (Experiment.State.DRAFT, Experiment.State.RUNNING):
            raise Conflict(f"{experiment} has ended: its share stays as it was.")
        if experiment.share_b == share_b:
            raise Conflict(f"{experiment} gives B {share_b} % already.")
        details = {"from": experiment.share_b, "to": share_b}
        experiment.share_b = share_b
        if experiment.is_running:
            experiment.phase, experiment.phase_started_at, experiment.counted_until = experiment.phase + 1, now, None
            epochs.bump(tenant, "model")
        experiment.save(update_fields=["share_b", "phase", "phase_started_at", "counted_until"])
        _note(experiment, "share_changed", by, details=details)
    return experiment


def stop(experiment: Experiment, *, by: User | str | None, reason: str = "") -> Experiment:
    """Ends it without a winner: everybody gets again what holds without it. Raises Conflict."""
    with running.locked(experiment.tenant) as now:
        experiment.refresh_from_db()
        if not experiment.is_running:
            raise Conflict(f"{experiment} does not run: there is nothing to stop.")
        running.end(experiment, at=now, state=Experiment.State.STOPPED, by=by, reason=reason)
    return experiment


def conclude(experiment: Experiment, *, winner: str, by: User | str | None, reason: str = "") -> Experiment:
    """Ends it and gives the winner everything: its version is activated, its weights or rules hold for all.

    A stopped one may be concluded later. All or nothing: where the winner cannot be put into service, the
    experiment goes on and the reason is raised. Raises Problem, Conflict.
    """
    if winner not in ("A", "B"):
        raise Problem("Say which arm gets everything.", fields={"winner": "A or B."})
    if experiment.unit == Experiment.Unit.HOLDOUT and winner == "B":
        raise Problem("Nobody would get personal lists.", fields={"winner": "A holdout ends with A for everybody."})
    tenant = experiment.tenant
    units.of(experiment).bring(tenant, experiment)
    with running.locked(tenant) as now:
        experiment.refresh_from_db()
        if experiment.state not in (Experiment.State.RUNNING, Experiment.State.STOPPED):
            raise Conflict(f"{experiment} cannot be concluded: it is {experiment.get_state_display().lower()}.")
        running.end(experiment, at=now, state=Experiment.State.CONCLUDED, by=by, winner=winner, reason=reason)
        units.of(experiment).settle(tenant, experiment, winner, by)
    return experiment


def discard(experiment: Experiment, *, by: User | str | None) -> None:
    """Removes a draft. Raises Conflict for one that ran: its figures are kept."""
    with running.locked(experiment.tenant):
        experiment.refresh_from_db()
        if experiment.state != Experiment.State.DRAFT:
            raise Conflict(f"{experiment} has been started: it stays, with its figures.")
        _note(experiment, "discarded", by)
        experiment.delete()


def key_from(name: str) -> str:
    """A key made of a name: what is no letter or digit becomes a hyphen."""
    return _UNSPOKEN.sub("-", name.lower()).strip("-")[:40].strip("-") or "experiment"


def _whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _note(
    experiment: Experiment, verb: str, by: User | str | None, *, details: dict[str, Any] | None = None
) -> None:
    facts = {"number": experiment.number, **(details or {})}
    audit.record(experiment.tenant, f"experiment.{verb}", by=by, target=experiment.name, details=facts)
