"""A shop's own software: rows in the words of our API, bare or in the envelope of Standard Webhooks.

Topics are order, customer or product with -created, -updated or -deleted (or a point); the verb may be
left out. The envelope is {"type": topic, "timestamp": …, "data": row}.
"""

import re
from typing import Any

from recommendations.storefronts import reading as take
from recommendations.storefronts.reading import Reading

_TOPIC = re.compile(r"(order|customer|product)(?:[-._](created|updated|deleted))?")


def read(topic: str, payload: Any, *, shop: str = "") -> Reading:
    """What a call says; the row is still to be validated. Raises Unreadable."""
    row = take.mapping(payload)
    if not topic:
        if type(row.get("type")) is not str or "data" not in row:
            raise take.Unreadable("type", 'Send {"type": "order-created", "data": {…}}.')
        topic, row = row["type"], take.mapping(row["data"], "data")
    found = _TOPIC.fullmatch(topic.lower())
    if found is None:
        raise take.Unreadable("type", "Must be order, customer or product with -created, -updated or -deleted.")
    kind = found[1]
    named = take.identifier(row, f"{kind}_id") if row.get("id") in (None, "") else ""
    name = named or take.required_identifier(row)
    if found[2] == "deleted":
        return Reading(kind, "delete", name, modified_at=_modified(row))  # type: ignore[arg-type]
    return Reading(kind, "upsert", name, dict(row), _modified(row))  # type: ignore[arg-type]


def _modified(row: take.Row) -> Any:
    return take.instant(row.get("updated_at") or row.get("modified_at") or row.get("deleted_at"))
