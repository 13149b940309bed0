"""Which experiments run for a tenant, what they need, and how one is ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.conf import settings
from django.db import connections
from django.db.models import QuerySet

from modelregistry import moving
from modelregistry.models import Experiment
from tenants import audit, epochs, occurrences
from tenants.models import Tenant, User

_LOCK = 0x6578  # first half of the advisory lock that orders all changes of one tenant's experiments


@contextmanager
def locked(tenant: Tenant) -> Iterator[datetime]:
    """One change of a tenant's experiments at a time. Yields the database's time.

    The lock of its versions comes first: a conclusion moves one, and a rollback ends tests under it.
    """
    with moving.locked(tenant), connections[tenant.alias].cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s, %s)", [_LOCK, tenant.pk & 0x7FFFFFFF])
        cursor.execute("select clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
        yield now


def now_running(tenant: Tenant, *, model: str = settings.MODEL_NAME) -> QuerySet[Experiment]:
    """The running experiments, the oldest first."""
    return tenant.experiments.filter(model=model, state=Experiment.State.RUNNING).order_by("number")


def versions(tenant: Tenant, *, model: str = settings.MODEL_NAME) -> frozenset[int]:
    """Numbers of the versions that running experiments serve: they must stay as they are."""
    tests = now_running(tenant, model=model).filter(unit=Experiment.Unit.VERSION)
    return frozenset(int(what["version"]) for test in tests for what in (test.a, test.b))


def end(
    experiment: Experiment, *, at: datetime, state: str, by: User | str | None, winner: str = "", reason: str = ""
) -> None:
    """Writes the end of an experiment, with its line in the audit trail. Call with the lock held."""
    tenant = experiment.tenant
    experiment.state, experiment.winner, experiment.conclusion = state, winner, reason[:500]
    experiment.ended_at = experiment.ended_at or at
    experiment.save(update_fields=["state", "winner", "conclusion", "ended_at"])
    facts = {"number": experiment.number, "unit": experiment.unit, "winner": winner or None, "reason": reason[:300]}
    audit.record(tenant, f"experiment.{state}", by=by, target=experiment.name, details=facts, reason=reason)
    occurrences.record(tenant, f"experiment.{state}", subject=f"experiment {experiment.number}", facts=facts)
    epochs.bump(tenant, "model")


def end_tests_of_versions(
    tenant: Tenant, *, by: User | str | None, reason: str, model: str = settings.MODEL_NAME
) -> int:
    """Stops every running test of versions, as a rollback does; how many there were."""
    with locked(tenant) as now:
        tests = list(now_running(tenant, model=model).filter(unit=Experiment.Unit.VERSION))
        for test in tests:
            end(test, at=now, state=Experiment.State.STOPPED, by=by, reason=reason)
    return len(tests)
