"""An audience read into the chunks of its job, a few pages at a time, so that a stop costs those few alone."""

from __future__ import annotations

from itertools import islice

from luxebrain.lib.problems import Problem
from recommendations import audiences, batch_closing, batch_handing, batch_running
from recommendations.models import BatchJob
from tenants import tenancy, work
from tenants.models import Tenant
from tenants.work import Lease

TASK = "recommendations.batch_plan"
PAGES = 12  # of one transaction: three large chunks, or twelve usual ones


def request(tenant: Tenant, job: BatchJob) -> None:
    work.enqueue(tenant, TASK, subject=job.pk, key=f"plan:{job.pk}")


def read_audience(lease: Lease) -> None:
    """A few pages with their mark, their chunks and the work of the next few in one transaction: a large audience
    is read in turns, as its chunks are done in turns."""
    assert lease.tenant_id is not None
    with tenancy.enter(lease.tenant_id) as tenant:
        batch_handing.lock(tenant)
        job = tenant.batch_jobs.filter(
            pk=int(lease.subject), is_planned=False, state__in=BatchJob.OPEN
        ).first()
        if job is None or batch_handing.hold(tenant) is not None:  # who lifts a hold asks for the reading again
            lease.finish("default")
            return
        try:
            found = list(islice(audiences.pages(tenant, job.audience, after=job.mark), PAGES))
        except Problem as problem:  # the saved audience was removed
            close_unread(tenant, job, problem.errors[0]["message"] if problem.errors else problem.detail)
            lease.finish("default")
            return
        if found:
            batch_running.add_chunks(tenant, job, [one for ids, _ in found for one in ids])
            job.mark = found[-1][1]
        job.is_planned = len(found) < PAGES
        changes = {"mark": job.mark, "is_planned": job.is_planned}
        if job.is_planned:
            changes["total"] = batch_running.size_of(tenant, job)
        tenant.batch_jobs.filter(pk=job.pk).update(**changes)
        batch_running.go_on(tenant)
        if not job.is_planned:
            request(tenant, job)
        lease.finish("default")


def close_unread(tenant: Tenant, job: BatchJob, why: str) -> None:
    """Ends a job whose audience cannot be read to its end."""
    batch_closing.close(tenant, job, reason=why)


def close_lost(tenant: Tenant) -> None:
    """Ends jobs whose reading was given up. Under the tenant's lock. While the shop is held nothing is read."""
    if batch_handing.hold(tenant) is not None:
        return
    for job in tenant.batch_jobs.filter(is_planned=False, state__in=BatchJob.OPEN):
        works = tenant.works.filter(task=TASK, subject=str(job.pk))
        if not works.filter(state__in=("pending", "running")).exists():
            last = works.order_by("pk").last()
            lines = [line for line in (last.error if last else "").splitlines() if line.strip()]
            close_unread(tenant, job, f"The audience could not be read: {lines[-1] if lines else 'its work was lost.'}")
