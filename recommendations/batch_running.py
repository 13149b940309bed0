"""One chunk from its lease to its commit, and an audience from its rows to its chunks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from django.db.models import F, Sum
from django.utils import timezone

from luxebrain.lib.problems import NotFound
from recommendations import batch_closing, batch_handing, batch_packing, queries
from recommendations.batch_packing import Lists
from recommendations.batch_scoring import Order, Scorer
from recommendations.models import BatchChunk, BatchJob
from tenants import tenancy, usage
from tenants.models import Tenant
from tenants.work import Lease

CHUNK = 2000  # customers of a chunk: a second's work at most, so that nobody waits long for a turn
PLAIN = 4  # times as many where lists are made together: each costs a twentieth then
CUSTOMER_ATTEMPTS = 3  # of a chunk in which single customers failed
RENEW_SECONDS = 8.0
State, Piece = BatchJob.State, BatchChunk.State


class AgainLater(RuntimeError):
    """Some customers of the chunk failed; it is worth another try."""


def run_chunk(lease: Lease) -> None:
    """Scores the customers without an open transaction, then stores lists, counts and the end of the work at once."""
    assert lease.tenant_id is not None
    with tenancy.enter(lease.tenant_id) as tenant:
        chunk = tenant.batch_chunks.select_related("job").filter(pk=int(lease.subject), state=Piece.HANDED).first()
        if chunk is None:
            lease.finish("default")
            return
        waits = chunk.job.is_paused or batch_handing.hold(tenant) is not None
        if chunk.job.state == State.PENDING and not waits:
            chunk.job = batch_handing.begin(tenant, chunk.job_id)
        if chunk.job.state != State.PROCESSING or waits:
            tenant.batch_chunks.filter(pk=chunk.pk).update(state=Piece.WAITING, handed_at=None)
            lease.finish("default")
            return
        tenant.batch_chunks.filter(pk=chunk.pk).update(attempts=F("attempts") + 1)
    began = time.process_time()
    try:
        lists, problems = _scored(lease, chunk)
    except NotFound as gone:  # the version was removed: no attempt will bring it back
        _fail(lease, chunk, gone.detail)
        return
    if problems and lease.attempt < CUSTOMER_ATTEMPTS and not chunk.is_single and _is_worth_a_try(problems):
        raise AgainLater(f"{len(problems)} customers failed: {next(iter(problems.values()))}")
    _commit(lease, chunk, lists, problems, seconds=time.process_time() - began)


def order_of(job: BatchJob) -> Order:
    return Order(job.tenant_id, queries.parse(job.asked), job.version or 0, job.moment, job.on_unknown)


def _scored(lease: Lease, chunk: BatchChunk) -> tuple[Lists, dict[str, str]]:
    """The lists of the whole chunk, and why single customers have none; in a retry only those are done again."""
    ids = batch_packing.unpack_ids(chunk.customers)
    again = list(range(len(ids))) if chunk.again is None else chunk.again
    with tenancy.within(chunk.tenant_id):  # its few questions in one transaction, which ends before the work
        scorer = Scorer(order_of(chunk.job), [ids[place] for place in again])
    for number, place in enumerate(again):
        if why := chunk.problems.get(str(place)):  # the worker stopped at this one before
            scorer.problems[number] = why
    if chunk.is_single:
        lists = scorer.lists(before_each=lambda number: _mark(lease, chunk, again[number]), one_by_one=True)
        _mark(lease, chunk, -1)  # what fails from here on is no customer's fault
    else:
        lists = scorer.lists(before_each=_Renewing(lease))
    problems = {str(again[number]): why for number, why in sorted(scorer.problems.items())}
    return (_merged(chunk, again, lists) if chunk.again is not None else lists), problems


class _Renewing:
    """Renews the lease while there is much to do. Raises Fenced."""

    def __init__(self, lease: Lease) -> None:
        self.lease, self.last = lease, time.monotonic()

    def __call__(self, place: int) -> None:
        if time.monotonic() - self.last > RENEW_SECONDS:
            self.lease.renew()
            self.last = time.monotonic()


def _mark(lease: Lease, chunk: BatchChunk, place: int) -> None:
    """Says which customer comes next, so that one who stops the worker is known by it."""
    lease.renew()
    with tenancy.enter(chunk.tenant_id) as tenant:
        tenant.batch_chunks.filter(pk=chunk.pk).update(trying=place)


def _merged(chunk: BatchChunk, again: Sequence[int], lists: Lists) -> Lists:
    """What was there, with the lists of those that were done again in their places."""
    known = list(batch_packing.parts(chunk.outcome))
    for place, part in zip(again, batch_packing.parts(batch_packing.pack(lists)), strict=True):
        known[place] = part
    return batch_packing.joined(known)


def _is_worth_a_try(problems: dict[str, str]) -> bool:
    return any(why != batch_packing.UNKNOWN for why in problems.values())


def _commit(lease: Lease, chunk: BatchChunk, lists: Lists, problems: dict[str, str], *, seconds: float) -> None:
    """All effects of the chunk in one transaction, guarded by the lease's token: once, or not at all."""
    packed, counts = batch_packing.pack(lists), batch_packing.counted(lists)
    with tenancy.enter(chunk.tenant_id) as tenant:
        batch_handing.lock(tenant)
        job = tenant.batch_jobs.filter(pk=chunk.job_id, state=State.PROCESSING)
        if not job.exists():  # cancelled or removed in the meantime
            tenant.batch_chunks.filter(pk=chunk.pk).update(state=Piece.WAITING, handed_at=None)
            lease.finish("default")
            return
        before = batch_packing.counted_in(chunk.outcome) if chunk.again is not None else {}
        tenant.batch_chunks.filter(pk=chunk.pk).update(
            state=Piece.DONE, outcome=packed, problems=problems, error="", trying=-1, again=None,
            finished_at=timezone.now(),
        )
        job.update(
            seconds=F("seconds") + seconds,
            **{name: F(name) + counts[name] - before.get(name, 0) for name in ("processed", "skipped", "unknown")},
            failed=F("failed") + counts["failed"],
        )
        usage.add(tenant, "inferences", counts["processed"] - before.get("processed", 0))
        go_on(tenant)
        lease.finish("default")


def _fail(lease: Lease, chunk: BatchChunk, why: str) -> None:
    with tenancy.enter(chunk.tenant_id) as tenant:
        batch_handing.lock(tenant)
        if tenant.batch_chunks.filter(pk=chunk.pk, state=Piece.HANDED).exists():
            batch_handing.fail(tenant, chunk, why)
        go_on(tenant)
        lease.finish("default")


def go_on(tenant: Tenant) -> None:
    """The next chunks, and the end of jobs that have none left. Under the tenant's lock."""
    batch_handing.hand_out(tenant)
    batch_closing.close_finished(tenant)


def size_of(tenant: Tenant, job: BatchJob) -> int:
    """How many customers its chunks hold."""
    return tenant.batch_chunks.filter(job=job.pk).aggregate(n=Sum("size"))["n"] or 0


def add_chunks(tenant: Tenant, job: BatchJob, ids: Sequence[str]) -> None:
    """Cuts these customers into chunks behind those that are there."""
    size = CHUNK * (PLAIN if _is_plain(job) else 1)
    last = tenant.batch_chunks.filter(job=job.pk).order_by("number").defer("customers", "outcome").last()
    number, first = (last.number + 1, last.first + last.size) if last is not None else (0, 0)
    rows: list[Any] = []
    for start in range(0, len(ids), size):
        piece = list(ids[start : start + size])
        rows.append(BatchChunk(
            tenant=tenant, job=job, number=number + len(rows), first=first + start, size=len(piece),
            customers=batch_packing.pack_ids(piece),
        ))
    tenant.batch_chunks.bulk_create(rows)


def _is_plain(job: BatchJob) -> bool:
    """Whether lists can be made together as far as the question goes; the placement and the rules of the moment may
    say otherwise (`batch_personal.simple_plan`)."""
    asked = queries.parse(job.asked)
    steps = (asked.boosts, asked.diversity, asked.min_relevance, asked.products, asked.candidates, asked.placement)
    return asked.kind == "personalised" and not any(steps)
