"""BatchInferenceQueue: the one door to batch jobs, for the API, the pages, the commands and the workers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from luxebrain.lib.problems import Conflict, NotFound, PlanLimit, Problem
from recommendations import (
    audiences,
    audit_said,
    batch_asking,
    batch_closing,
    batch_handing,
    batch_planning,
    batch_privacy,  # noqa: F401  (says what is held of one customer)
    batch_results,
    batch_running,
)
from recommendations.batch_asking import Wanted
from recommendations.models import BatchChunk, BatchJob
from tenants import audit
from tenants.models import Tenant, User
from tenants.work import Lease

State, Piece = BatchJob.State, BatchChunk.State


class BatchInferenceQueue:
    """A tenant's batch jobs. Every operation but process_batch happens inside the tenant.

    enqueue, get_result, retry, cancel, pause and resume are what people and keys do; process_batch is what a
    worker does with its lease; stats counts the whole platform's jobs for its operators.
    """

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant

    def find(self, public_id: UUID | str) -> BatchJob:
        """Raises NotFound, for a stranger's job too."""
        job = self.tenant.batch_jobs.filter(public_id=public_id).first()
        if job is None:
            raise NotFound("There is nothing here, or it is not yours.")
        return job

    def check_readable(self, job: BatchJob) -> None:
        """Raises Conflict with the date when the lists are not kept any more."""
        if job.state == State.EXPIRED:
            day = job.kept_until.date().isoformat() if job.kept_until else "earlier"
            raise Conflict(f"The results were kept until {day}. Ask for a new job.", code="expired")

    def enqueue(
        self, wanted: Wanted | Mapping[str, Any], *, by: User | str | None, source: str = "api"
    ) -> BatchJob:
        """A new job, waiting. Raises Problem with a reason per field, PlanLimit, Conflict."""
        tenant = self.tenant
        wanted = wanted if isinstance(wanted, Wanted) else batch_asking.read(wanted)
        asked = audiences.read(tenant, wanted.audience) if wanted.audience is not None else {}
        batch_handing.lock(tenant)
        self._check_room()
        most = tenant.plan.batch_customers
        total = audiences.count(tenant, asked, most=most + 1) if asked else len(wanted.ids)
        if not total:
            raise Problem("Some fields are not right.", fields={"audience": "Nobody is in this audience now."})
        if total > most:
            raise PlanLimit(f"These are more than {most:,} customers, which is what your plan takes a job.")
        person, key_label = audit.doer(by)
        job = BatchJob(
            tenant=tenant, name=wanted.name, asked=wanted.asked, audience=asked, on_unknown=wanted.on_unknown,
            total=total, source=source, requested_by=person, key_label=key_label, is_planned=not asked,
        )  # fmt: skip
        batch_handing.note(job, "asked for", by=by)
        job.save(force_insert=True)
        if asked:
            batch_planning.request(tenant, job)
        else:
            batch_running.add_chunks(tenant, job, wanted.ids)
            batch_handing.hand_out(tenant)
        whom = audit_said.for_whom(tenant, job)
        details = {"name": job.name, "total": total, "kind": audit_said.lists(job), "audience": whom}
        audit.record(tenant, "batch.requested", by=by, target=str(job.public_id), details=details)
        job.refresh_from_db()
        return job

    def _check_room(self) -> None:
        open_ = self.tenant.batch_jobs.filter(state__in=BatchJob.OPEN).count()
        if open_ >= self.tenant.plan.batch_jobs:
            raise PlanLimit(
                f"Your plan runs {self.tenant.plan.batch_jobs} batch jobs at a time, and {open_} are open. "
                "Wait for one of them, cancel one, or ask for a larger plan."
            )

    def get_result(self, job: BatchJob, *, start: int = 0, limit: int = 50) -> list[dict[str, Any]]:
        """The customers start..start+limit of the job, each with status and list; of chunks not done yet, none."""
        return batch_results.page(self.tenant, job, start=start, limit=limit)

    @staticmethod
    def process_batch(lease: Lease) -> None:
        """Does the one chunk that the lease is for. In no transaction. Raises Fenced, and faults to be tried again."""
        batch_running.run_chunk(lease)

    def cancel(self, job: BatchJob, *, by: User | str | None) -> BatchJob:
        """What is done stays readable; chunks under way are thrown away. Raises Conflict for a job that ended."""
        batch_handing.lock(self.tenant)
        job = self._open(job)
        job.state, job.finished_at, job.is_paused = State.CANCELLED, timezone.now(), False
        job.kept_until = job.finished_at + timedelta(days=self.tenant.plan.batch_days)
        self.tenant.batch_chunks.filter(job=job.pk, state=Piece.HANDED).update(state=Piece.WAITING, handed_at=None)
        return self._noted(job, "cancelled", by)

    def pause(self, job: BatchJob, *, by: User | str | None) -> BatchJob:
        """No further chunk is begun until it is resumed. Raises Conflict."""
        batch_handing.lock(self.tenant)
        job = self._open(job)
        if job.is_paused:
            raise Conflict("The job is paused already.")
        job.is_paused = True
        return self._noted(job, "paused", by)

    def resume(self, job: BatchJob, *, by: User | str | None) -> BatchJob:
        """Raises Conflict for a job that is not paused."""
        batch_handing.lock(self.tenant)
        job = self._open(job)
        if not job.is_paused:
            raise Conflict("The job is not paused.")
        job.is_paused = False
        return self._noted(job, "resumed", by)

    def retry(self, job: BatchJob, *, by: User | str | None, failed_only: bool = False) -> BatchJob:
        """Does the job again: with the version now in service, or only what failed, with the version it keeps.

        Raises Conflict for a job that is open or expired, or has nothing that failed; PlanLimit.
        """
        batch_handing.lock(self.tenant)
        job = self.tenant.batch_jobs.select_for_update().get(pk=job.pk)
        if job.state in BatchJob.OPEN:
            raise Conflict("The job is still under way.")
        if job.state == State.EXPIRED:
            raise Conflict("What the job was for is not kept any more. Ask for a new job.")
        self._check_room()
        if failed_only:
            self._again_failed(job)
        else:
            self._again_all(job)
        job.state, job.reason, job.finished_at, job.kept_until = State.PENDING, "", None, None
        return self._noted(job, "retried what failed" if failed_only else "retried", by)

    def _again_failed(self, job: BatchJob) -> None:
        rows = self.tenant.batch_chunks.filter(job=job.pk)
        if not job.is_planned:
            raise Conflict("The customers of this job were not all read. Retry the whole job.")
        for chunk in rows.exclude(problems={}).exclude(state=Piece.FAILED).defer("customers", "outcome"):
            places = sorted(map(int, chunk.problems))
            rows.filter(pk=chunk.pk).update(
                state=Piece.WAITING, again=places, problems={}, is_single=False, trying=-1, attempts=0
            )
            job.failed -= len(places)
        for chunk in rows.filter(state=Piece.FAILED).defer("customers", "outcome"):
            job.failed -= chunk.size if chunk.again is None else len(chunk.again)
            rows.filter(pk=chunk.pk).update(
                state=Piece.WAITING, problems={}, is_single=False, trying=-1, attempts=0, error=""
            )
        if not rows.filter(state=Piece.WAITING).exists():
            raise Conflict("Nothing of this job failed.")

    def _again_all(self, job: BatchJob) -> None:
        rows = self.tenant.batch_chunks.filter(job=job.pk)
        rows.update(
            state=Piece.WAITING, outcome=None, problems={}, again=None, is_single=False, trying=-1, attempts=0, error=""
        )
        job.processed = job.failed = job.skipped = job.unknown = 0
        job.version, job.moment, job.started_at = None, 0.0, None
        if not job.is_planned:
            rows.delete()
            job.mark = ""
            batch_planning.request(self.tenant, job)

    def _open(self, job: BatchJob) -> BatchJob:
        found = self.tenant.batch_jobs.select_for_update().get(pk=job.pk)
        if found.state not in BatchJob.OPEN:
            raise Conflict(f"The job has ended: {found.get_state_display().lower()}.")
        return found

    def _noted(self, job: BatchJob, what: str, by: User | str | None) -> BatchJob:
        batch_handing.note(job, what, by=by)
        job.save()
        audit.record(self.tenant, f"batch.{what.replace(' ', '_')}", by=by, target=str(job.public_id))
        batch_handing.hand_out(self.tenant)
        job.refresh_from_db()
        return job

    def look_after(self) -> None:
        """What the beat asks of each tenant: lost chunks, the next ones, finished jobs, results kept too long."""
        batch_handing.lock(self.tenant)
        batch_handing.take_back(self.tenant)
        batch_planning.close_lost(self.tenant)
        batch_running.go_on(self.tenant)
        batch_closing.expire(self.tenant)

    @staticmethod
    def read_audience(lease: Lease) -> None:
        """Cuts a job's audience into chunks. In no transaction."""
        batch_planning.read_audience(lease)

    @staticmethod
    def owner_of(public_id: UUID | str) -> int:
        """Id of the tenant whose job it is, for operators. Raises NotFound."""
        job = BatchJob.objects.across_tenants().filter(public_id=public_id).only("tenant_id").first()
        if job is None:
            raise NotFound("There is no such job.")
        return int(job.tenant_id)

    @staticmethod
    def tenants_to_look_after() -> list[int]:
        """Ids of those with jobs that are open, or results that are kept too long."""
        open_, over = Q(state__in=BatchJob.OPEN), Q(kept_until__lt=timezone.now()) & ~Q(state=State.EXPIRED)
        rows = BatchJob.objects.across_tenants().filter(open_ | over).order_by("tenant_id")
        return list(rows.values_list("tenant_id", flat=True).distinct())

    @staticmethod
    def stats() -> dict[str, Any]:
        """Counts of all tenants' jobs, for operators."""
        return batch_results.stats()
