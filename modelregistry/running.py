"""Which experiments run for a tenant, what they need, and how one is ended."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet

from modelregistry.models import Experiment
from modelregistry.moving import locked
from tenants import audit, epochs, occurrences
from tenants.models import Tenant, User

# Experiments change under the lock of their tenant's versions: a conclusion moves one, a rollback ends tests.
__all__ = ["end", "end_tests_of_versions", "locked", "now_running", "versions"]


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
