"""Cursors of the API's lists: opaque, signed, good for one shop and one list."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core import signing
from django.db.models import Q, QuerySet

from luxebrain.lib.parameters import not_right


def page(rows: QuerySet, *, tenant_id: int, kind: str, cursor: str | None, limit: int) -> tuple[list[Any], str | None]:
    """The next `limit` rows by id, and the cursor of the page after them. Raises Problem."""
    salt = f"cursor:{kind}:{tenant_id}"
    if cursor is not None:
        try:
            rows = rows.filter(pk__gt=int(signing.loads(cursor, salt=salt)))
        except (signing.BadSignature, ValueError, TypeError):
            raise not_right("cursor", "format", "Is not a cursor of this list.") from None
    found = list(rows.order_by("pk")[: limit + 1])
    following = signing.dumps(found[limit - 1].pk, salt=salt) if len(found) > limit else None
    return found[:limit], following


def page_by_time(
    rows: QuerySet, *, tenant_id: int, kind: str, cursor: str | None, limit: int
) -> tuple[list[Any], str | None]:
    """The same for rows whose order is (occurred_at, id). Raises Problem."""
    salt = f"cursor:{kind}:{tenant_id}"
    if cursor is not None:
        try:
            moment, name = signing.loads(cursor, salt=salt)
            after, last = datetime.fromisoformat(moment), UUID(name)
        except (signing.BadSignature, ValueError, TypeError, AttributeError):
            raise not_right("cursor", "format", "Is not a cursor of this list.") from None
        rows = rows.filter(occurred_at__gte=after).filter(Q(occurred_at__gt=after) | Q(id__gt=last))
    found = list(rows.order_by("occurred_at", "id")[: limit + 1])
    last_row = found[limit - 1] if len(found) > limit else None
    following = last_row and signing.dumps([last_row.occurred_at.isoformat(), str(last_row.id)], salt=salt)
    return found[:limit], following
