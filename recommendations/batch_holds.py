"""Holding a shop: all its batch work waits until the platform's staff let it go on."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from luxebrain.lib.problems import Conflict, NotFound, Problem
from recommendations import batch_handing, batch_planning, batch_running, batch_schedules, fields
from recommendations.fields import Refused
from recommendations.models import BatchHold, BatchJob
from tenants import audit
from tenants.models import Tenant, User

UNDO = timedelta(days=1)  # in which a hold that was lifted can be put back as it was
MOST_REASON = 300


def place(tenant: Tenant, *, reason: str, by: User) -> BatchHold:
    """Nothing new is begun; chunks that are being worked on end. Raises Problem for no reason, Conflict."""
    try:
        why = fields.text(reason, limit=MOST_REASON).strip()
    except Refused as refused:
        raise Problem("The reason is not right.", fields={"reason": refused.message}) from None
    if not why:
        raise Problem("The reason is not right.", fields={"reason": "Must not be empty: the shop reads it."})
    batch_handing.lock(tenant)
    if batch_handing.hold(tenant) is not None:
        raise Conflict("The batch work of this shop is paused already.")
    row: BatchHold = tenant.batch_holds.create(reason=why, placed_by=by)
    audit.record(tenant, "batch.shop_paused", by=by, target=tenant.slug, reason=why, details={"hold": row.pk})
    return row


def lift(tenant: Tenant, *, by: User) -> BatchHold:
    """Everything goes on where it stood; planned jobs whose time passed are asked for once. Raises Conflict."""
    batch_handing.lock(tenant)
    row = batch_handing.hold(tenant)
    if row is None:
        raise Conflict("The batch work of this shop is not paused.")
    row.lifted_at, row.lifted_by = timezone.now(), by
    row.save(update_fields=["lifted_at", "lifted_by"])
    audit.record(tenant, "batch.shop_resumed", by=by, target=tenant.slug, details={"hold": row.pk})
    for job in tenant.batch_jobs.filter(is_planned=False, state__in=BatchJob.OPEN):
        batch_planning.request(tenant, job)
    batch_schedules.go_on(tenant, row)
    batch_running.go_on(tenant)
    return row


def put_back(tenant: Tenant, hold_id: int, *, by: User) -> BatchHold:
    """Undoes `lift` within a day: the hold is in force again, with who, when and why. Raises NotFound, Conflict."""
    batch_handing.lock(tenant)
    row = tenant.batch_holds.filter(pk=hold_id, lifted_at__gte=timezone.now() - UNDO).first()
    if row is None:
        raise NotFound("There is nothing to put back: it was not lifted within the last day.")
    if batch_handing.hold(tenant) is not None:
        raise Conflict("The batch work of this shop is paused already.")
    row.lifted_at = row.lifted_by = None
    row.save(update_fields=["lifted_at", "lifted_by"])
    audit.record(tenant, "batch.shop_paused", by=by, target=tenant.slug, reason=row.reason, details={"hold": row.pk})
    return row
