"""Cursors of the API's lists: opaque, signed, good for one shop and one list."""

from typing import Any

from django.core import signing
from django.db.models import QuerySet

from luxebrain.lib.problems import Problem


def page(rows: QuerySet, *, tenant_id: int, kind: str, cursor: str | None, limit: int) -> tuple[list[Any], str | None]:
    """The next `limit` rows by id, and the cursor of the page after them. Raises Problem."""
    salt = f"cursor:{kind}:{tenant_id}"
    if cursor is not None:
        try:
            rows = rows.filter(pk__gt=int(signing.loads(cursor, salt=salt)))
        except (signing.BadSignature, ValueError, TypeError):
            raise Problem("A parameter is not right.", fields={"cursor": "Is not a cursor of this list."}) from None
    found = list(rows.order_by("pk")[: limit + 1])
    following = signing.dumps(found[limit - 1].pk, salt=salt) if len(found) > limit else None
    return found[:limit], following
