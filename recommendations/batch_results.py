"""What is said of a batch job: its progress, a page of its lists, and the queue as operators see it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Min, Sum
from django.urls import reverse
from django.utils import timezone

from recommendations import batch_packing
from recommendations.models import BatchChunk, BatchHold, BatchJob
from tenants.models import Tenant

RATE_WINDOW = timedelta(seconds=60)
PROBLEMS_TOLD = 100
LONGEST_WAIT = 60  # seconds between two looks of a poller
State, Piece = BatchJob.State, BatchChunk.State


def page(tenant: Tenant, job: BatchJob, *, start: int, limit: int) -> list[dict[str, Any]]:
    """The customers at the places start..start+limit of the job that are done; each says its place."""
    rows = tenant.batch_chunks.filter(job=job.pk, outcome__isnull=False)
    rows = rows.filter(first__lt=start + limit, first__gt=start - F("size"))
    found: list[dict[str, Any]] = []
    for chunk in rows.order_by("number"):
        begin, end = max(start - chunk.first, 0), min(start + limit - chunk.first, chunk.size)
        ids = batch_packing.unpack_ids(chunk.customers)
        told = batch_packing.told(ids, chunk.outcome, chunk.problems, start=begin, stop=end)
        found += [{"place": chunk.first + begin + number, **one} for number, one in enumerate(told)]
    return found


def rate(tenant: Tenant, job: BatchJob, now: datetime) -> float | None:
    """Customers per second over the last minute; None where nothing was done in it."""
    if job.started_at is None or job.state != State.PROCESSING:
        return None
    since = max(job.started_at, now - RATE_WINDOW)
    done = tenant.batch_chunks.filter(job=job.pk, finished_at__gte=since).aggregate(n=Sum("size"))["n"] or 0
    return done / max((now - since).total_seconds(), 0.001) if done else None


def expected_seconds(tenant: Tenant, total: int) -> float | None:
    """How long so many customers took this shop lately, by its last ten finished jobs; None before the first."""
    ended = tenant.batch_jobs.filter(state__in=(State.COMPLETED, State.PARTIAL), started_at__isnull=False)
    last = list(ended.order_by("-pk").values_list("processed", "started_at", "finished_at")[:10])
    done = sum(processed for processed, _, _ in last)
    took = sum((finished - started).total_seconds() for _, started, finished in last)
    return total * took / done if done else None


def told(tenant: Tenant, job: BatchJob, *, held: BatchHold | None, now: datetime | None = None) -> dict[str, Any]:
    """The job as the API says it, `held` being the hold on its shop. Keys that do not apply yet are null."""
    now = now or timezone.now()
    held = held if job.state in BatchJob.OPEN else None
    speed = rate(tenant, job, now)
    left = max(job.total - job.processed - job.failed - job.skipped, 0)
    address = reverse("batch-job", args=[job.public_id])
    return {
        "job_id": str(job.public_id), "name": job.name, "status": job.state, "paused": job.is_paused,
        "held": {"since": held.placed_at, "reason": held.reason} if held else None,
        "total": job.total, "processed": job.processed, "failed": job.failed, "skipped": job.skipped,
        "unknown": job.unknown, "on_unknown": job.on_unknown,
        "asked": job.asked, "audience": job.audience or None,
        "model_version": f"v{job.version}" if job.version else None,
        "created_at": job.created_at, "started_at": job.started_at, "finished_at": job.finished_at,
        "expires_at": job.kept_until, "attempts": job.attempts, "reason": job.reason or None,
        "rate_per_second": round(speed, 1) if speed else None,
        "seconds_left": round(left / speed) if speed else None,
        "history": job.history, "status_url": address,
        "downloads": {name: f"{address}/download?format={name}" for name in ("csv", "jsonl", "parquet")},
    }  # fmt: skip


def problems(tenant: Tenant, job: BatchJob) -> list[dict[str, Any]]:
    """Why customers or whole chunks have no list, the first hundred."""
    found: list[dict[str, Any]] = []
    rows = tenant.batch_chunks.filter(job=job.pk).defer("outcome").order_by("number")
    for chunk in rows.filter(state=Piece.FAILED):
        places = {"from": chunk.first, "to": chunk.first + chunk.size - 1}
        found.append({"places": places, "customer_id": None, "attempts": chunk.attempts, "reason": chunk.error})
    for chunk in rows.exclude(problems={}):
        ids = batch_packing.unpack_ids(chunk.customers)
        for place, why in sorted(chunk.problems.items(), key=lambda pair: int(pair[0])):
            at = chunk.first + int(place)
            whose = {"from": at, "to": at}
            found.append({"places": whose, "customer_id": ids[int(place)], "attempts": chunk.attempts, "reason": why})
        if len(found) >= PROBLEMS_TOLD:
            break
    return found[:PROBLEMS_TOLD]


def seconds_to_wait(said: dict[str, Any]) -> int:
    """After how many seconds asking again is worth it, by what was `told` of an open job."""
    if said["paused"] or said["held"]:
        return LONGEST_WAIT
    left = said["seconds_left"]
    return 2 if left is None else int(min(max(left / 4, 1), LONGEST_WAIT))


def stats() -> dict[str, Any]:
    """All tenants' jobs in numbers: what waits and runs, what ended in the last hour, how fast, how old, whose."""
    jobs, chunks = BatchJob.objects.across_tenants(), BatchChunk.objects.across_tenants()
    held = BatchHold.objects.across_tenants().filter(lifted_at__isnull=True)
    now = timezone.now()
    hour = now - timedelta(hours=1)
    states = dict(jobs.order_by().values_list("state").annotate(n=Count("id")))
    open_ = jobs.filter(state__in=BatchJob.OPEN)
    done = chunks.filter(state=Piece.DONE, finished_at__gte=now - RATE_WINDOW).aggregate(n=Sum("size"))["n"] or 0
    oldest = open_.aggregate(at=Min("created_at"))["at"]
    waiting = chunks.filter(state__in=(Piece.WAITING, Piece.HANDED), job__state__in=BatchJob.OPEN)
    by_tenant = open_.order_by().values("tenant_id", "tenant__slug").annotate(jobs=Count("id"), customers=Sum("total"))
    return {
        "pending": states.get(State.PENDING, 0), "processing": states.get(State.PROCESSING, 0),
        "paused": open_.filter(is_paused=True).count(),
        "failed": states.get(State.FAILED, 0), "partial": states.get(State.PARTIAL, 0),
        "completed_last_hour": jobs.filter(state=State.COMPLETED, finished_at__gte=hour).count(),
        "failed_last_hour": jobs.filter(state=State.FAILED, finished_at__gte=hour).count(),
        "customers_waiting": waiting.aggregate(n=Sum("size"))["n"] or 0,
        "customers_last_minute": done,
        "held": list(held.order_by("tenant__slug").values_list("tenant__slug", flat=True)),
        "oldest_seconds": round((now - oldest).total_seconds()) if oldest else None,
        "tenants": [
            {"tenant": row["tenant__slug"], "jobs": row["jobs"], "customers": row["customers"] or 0}
            for row in by_tenant.order_by("-customers")
        ],
    }  # fmt: skip
