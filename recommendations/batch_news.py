"""Who hears of a batch job's end: the shop's own software, and its members."""

from django.urls import reverse

from recommendations.models import BatchJob
from tenants import notices, outgoing
from tenants.models import Tenant

COMPLETED = "batch.completed"
outgoing.announce(COMPLETED, "A batch job ended, complete, in part or failed")
_TONES = {"completed": "good", "partial": "warning", "failed": "bad"}


def tell(tenant: Tenant, job: BatchJob, facts: dict[str, object]) -> None:
    """In the transaction that ends the job, so that it is told once, and told if it ended."""
    outgoing.emit(tenant, COMPLETED, facts)
    name = job.name or f"Batch job {str(job.public_id)[:8]}"
    said = {"completed": "is ready", "partial": "is ready in part", "failed": "failed"}[job.state]
    text = f"{job.processed:,} of {job.total:,} customers have a list."
    if job.failed:
        text += f" {job.failed:,} failed: {job.reason}"
    notices.tell(
        tenant, COMPLETED, title=f"{name} {said}", text=text, tone=_TONES[job.state],
        path=reverse("panel:batch-job", kwargs={"slug": tenant.slug, "public_id": job.public_id}),
        right="recommendations.read",
    )  # fmt: skip
