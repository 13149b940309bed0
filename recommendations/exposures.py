"""What the arms of experiments brought: counts exposures and what followed from events and orders, day by day."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import connections

from modelregistry import experiments, results
from modelregistry.models import Experiment
from recommendations import exposures_sql as sql
from recommendations.tracking import OVERLAP
from tenants import tenancy, work
from tenants.models import Tenant

TASK = "recommendations.count_experiments"
BEFORE = timedelta(days=28)  # of the covariate of CUPED
PLACES = 20  # placements that get figures of their own, those with the most lists
_OUTLIVED = "The impressions of its first days are no longer kept by the plan: its figures would shrink."
LATE = timedelta(days=2)  # events may come this late after the end


def count(experiment: Experiment, *, now: datetime | None = None) -> None:
    """Makes the days of the experiment's phase anew, in the transaction of the caller.

    The result is the same in whatever order events arrived. `now` bounds the days (tests); the database's
    time otherwise.
    """
    tenant, since = experiment.tenant, experiment.phase_started_at
    if since is None:
        return
    started = _clock(tenant)
    until = min(experiment.ended_at or started, now or started)
    first, last = (moment.astimezone(tenant.zone).date() for moment in (since, max(until, since)))
    values = {
        "tenant": tenant.pk, "zone": tenant.time_zone, "currency": tenant.currency, "since": since, "until": until,
        # The id of a list carries milliseconds: one answered in the first millisecond of the phase is in it.
        "answered": since.replace(microsecond=since.microsecond // 1000 * 1000), "before": since - BEFORE,
        "number": experiment.number, "holdout": experiment.unit == Experiment.Unit.HOLDOUT,
        "experiment": experiment.pk, "phase": experiment.phase, "first": first, "last": last, "places": PLACES,
    }
    experiment.days.filter(tenant=tenant, phase=experiment.phase).delete()
    with connections[tenant.alias].cursor() as cursor:
        cursor.execute(sql.COUNT, values)
    experiment.counted_until = started
    experiment.save(update_fields=["counted_until"])


def count_due(tenant: Tenant) -> list[Experiment]:
    """Counts what runs or ended lately, where anything arrived since; those that were counted.

    Each is locked: two counts of one experiment wait for each other.
    """
    counted: list[Experiment] = []
    clock = _clock(tenant)
    open_ones = tenant.experiments.exclude(phase_started_at=None).select_for_update().order_by("number")
    for experiment in open_ones:
        if not experiment.is_running and (experiment.ended_at is None or experiment.ended_at < clock - LATE):
            continue
        if _has_news(tenant, experiment):
            count(experiment)
            counted.append(experiment)
    return counted


def judge(tenant: Tenant, counted: Collection[int]) -> None:
    """Asks the stop rules of what runs, and keeps the figures of what ended and was counted, by number.

    A phase that is as old as impressions are kept is stopped: from then on its figures would shrink.
    """
    now = _clock(tenant)
    for experiment in tenant.experiments.exclude(phase_started_at=None).order_by("number"):
        if not experiment.is_running and experiment.number not in counted:
            continue
        results.follow(experiment)
        if experiment.is_running and now - experiment.phase_started_at > timedelta(experiments.longest(tenant)):
            results.stop(experiment, by=results.AUTOMATIC, reason=_OUTLIVED)


def _has_news(tenant: Tenant, experiment: Experiment) -> bool:
    if experiment.counted_until is None:
        return True
    values: dict[str, Any] = {"tenant": tenant.pk, "after": experiment.counted_until - OVERLAP}
    with connections[tenant.alias].cursor() as cursor:
        cursor.execute(sql.NEWS, values)
        return bool(cursor.fetchone()[0])


def _clock(tenant: Tenant) -> datetime:
    """The database's time, because it is the one that stamps arrivals."""
    with connections[tenant.alias].cursor() as cursor:
        cursor.execute("select statement_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment


def fan_out() -> int:
    """Makes a count due for every tenant with an experiment that runs or ended lately; how many there were."""
    with connections["ops"].cursor() as cursor:
        cursor.execute(sql.DUE)
        due = [row[0] for row in cursor.fetchall()]
    for tenant in tenancy.across().filter(pk__in=due):
        work.enqueue(tenant, TASK, key="experiments")
    return len(due)
