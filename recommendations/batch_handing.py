"""Which chunks are handed out next, and what becomes of those whose work was given up.

A tenant has at most `plan.batch_weight` chunks handed out at a time, taken in turn from its jobs, the
one with the fewest first. The relay publishes the tenants' work in turn too, so a job of any size costs
another tenant, or another job of the same, a few chunks' time and no more. Everything here happens
under the tenant's lock, in the caller's transaction.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.models import F
from django.utils import timezone

from modelregistry import retention, versions
from recommendations import popular
from recommendations.models import BatchChunk, BatchHold, BatchJob
from tenants import work
from tenants.models import Tenant

TASK = "recommendations.batch_chunk"
_LOCK = 0x62617463  # first half of the advisory lock of one tenant's jobs
State, Piece = BatchJob.State, BatchChunk.State


def lock(tenant: Tenant) -> None:
    """Until the transaction ends nobody else hands out or takes back this tenant's chunks."""
    with connections["default"].cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s, %s)", [_LOCK, tenant.pk])


def hold(tenant: Tenant) -> BatchHold | None:
    """The staff's hold on this shop's batch work that is in force. Inside the tenant."""
    found: BatchHold | None = tenant.batch_holds.filter(lifted_at__isnull=True).first()
    return found


def hand_out(tenant: Tenant) -> int:
    """Writes the work of as many chunks as the tenant may have under way; how many were handed out."""
    if hold(tenant) is not None:
        return 0
    under_way = Counter(tenant.batch_chunks.filter(state=Piece.HANDED).order_by().values_list("job_id", flat=True))
    room, handed = tenant.plan.batch_weight - under_way.total(), 0
    if room <= 0:
        return 0
    open_ = tenant.batch_jobs.filter(state__in=BatchJob.OPEN, is_paused=False)
    jobs = list(open_.order_by("pk").values_list("pk", flat=True))
    while room > 0 and jobs:
        job = min(jobs, key=lambda one: (under_way[one], one))
        waiting = tenant.batch_chunks.filter(job=job, state=Piece.WAITING).order_by("number")
        chunk = waiting.values_list("pk", flat=True).first()
        if chunk is None:
            jobs.remove(job)
            continue
        tenant.batch_chunks.filter(pk=chunk).update(state=Piece.HANDED, handed_at=timezone.now())
        work.enqueue(tenant, TASK, subject=chunk)
        under_way[job] += 1
        room, handed = room - 1, handed + 1
    return handed


def begin(tenant: Tenant, job_id: int) -> BatchJob:
    """The job as its first chunk begins: it keeps the version and the moment that it begins with."""
    lock(tenant)
    job: BatchJob = tenant.batch_jobs.get(pk=job_id)
    if job.state != State.PENDING:
        return job
    now = timezone.now()
    champion = versions.champion(tenant)
    is_cold = popular.countable_orders(tenant, most=settings.COLD_START_ORDERS) < settings.COLD_START_ORDERS
    if job.version is None:
        job.version = 0 if champion is None or is_cold else champion.number
        job.moment = time.time()
    job.state, job.attempts, job.started_at = State.PROCESSING, job.attempts + 1, job.started_at or now
    told = f"began with v{job.version}" if job.version else "began without a model"
    note(job, told, by="worker")
    job.save(update_fields=["state", "version", "moment", "attempts", "started_at", "history"])
    return job


@retention.holder
def pinned(tenant: Tenant, model: str) -> retention.Held:
    """Versions that jobs keep: of those under way, and of those whose failed customers may be done again."""
    if model != settings.MODEL_NAME:
        return {}
    ending = (State.PARTIAL, State.FAILED, State.CANCELLED)
    jobs = tenant.batch_jobs.filter(state__in=(*BatchJob.OPEN, *ending), version__gt=0).order_by("pk")
    return {number: f"the batch job {name or pk} keeps it" for number, name, pk in
            jobs.values_list("version", "name", "public_id")}  # fmt: skip


def note(job: BatchJob, what: str, *, by: Any) -> None:
    """A line in the job's history; the caller saves it."""
    line = {"at": timezone.now().isoformat(timespec="seconds"), "what": what[:200], "by": str(by)[:80]}
    job.history = [*job.history, line][-50:]


def take_back(tenant: Tenant) -> int:
    """Chunks that are handed out but whose work was given up, or is gone: set aside or done one by one."""
    handed = list(tenant.batch_chunks.filter(state=Piece.HANDED).defer("customers", "outcome"))
    if not handed:
        return 0
    works = tenant.works.filter(task=TASK, subject__in=[str(chunk.pk) for chunk in handed])
    found: dict[str, Any] = {}
    for subject, state, error in works.order_by("pk").values_list("subject", "state", "error"):
        found[subject] = (state, error)
    lost = 0
    for chunk in handed:
        state, error = found.get(str(chunk.pk), ("gone", "Its work was lost."))
        if state in (work.Work.State.PENDING, work.Work.State.RUNNING):
            continue
        lost += 1
        give_up(tenant, chunk, error)
    return lost


def give_up(tenant: Tenant, chunk: BatchChunk, error: str) -> None:
    """Five attempts were too few. First the chunk is done customer by customer; a customer over whom the worker
    stopped even then is left out; what fails without naming a customer fails as a whole."""
    last = next((line for line in reversed(error.splitlines()) if line.strip()), "It was given up.")[:200]
    if not chunk.is_single:
        changes: dict[str, Any] = {"state": Piece.WAITING, "is_single": True, "trying": -1}
    elif chunk.trying >= 0:
        problems = {**chunk.problems, str(chunk.trying): f"The worker stopped at this customer: {last}"}
        changes = {"state": Piece.WAITING, "problems": problems, "trying": -1}
    else:
        fail(tenant, chunk, last)
        return
    tenant.batch_chunks.filter(pk=chunk.pk).update(error=last, handed_at=None, **changes)


def fail(tenant: Tenant, chunk: BatchChunk, why: str) -> None:
    """The chunk has no lists; those that it had before a retry stay."""
    left = chunk.size if chunk.again is None else len(chunk.again)
    tenant.batch_chunks.filter(pk=chunk.pk).update(
        state=Piece.FAILED, error=why[:300], finished_at=timezone.now(), trying=-1
    )
    tenant.batch_jobs.filter(pk=chunk.job_id).update(failed=F("failed") + left)
