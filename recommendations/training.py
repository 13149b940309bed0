"""A training from request to the model in service: claimed, followed, compared, published."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.utils import timezone

from luxebrain.lib import logs
from luxebrain.lib.problems import Conflict
from modelregistry import artifacts, labels, store, versions
from modelregistry.artifacts import Saved
from modelregistry.models import ModelVersion
from recommendations import common_table, comparison, isolated_data, recipes
from recommendations.algorithms.bundle import Bundle
from recommendations.comparison import Verdict
from recommendations.datasets import Dataset
from recommendations.evaluation import selection
from recommendations.evaluation.selection import TrainingResult
from recommendations.models import TrainingRun
from recommendations.pulse import Pulse
from tenants import audit, errors, tenancy, work
from tenants.models import Tenant, User
from tenants.work import Fenced, Lease

TASK = "recommendations.train"
SEED = 20_240_501  # fixed, so that equal data gives an equal model
OPEN = (TrainingRun.State.QUEUED, TrainingRun.State.RUNNING)
# Shares of the bar: reading, then learning and testing, then comparing, then saving.
_READ, _LEARNT, _COMPARED = 0.08, 0.90, 0.95
_STEPS = {
    "split": "Setting the newest orders aside for the test",
    "histories": "Keeping each shopper's history",
    "done": "Trained",
    "try": "Trying parts: {}",
    "weigh": "Weighing the parts against each other",
    "fit": "Learning: {}",
    "evaluate": "Testing: {}",
    "final": "Learning from all data: {}",
}

log = logs.get(__name__)


def request(tenant: Tenant, *, reason: str, by: User | None) -> TrainingRun:
    """Asks for a training. Raises Conflict while one is waiting or running."""
    with tenant.atomic():
        if not tenant.is_active:
            raise Conflict("This shop is suspended: nothing is trained.")
        close_lost(tenant)
        try:
            with transaction.atomic(using=tenant.alias):
                run = tenant.training_runs.create(
                    reason=reason, requested_by=by, step="Waiting for a worker", scope=isolated_data.scope_of(tenant),
                )
        except IntegrityError as error:
            raise Conflict("A training is under way already. It is one at a time.") from error
        isolated_data.began(tenant, run)
        work.enqueue(tenant, TASK, subject=run.pk, key=f"train:{run.pk}")
        audit.record(tenant, "training.requested", by=by or "timetable", target=str(run.pk), reason=reason)
    return run


def under_way(tenant: Tenant) -> TrainingRun | None:
    return tenant.training_runs.filter(state__in=OPEN).first()


def close_lost(tenant: Tenant) -> None:
    """Ends runs whose work has been given up, which would otherwise bar the way for ever."""
    for run in tenant.training_runs.filter(state__in=OPEN):
        live = tenant.works.filter(task=TASK, subject=str(run.pk), state__in=["pending", "running"])
        if not live.exists():
            tenant.training_runs.filter(pk=run.pk, state__in=OPEN).update(
                state=TrainingRun.State.FAILED,
                error="The worker stopped while training, several times. Train again; if it happens again, "
                "the machine may be short of memory.",
                finished_at=timezone.now(),
            )


def run(run_id: int, lease: Lease, *, tell: Callable[[str, float], None] | None = None) -> None:
    """Does the training of a row. Whoever holds the lease does it, also after another was killed.

    `tell(step, fraction)` hears of every step at once. What goes wrong stands on the row in words;
    a lost lease or database is raised, because then another attempt will do.
    """
    training = _claim(run_id, lease)
    if training is None:
        return
    try:
        with Pulse(lease, run_id, tell=tell) as pulse:
            _train(training, lease, pulse)
    except (Fenced, OperationalError, InterfaceError):
        raise
    except Exception as error:
        log.exception("training.failed", run=run_id)
        errors.record(error, source="worker", tenant_id=lease.tenant_id, path=f"{TASK}#{run_id}")
        _end(lease, run_id, state=TrainingRun.State.FAILED, error=in_words(error))


@dataclass(frozen=True)
class _Claimed:
    run_id: int
    tenant_id: int
    by: User | None
    orders: int
    scope: str


def _claim(run_id: int, lease: Lease) -> _Claimed | None:
    """Waiting or left behind → running. The lease keeps others away from a run that is alive."""
    assert lease.tenant_id is not None
    with tenancy.enter(lease.tenant_id) as tenant:
        claimed = tenant.training_runs.filter(pk=run_id, state__in=OPEN).update(
            state=TrainingRun.State.RUNNING, started_at=timezone.now(), step="Reading orders and events",
            progress=0.0, trials=[], error="", outcome="",
        )
        if not claimed:
            return None
        row = tenant.training_runs.select_related("requested_by").get(pk=run_id)
        return _Claimed(run_id, tenant.pk, row.requested_by, tenant.orders.countable().count(), row.scope)


def _train(training: _Claimed, lease: Lease, pulse: Pulse) -> None:
    needed = settings.COLD_START_ORDERS
    if training.orders < needed:
        _end(lease, training.run_id, outcome=f"Not enough data: {training.orders} of {needed} orders")
        return
    started = time.monotonic()
    read_at = int(time.time())  # what arrives from here on, whenever it happened, is news to this model
    with tenancy.enter(training.tenant_id) as tenant:
        dataset = isolated_data.read(tenant, training.scope)
        champion = versions.champion(tenant)
        row = tenant.training_runs.get(pk=training.run_id)
        recipe = common_table.fitting(recipes.of_last_search(tenant, row, dataset.counts["interactions"]), dataset)
        seconds = recipes.seconds(tenant)
    pulse(f"Read {dataset.counts['interactions']:,} interactions", _READ)
    result = selection.train(
        dataset.interactions, dataset.baskets, dataset.features, seed=SEED, seconds=seconds, recipe=recipe,
        progress=lambda step, share: pulse(_say(step), _READ + (_LEARNT - _READ) * share),
    )
    pulse("Comparing with the model in service", _LEARNT)
    verdict = comparison.compare(result, dataset, champion, seed=SEED)
    beside = isolated_data.beside(training.tenant_id, training.scope, result, dataset, seed=SEED)
    pulse("Saving the model", _COMPARED)
    with tenancy.enter(training.tenant_id) as tenant:
        number = versions.next_number(tenant)
    saved = save(
        result.bundle, tenant_id=training.tenant_id, number=number, read_at=read_at, scope=training.scope
    )
    try:
        pulse.check()
        with tenancy.enter(training.tenant_id) as tenant:
            _publish(tenant, training, lease, dataset, result, saved, verdict, beside, time.monotonic() - started)
    except BaseException:
        # Nothing of that transaction stays, and the number is this artefact's alone.
        with contextlib.suppress(artifacts.ArtifactUnreachable):  # no version names it: the sweep finds it
            store.discard(saved.place)
        raise


def save(bundle: Bundle, *, tenant_id: int, number: int, read_at: int, scope: str) -> Saved:
    """Writes the bundle's artefact under `number`, or the next one free: a number is never reused.

    read_at    when its data was read, seconds since 1970: serving adds what arrived later
    """
    while True:
        try:
            return store.save(
                tenant=str(tenant_id), model=settings.MODEL_NAME, version=number,
                arrays=bundle.arrays(), manifest=bundle.manifest() | {"read_at": read_at}, scope=scope,
            )
        except artifacts.ArtifactExists:
            number += 1


def _publish(
    tenant: Tenant, training: _Claimed, lease: Lease, dataset: Dataset, result: TrainingResult, saved: Saved,
    verdict: Verdict, beside: dict[str, float], seconds: float,
) -> None:
    """Version, activation, run and work end in one transaction, or none of them does."""
    version = versions.register(
        tenant,
        artifact=saved,
        algorithm=result.chosen,
        parameters=result.bundle.parts[result.chosen].params,
        metrics=result.metrics.get(result.chosen, {}) | beside,
        scope=training.scope,
        counts=common_table.counts(dataset, result),
        window=(dataset.begins_at, dataset.ends_at),
        by=training.by,
        train_seconds=seconds,
        cpu_seconds=result.cpu_s,
    )
    verdict = isolated_data.still(tenant, training.scope, verdict)
    outcome = f"{version} is in service: {verdict.words}."
    if not verdict.takes_over:
        outcome = f"{version} was kept aside: {verdict.words}."
    else:
        try:
            versions.activate(version, by=training.by, reason=f"Training: {verdict.words}")
        except versions.NotActivatable as problem:
            version.state = ModelVersion.State.FAILED
            version.save(update_fields=["state"])
            outcome = f"{version} was saved but failed its checks. {problem.detail}"
    _finish(
        tenant, training.run_id, state=TrainingRun.State.SUCCEEDED, outcome=outcome[:300], version=version,
        trials=recipes.trials(result), step="", progress=1.0,
    )
    lease.finish("default")


def _end(lease: Lease, run_id: int, **facts: Any) -> None:
    """The run's end without a version, and with it the work's."""
    assert lease.tenant_id is not None
    with tenancy.enter(lease.tenant_id) as tenant:
        _finish(tenant, run_id, **{"state": TrainingRun.State.SUCCEEDED, "step": "", **facts})
        lease.finish("default")


def _finish(tenant: Tenant, run_id: int, **facts: Any) -> None:
    tenant.training_runs.filter(pk=run_id).update(finished_at=timezone.now(), **facts)
    isolated_data.ended(tenant, run_id)


def _say(step: str) -> str:
    word, _, name = step.partition(" ")
    return _STEPS.get(word, step).format(labels.algorithm(name))


def in_words(error: Exception) -> str:
    """Why a training ended, for people who do not read tracebacks."""
    if isinstance(error, MemoryError):
        return "The machine ran out of memory."
    if isinstance(error, OSError) and error.errno == 28:
        return "The disk is full, so the model could not be saved."
    if type(error).__name__ == "SoftTimeLimitExceeded":
        return f"It took longer than the {settings.CELERY_TASK_SOFT_TIME_LIMIT // 60} minutes allowed."
    return f"An error on our side stopped it ({type(error).__name__}: {error})."[:500]
