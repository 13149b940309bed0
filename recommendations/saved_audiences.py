"""Audiences that a shop keeps: under a name, or as the ids of a file."""

from collections.abc import Iterable
from itertools import islice

from django.db import models

from luxebrain.lib.problems import NotFound, Problem
from recommendations import audiences, fields
from recommendations.audiences import PAGE, Asked
from recommendations.fields import Refused
from recommendations.models import Audience
from tenants import audit
from tenants.models import Tenant, User

MOST_IN_FILE = 1_000_000


def save(tenant: Tenant, name: str, asked: Asked, *, by: User | None) -> Audience:
    """Keeps an audience under a name, to be chosen again. Raises Problem with a reason per field."""
    asked = audiences.read(tenant, asked)
    if asked["kind"] == "saved":
        raise Problem("The audience is not right.", fields={"kind": "This audience is saved already."})
    row = tenant.audiences.create(name=_name(tenant, name), asked=asked, created_by=by)
    audit.record(tenant, "audience.saved", by=by, target=row.name, details=asked)
    return row


def keep_ids(tenant: Tenant, ids: Iterable[str], *, filename: str, name: str = "", by: User | None) -> Audience:
    """Keeps the ids of a file (checked already; repeated ones are kept once) as an audience of this shop.

    Raises Problem when there is none, or more than a million.
    """
    name = _name(tenant, name) if name else ""
    row = tenant.audiences.create(
        name=name, asked={"kind": "file"}, filename=filename[-200:], size=0, created_by=by
    )
    distinct, position = iter(dict.fromkeys(islice(ids, MOST_IN_FILE + 1))), 0
    while piece := list(islice(distinct, PAGE)):
        tenant.audience_pieces.create(audience=row, position=position, ids=piece)
        position, row.size = position + 1, (row.size or 0) + len(piece)
    if not row.size:
        raise Problem("The file names no customer.", fields={"file": "There is no id in it."})
    if row.size > MOST_IN_FILE:
        raise Problem("The file is too long.", fields={"file": f"At most {MOST_IN_FILE:,} ids are possible."})
    row.save(update_fields=["size"])
    audit.record(tenant, "audience.saved", by=by, target=str(row), details={"ids": row.size})
    return row


def _name(tenant: Tenant, name: str) -> str:
    try:
        clean = fields.text(name, limit=80).strip()
    except Refused as refused:
        raise Problem("The name is not right.", fields={"name": refused.message}) from None
    if not clean:
        raise Problem("The name is not right.", fields={"name": "Must not be empty."})
    if tenant.audiences.filter(name=clean).exists():
        raise Problem("The name is not right.", fields={"name": "There is an audience with this name already."})
    return clean


def remove(tenant: Tenant, audience_id: int, *, by: User | None) -> None:
    """Removes an audience with its ids. A job that reads it later fails and says so. Raises NotFound."""
    row = tenant.audiences.filter(pk=audience_id).first()
    if row is None:
        raise NotFound("There is no such audience.")
    audit.record(tenant, "audience.removed", by=by, target=str(row), details=row.asked)
    tenant.audience_pieces.filter(audience=row).delete()
    row.delete()


def forget(tenant: Tenant, customer: str) -> int:
    """Takes a customer out of every list of ids; how many lists changed. Inside the tenant."""
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
