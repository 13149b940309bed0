"""What pages say of a batch job: its share, its words, its tone."""

from luxebrain.lib import markup
from recommendations import batch_handing, batch_results
from recommendations.models import BatchHold, BatchJob
from tenants.models import Tenant

State = BatchJob.State
TONES = {
    State.PENDING: "neutral", State.PROCESSING: "info", State.COMPLETED: "good", State.PARTIAL: "warning",
    State.FAILED: "bad", State.CANCELLED: "neutral", State.EXPIRED: "neutral",
}  # fmt: skip


def speed(tenant: Tenant) -> str:
    """How long a hundred thousand customers take, by this shop's last jobs; "" before the first."""
    seconds = batch_results.expected_seconds(tenant, 100_000)
    return f"100,000 customers take about {markup.duration(seconds)}." if seconds else ""


def dress(tenant: Tenant, job: BatchJob, *, held: BatchHold | None) -> BatchJob:
    """Adds what a page says of a job of a shop with this hold: share, words, tone, and whether it still moves."""
    told = batch_results.told(tenant, job, held=held)
    done = job.processed + job.failed + job.skipped
    job.done, job.is_open, job.tone = done, job.state in BatchJob.OPEN, TONES[job.state]
    job.share = min(100, int(100 * done / job.total)) if job.total else None
    job.label = "Needs a retry" if job.state == State.PARTIAL else job.get_state_display()
    if job.is_paused:
        job.label, job.tone = "Paused", "warning"
    elif told["held"]:
        job.label, job.tone = "Paused by LuxeBrain", "warning"
    left = told["seconds_left"]
    if job.is_open and told["held"]:
        job.words = f"{job.share or 0}% · goes on when the pause ends"
    elif job.state == State.PENDING:
        job.words = "Waiting for its turn" if job.is_planned else "Reading the audience"
    elif job.state == State.PROCESSING:
        time_left = "paused" if job.is_paused else f"{markup.duration(left)} left" if left is not None else "measuring"
        job.words = f"{job.share or 0}% · {time_left}"
    elif job.failed:
        job.words = f"{job.failed:,} failed, {job.processed:,} done"
    elif job.state == State.EXPIRED:
        job.words = "Lists were kept until " + (f"{job.kept_until:%d %b %Y}" if job.kept_until else "earlier")
    else:
        job.words = f"{job.processed:,} done" + (f", {job.skipped:,} left out" if job.skipped else "")
    job.rate = told["rate_per_second"]
    return job


def latest(tenant: Tenant, *, most: int = 4) -> list[BatchJob]:
    """The shop's last jobs, the newest first, dressed."""
    held = batch_handing.hold(tenant)
    return [dress(tenant, job, held=held) for job in tenant.batch_jobs.all()[:most]]
