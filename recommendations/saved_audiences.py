"""Audiences that a shop keeps, under a name or as the ids of a file: saved, changed, removed, put back."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from itertools import islice
from typing import Any

from django.db import IntegrityError, models
from django.utils import timezone

from luxebrain.lib.problems import Conflict, NotFound, Problem
from recommendations import audiences, fields
from recommendations.audiences import PAGE, Asked
from recommendations.fields import Refused
from recommendations.models import Audience, BatchJob, BatchSchedule
from tenants import audit
from tenants.models import Tenant, User

MOST_IN_FILE = 1_000_000
KEPT = timedelta(days=7)  # after its removal
_TAKEN = "There is an audience with this name already."


def save(tenant: Tenant, name: str, asked: Asked, *, by: User | str | None) -> Audience:
    """Keeps an audience under a name, to be chosen again. Raises Problem with a reason per field."""
    row = Audience(tenant=tenant, name=_name(tenant, name), asked=_rule(tenant, asked), **_maker(by))
    _keep(tenant, row, "audience.saved", by=by)
    return row


def keep_ids(
    tenant: Tenant, ids: Iterable[str], *, filename: str, name: str | None = None, by: User | str | None
) -> Audience:
    """Keeps the ids of a file (checked already; repeated ones are kept once) as an audience of this shop; without a
    name, for one job alone.

    Raises Problem when there is none, or more than a million, and with a reason for the name.
    """
    kept = "" if name is None else _name(tenant, name)
    row = Audience(tenant=tenant, name=kept, asked={"kind": "file"}, **_maker(by))
    _keep(tenant, row, "audience.saved", by=by, ids=ids, filename=filename)
    return row


def named(tenant: Tenant) -> models.QuerySet:
    """The audiences that are offered again: with a name, and not removed."""
    return audiences.in_use(tenant).exclude(name="")


def find(tenant: Tenant, audience_id: int, *, to_change: bool = False) -> Audience:
    """A named audience that was not removed, locked where it is to be changed. Raises NotFound."""
    rows = named(tenant).select_for_update(of=("self",)) if to_change else named(tenant)
    row: Audience | None = rows.filter(pk=audience_id).first()
    if row is None:
        raise NotFound("There is no such audience.")
    return row


def change(
    tenant: Tenant, row: Audience, *, name: str, asked: Asked | None = None, ids: Iterable[str] | None = None,
    filename: str = "", by: User | str | None,
) -> Audience:  # fmt: skip
    """A new name, and new customers where a rule or ids are given. What is planned for it follows.

    Raises Problem with a reason per field, Conflict while a job reads it.
    """
    row.name = _name(tenant, name, but=row.pk)
    if asked is not None or ids is not None:
        _check_unread(tenant, row)
        tenant.audience_pieces.filter(audience=row).delete()
        row.asked = {"kind": "file"} if asked is None else _rule(tenant, asked)
        row.filename, row.size = "", None
    _keep(tenant, row, "audience.changed", by=by, ids=ids, filename=filename)
    return row


def _maker(by: User | str | None) -> dict[str, Any]:
    return dict(zip(("created_by", "created_key"), audit.doer(by), strict=True))


def _rule(tenant: Tenant, asked: Asked) -> dict[str, Any]:
    asked = audiences.read(tenant, asked)
    if asked["kind"] == "saved":
        raise Problem("The audience is not right.", fields={"audience.kind": "This audience is saved already."})
    return asked


def _keep(
    tenant: Tenant, row: Audience, action: str, *, by: User | str | None, ids: Iterable[str] | None = None,
    filename: str = "",
) -> None:  # fmt: skip
    """The row with the ids of its file and the line in the trail, which names nobody, all or nothing."""
    if ids is not None:
        row.filename, row.size = filename[-200:], 0
    with tenant.atomic():
        try:
            with tenant.atomic():
                row.save()
        except IntegrityError:  # somebody took the name in the same moment
            raise Problem("The name is not right.", fields={"name": _TAKEN}) from None
        if ids is not None:
            _pieces(tenant, row, ids)
        told = {**row.asked, **({"ids": len(row.asked["ids"])} if "ids" in row.asked else {}), "size": row.size}
        audit.record(tenant, action, by=by, target=str(row), details=told)


def _pieces(tenant: Tenant, row: Audience, ids: Iterable[str]) -> None:
    distinct, position = iter(dict.fromkeys(islice(ids, MOST_IN_FILE + 1))), 0
    while piece := list(islice(distinct, PAGE)):
        tenant.audience_pieces.create(audience=row, position=position, ids=piece)
        position, row.size = position + 1, (row.size or 0) + len(piece)
    if not row.size:
        raise Problem("The file names no customer.", fields={"file": "There is no id in it."})
    if row.size > MOST_IN_FILE:
        raise Problem("The file is too long.", fields={"file": f"At most {MOST_IN_FILE:,} ids are possible."})
    row.save(update_fields=["size"])


def _name(tenant: Tenant, name: str, *, but: int | None = None) -> str:
    try:
        clean = fields.text(name, limit=80).strip()
    except Refused as refused:
        raise Problem("The name is not right.", fields={"name": refused.message}) from None
    if not clean:
        raise Problem("The name is not right.", fields={"name": "Must not be empty."})
    if audiences.in_use(tenant).filter(name=clean).exclude(pk=but).exists():
        raise Problem("The name is not right.", fields={"name": _TAKEN})
    return clean


def _check_unread(tenant: Tenant, row: Audience) -> None:
    """A job reads its audience page by page; half of it may not be another's. Raises Conflict."""
    if tenant.batch_jobs.filter(_of([row.pk]), is_planned=False, state__in=BatchJob.OPEN).exists():
        raise Conflict("A batch job is reading this audience now. Try again when it has begun, or cancel it.")


def uses(tenant: Tenant, ids: Iterable[int]) -> dict[int, tuple[list[BatchSchedule], int]]:
    """For each of these audiences: what is planned for it, and how many jobs were made for it."""
    wanted = list(ids)
    planned: dict[int, list[BatchSchedule]] = {}
    for row in tenant.batch_schedules.filter(next_at__isnull=False, wanted__audience__kind="saved"):
        planned.setdefault(row.wanted["audience"].get("id"), []).append(row)
    asked = tenant.batch_jobs.filter(_of(wanted)).values_list("audience__id", flat=True)
    jobs = Counter(asked)
    return {pk: (planned.get(pk, []), jobs[pk]) for pk in wanted}


def jobs_of(tenant: Tenant, row: Audience) -> models.QuerySet:
    """The batch jobs that were made for it, the newest first."""
    return tenant.batch_jobs.filter(_of([row.pk]))


def _of(ids: list[int]) -> models.Q:
    return models.Q(audience__kind="saved", audience__id__in=ids)


def remove(tenant: Tenant, audience_id: int, *, by: User | str | None) -> None:
    """Nobody finds it any more; what is planned for it fails and says so. It can be put back for a week.

    Raises NotFound, Conflict while a job reads it.
    """
    row = find(tenant, audience_id)
    _check_unread(tenant, row)
    row.removed_at = timezone.now()
    row.removed_by, row.removed_key = audit.doer(by)
    _keep(tenant, row, "audience.removed", by=by)


def removed(tenant: Tenant) -> models.QuerySet:
    """What can be put back, the last removed first."""
    since = timezone.now() - KEPT
    return tenant.audiences.filter(removed_at__gte=since).exclude(name="").order_by("-removed_at")


def put_back(tenant: Tenant, audience_id: int, *, by: User | str | None) -> Audience:
    """The audience as it was, with its ids. Raises NotFound, Problem where its name is taken again."""
    row: Audience | None = removed(tenant).filter(pk=audience_id).first()
    if row is None:
        raise NotFound("There is nothing to put back: it is there, or it was removed more than a week ago.")
    _name(tenant, row.name, but=row.pk)
    row.removed_at, row.removed_by, row.removed_key = None, None, ""
    _keep(tenant, row, "audience.put_back", by=by)
    return row


def let_go(tenant: Tenant) -> int:
    """Removes for good what was removed more than a week ago, with its ids; how many."""
    over = list(tenant.audiences.filter(removed_at__lt=timezone.now() - KEPT).values_list("pk", flat=True))
    tenant.audience_pieces.filter(audience__in=over).delete()
    tenant.audiences.filter(pk__in=over).delete()
    return len(over)


def forget(tenant: Tenant, customer: str) -> int:
    """Takes a customer out of every list of ids, removed ones too; how many lists changed. Inside the tenant."""
    found = 0
    for row in tenant.audiences.filter(asked__ids__contains=[customer]):
        row.asked["ids"].remove(customer)
        row.save(update_fields=["asked"])
        found += 1
    for piece in tenant.audience_pieces.filter(ids__contains=[customer]):
        piece.ids.remove(customer)
        piece.save(update_fields=["ids"])
        tenant.audiences.filter(pk=piece.audience_id).update(size=models.F("size") - 1)
        found += 1
    return found
