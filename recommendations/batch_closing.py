"""The end of a job: its state, until when it is kept, who hears of it; and the end of what was kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from recommendations import batch_handing, batch_news
from recommendations.models import BatchChunk, BatchJob
from tenants import occurrences
from tenants.models import Tenant

State, Piece = BatchJob.State, BatchChunk.State


def close_finished(tenant: Tenant) -> int:
    """Ends every job that has nothing left to do. Under the tenant's lock."""
    ended = 0
    for job in tenant.batch_jobs.filter(state__in=BatchJob.OPEN, is_planned=True).values_list("pk", flat=True):
        if not tenant.batch_chunks.filter(job=job, state__in=(Piece.WAITING, Piece.HANDED)).exists():
            close(tenant, tenant.batch_jobs.get(pk=job))
            ended += 1
    return ended


def close(tenant: Tenant, job: BatchJob, *, reason: str = "") -> None:
    """Complete, complete in part, or failed, by the counts."""
    job.refresh_from_db()
    if reason or (job.failed and not job.processed and not job.skipped):
        job.state = State.FAILED
    else:
        job.state = State.PARTIAL if job.failed else State.COMPLETED
    job.reason = (reason or _why(tenant, job))[:300]
    job.finished_at = timezone.now()
    job.kept_until = job.finished_at + timedelta(days=tenant.plan.batch_days)
    job.is_paused = False
    batch_handing.note(job, f"{job.get_state_display().lower()}: {job.processed:,} of {job.total:,}", by="worker")
    job.save()
    batch_news.tell(tenant, job, facts(job))
    if job.state == State.FAILED:
        occurrences.record(tenant, "batch.failed", subject=str(job.public_id), facts=facts(job))
    elif job.state == State.PARTIAL:
        occurrences.record(tenant, "batch.partial", subject=str(job.public_id), facts=facts(job))


def facts(job: BatchJob) -> dict[str, Any]:
    """What is told of a finished job to those who listen."""
    return {
        "job_id": str(job.public_id), "name": job.name, "status": job.state, "total": job.total,
        "processed": job.processed, "failed": job.failed, "skipped": job.skipped, "unknown": job.unknown,
        "model_version": f"v{job.version}" if job.version else None, "reason": job.reason,
    }


def _why(tenant: Tenant, job: BatchJob) -> str:
    if not job.failed:
        return ""
    chunk = tenant.batch_chunks.filter(job=job.pk, state=Piece.FAILED).defer("customers", "outcome").first()
    if chunk is not None:
        return chunk.error
    chunk = tenant.batch_chunks.filter(job=job.pk).exclude(problems={}).defer("customers", "outcome").first()
    return str(next(iter(chunk.problems.values()))) if chunk is not None else ""


def expire(tenant: Tenant) -> int:
    """Removes customers and lists of jobs whose time is over; the jobs themselves stay, and say when."""
    over = tenant.batch_jobs.filter(kept_until__lt=timezone.now()).exclude(state=State.EXPIRED)
    expired = list(over.values_list("pk", flat=True)[:20])
    if expired:
        tenant.batch_chunks.filter(job__in=expired).delete()
        tenant.batch_jobs.filter(pk__in=expired).update(state=State.EXPIRED, audience={}, mark="")
    return len(expired)
