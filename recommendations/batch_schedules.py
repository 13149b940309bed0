"""Schedules of batch jobs: plan one, remove it, put it back, and ask for the jobs whose time has come."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from luxebrain.lib.problems import Conflict, NotFound, PlanLimit, Problem
from recommendations import audiences, batch_asking, batch_handing
from recommendations.batch import BatchInferenceQueue
from recommendations.models import BatchHold, BatchJob, BatchSchedule
from tenants import audit, notices, tenancy
from tenants.models import Tenant, User

MOST = 20  # schedules of a shop that are to come
FULL_AGAIN, FULL_MOST = timedelta(minutes=10), timedelta(days=1)  # of waiting for room in the plan
FURTHEST = timedelta(days=366)
KEPT = timedelta(days=7)  # after its removal
HELD = "Waits, because batch jobs of this shop are paused: "
Every = BatchSchedule.Every
_FULL = f"At most {MOST} jobs can be planned. Remove one first."


def plan(tenant: Tenant, wanted: Mapping[str, Any], *, every: str, at: datetime | None, by: User) -> BatchSchedule:
    """A job to come. `wanted` is the body of a call. Raises Problem with a reason per field."""
    read = batch_asking.read(wanted)
    if read.audience is not None:
        audiences.read(tenant, read.audience)
    wrong: dict[str, str] = {}
    if every not in Every.values:
        wrong["when"] = "Must be once or every week."
    if at is None or not timezone.now() < at < timezone.now() + FURTHEST:
        wrong["at"] = "Must be in the future, and at most a year away."
    if to_come(tenant).count() >= MOST:
        wrong["when"] = _FULL
    if wrong:
        raise Problem("Some fields are not right.", fields=wrong)
    name = read.name or "Planned batch job"
    row = tenant.batch_schedules.create(
        name=name, wanted=dict(wanted), every=every, first_at=at, next_at=at, created_by=by
    )
    audit.record(tenant, "batch.planned", by=by, target=name, details={"every": every, "next_at": str(at)})
    return row


def to_come(tenant: Tenant) -> QuerySet[BatchSchedule]:
    return tenant.batch_schedules.filter(next_at__isnull=False)


def find(tenant: Tenant, schedule_id: int) -> BatchSchedule:
    """One that is to come. Raises NotFound."""
    row: BatchSchedule | None = to_come(tenant).select_for_update(of=("self",)).filter(pk=schedule_id).first()
    if row is None:
        raise NotFound("There is no such planned job.")
    return row


def remove(tenant: Tenant, schedule_id: int, *, by: User) -> BatchSchedule:
    """It is not asked for any more, and can be put back for a week. Jobs that it made stay. Raises NotFound."""
    row = find(tenant, schedule_id)
    row.next_at, row.removed_at = None, timezone.now()
    return _kept(tenant, row, "batch.unplanned", by=by)


def removed(tenant: Tenant) -> QuerySet[BatchSchedule]:
    """What can be put back, the last removed first."""
    return tenant.batch_schedules.filter(removed_at__gte=timezone.now() - KEPT).order_by("-removed_at")


def put_back(tenant: Tenant, schedule_id: int, *, by: User) -> BatchSchedule:
    """Asked for again at its next time. Raises NotFound, Conflict where its one time is over or there is no room."""
    row = removed(tenant).select_for_update(of=("self",)).filter(pk=schedule_id).first()
    if row is None:
        raise NotFound("There is nothing to put back: it is there, or it was removed more than a week ago.")
    now = timezone.now()
    row.next_at = row.first_at if row.first_at > now else following(tenant, row, now=now)
    if row.next_at is None:
        raise Conflict("Its time is over. Plan a new job.")
    if to_come(tenant).count() >= MOST:
        raise Conflict(_FULL)
    row.removed_at, row.waiting_since, row.problem = None, None, ""
    return _kept(tenant, row, "batch.planned_again", by=by)


def _kept(tenant: Tenant, row: BatchSchedule, act: str, *, by: User) -> BatchSchedule:
    row.save(update_fields=["next_at", "removed_at", "waiting_since", "problem"])
    audit.record(tenant, act, by=by, target=row.name)
    return row


def let_go(tenant: Tenant) -> int:
    """Deletes for good what was removed more than a week ago; how many."""
    return int(tenant.batch_schedules.filter(removed_at__lt=timezone.now() - KEPT).delete()[0])


def following(tenant: Tenant, row: BatchSchedule, *, now: datetime) -> datetime | None:
    """The first moment after now with the weekday and hour of the first, by the shop's clock; None for once."""
    if row.every == Every.ONCE:
        return None
    wall = row.first_at.astimezone(tenant.zone).replace(tzinfo=None)
    found = row.first_at
    while found <= now:
        wall += timedelta(days=7)
        found = wall.replace(tzinfo=tenant.zone)
    return found


def due_tenants() -> list[int]:
    """Ids of the tenants with a schedule whose time has come."""
    rows = BatchSchedule.objects.across_tenants().filter(next_at__lte=timezone.now()).order_by("tenant_id")
    return list(rows.values_list("tenant_id", flat=True).distinct())


def ask_for_due(tenant_id: int) -> list[BatchJob]:
    """Asks for every due job of a tenant once: the next time is set in the transaction of the job.

    While the shop is held they stay due, and say why; what fell due more than once meanwhile is asked for once.
    """
    made = []
    with tenancy.enter(tenant_id) as tenant:
        due = tenant.batch_schedules.filter(next_at__lte=timezone.now())
        held = batch_handing.hold(tenant)
        if held is not None:
            due.exclude(problem=_waits(held)).update(problem=_waits(held))
            return []
        for row in due.select_for_update(skip_locked=True, of=("self",)):
            job = _ask(tenant, row)
            if job is not None:
                made.append(job)
    return made


def go_on(tenant: Tenant, held: BatchHold) -> None:
    """Takes back what `ask_for_due` said of waiting for this hold; other problems of schedules stay."""
    tenant.batch_schedules.filter(problem=_waits(held)).update(problem="")


def _waits(held: BatchHold) -> str:
    return f"{HELD}{held.reason}"[:300]


def _ask(tenant: Tenant, row: BatchSchedule) -> BatchJob | None:
    """The job, or None with the reason in the row. Where the plan's jobs are all running it waits for a day."""
    now, job = timezone.now(), None
    try:
        job = BatchInferenceQueue(tenant).enqueue(row.wanted, by=row.created_by or "schedule", source="schedule")
        row.last_job, row.problem = job, ""
        row.next_at, row.waiting_since = following(tenant, row, now=now), None
    except PlanLimit as full:
        row.problem, row.waiting_since = full.detail[:300], row.waiting_since or now
        row.next_at = now + FULL_AGAIN
        if now - row.waiting_since > FULL_MOST:
            _complain(tenant, row, now)
    except Problem as problem:
        row.problem = ("; ".join(error["message"] for error in problem.errors) or problem.detail)[:300]
        _complain(tenant, row, now)
    row.save(update_fields=["last_job", "problem", "next_at", "waiting_since"])
    return job


def _complain(tenant: Tenant, row: BatchSchedule, now: datetime) -> None:
    row.next_at, row.waiting_since = following(tenant, row, now=now), None
    notices.tell(
        tenant, "batch.not_asked", title=f"{row.name} could not be started", text=row.problem, tone="warning",
        path=reverse("panel:batch-jobs", kwargs={"slug": tenant.slug}), right="recommendations.read",
    )  # fmt: skip
