"""Findings: looks through a shop's data for faults, keeps what was found, and mutes what a person knows of."""

from collections.abc import Callable
from datetime import datetime, timedelta

import orjson
from django.db import connections
from django.utils import timezone

from luxebrain.lib.problems import Conflict, NotFound, Problem
from recommendations import finding_kinds as kinds
from recommendations.models import DataFinding
from tenants import audit, tenancy, work
from tenants.models import Tenant, User

TASK = "recommendations.look_for_findings"
KEPT = timedelta(days=30)  # of the days' sizes of the catalogue; the comparison needs seven
State = DataFinding.State


def look(tenant: Tenant, *, renew: Callable[[], None] = lambda: None) -> None:
    """Looks for every kind of fault anew: opens what is there, resolves what is gone, leaves muted what is muted.

    Two looks of one shop take turns. `renew` is called between kinds.
    """
    values = {"tenant": tenant.pk, **kinds.BOUNDS}
    with tenant.atomic(), connections[tenant.alias].cursor() as cursor:
        cursor.execute(kinds.REMEMBER, values)
        now = timezone.now()
        known = {found.kind: found for found in tenant.data_findings.select_for_update()}
        for kind in kinds.KINDS:
            cursor.execute(kinds.COUNTED[kind.code], values)
            count, examples = cursor.fetchone()
            _keep(tenant, kind, known.get(kind.code), count, orjson.loads(examples), now)
            renew()
        tenant.data_findings.exclude(kind__in=kinds.BY_CODE).delete()
        tenant.catalogue_days.filter(day__lt=(now - KEPT).date()).delete()


def _keep(
    tenant: Tenant, kind: kinds.Kind, found: DataFinding | None, count: int, examples: list[list[str]], now: datetime
) -> None:
    if found is None:
        if count:
            tenant.data_findings.create(
                kind=kind.code, severity=kind.severity, count=count, examples=examples,
                first_seen_at=now, last_seen_at=now,
            )  # fmt: skip
        return
    if not count and found.resolved_at:
        return  # gone before this look; its last examples stay, to say what it was
    found.severity = kind.severity
    if count:
        if found.resolved_at:
            found.first_seen_at, found.resolved_at = now, None
        found.count, found.examples, found.last_seen_at = count, examples, now
    else:
        found.resolved_at = now
    if found.state != State.MUTED:
        found.state = State.OPEN if count else State.RESOLVED
    found.save()


def mute(tenant: Tenant, kind: str, *, reason: str, by: User) -> DataFinding:
    """Takes a finding off the open ones until somebody takes it back. Raises NotFound, Conflict, Problem."""
    reason = reason.replace("\x00", "").strip()
    if not reason:
        raise Problem("Say why it is as it should be.", fields={"reason": "Say why it is as it should be."})
    if len(reason) > 500:
        raise Problem("The reason is too long.", fields={"reason": "At most 500 characters."})
    with tenant.atomic():
        found = _locked(tenant, kind)
        if found.state != State.OPEN:
            raise Conflict("This is not open any more.")
        found.state, found.muted_by, found.muted_at, found.muted_reason = State.MUTED, by, timezone.now(), reason
        found.save()
        audit.record(tenant, "finding.mute", by=by, target=kind, reason=reason)
    return found


def unmute(tenant: Tenant, kind: str, *, by: User) -> DataFinding:
    """Takes the muting back: open if the last look still found it, else resolved. Raises NotFound, Conflict."""
    with tenant.atomic():
        found = _locked(tenant, kind)
        if found.state != State.MUTED:
            raise Conflict("This is not muted any more.")
        found.state = State.RESOLVED if found.resolved_at else State.OPEN
        found.muted_by, found.muted_at, found.muted_reason = None, None, ""
        found.save()
        audit.record(tenant, "finding.unmute", by=by, target=kind)
    return found


def _locked(tenant: Tenant, kind: str) -> DataFinding:
    found = tenant.data_findings.select_for_update(of=("self",)).filter(kind=kind).first()
    if found is None or kind not in kinds.BY_CODE:
        raise NotFound("There is no such finding.")
    return found


def looked_at(tenant: Tenant) -> datetime | None:
    """When the shop's data was last looked through; None: never."""
    return tenant.catalogue_days.order_by("-day").values_list("looked_at", flat=True).first()


def request(tenant: Tenant) -> None:
    """Makes a look due now; asked twice before it began, it is one."""
    work.enqueue(tenant, TASK, key="findings")


def fan_out() -> int:
    """Makes a look due for every active shop with news, and for the others every six hours; how many."""
    with connections["ops"].cursor() as cursor:
        cursor.execute(kinds.TENANTS_TO_LOOK_AT)
        due = [row[0] for row in cursor.fetchall()]
    for tenant in tenancy.across().filter(pk__in=due):
        request(tenant)
    return len(due)
