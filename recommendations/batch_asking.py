"""What may be asked of a batch: the body of a call or the values of a form, strictly read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from luxebrain.lib.problems import Problem
from recommendations import audience_files, fields, queries
from recommendations.asked import Given
from recommendations.fields import Refused
from recommendations.models import BatchJob
from recommendations.queries import Query

MAX_IDS = 1000
# What makes the list is asked as in a single call; these belong to the job.
_OWN = frozenset({"customer_id", "session_id", "customer_ids", "audience", "on_unknown", "name"})
_LIST = frozenset(
    "type recommendation_type product_id product_ids limit placement exclude candidates filter boosts min_relevance "
    "diversity fallback language".split()
)


@dataclass(slots=True)
class Wanted:
    """One job as it was asked for. Of `ids` and `audience` one is filled; `session` goes with a single id or none."""

    asked: dict[str, Any]
    ids: list[str] = field(default_factory=list)
    audience: Mapping[str, Any] | None = None
    on_unknown: str = "popular"
    name: str = ""


def read(values: Any) -> Wanted:
    """Raises Problem with a reason per field. The audience is handed on unread: who owns it checks it."""
    if not isinstance(values, Mapping):
        raise Problem("Send one JSON object.")
    given = Given(values)
    given.know(_OWN | _LIST)
    wanted = Wanted(_asked(given))
    _for_whom(given, wanted)
    wanted.on_unknown = given.choice("on_unknown", BatchJob.Unknown.values, "popular")
    if values.get("name") not in (None, ""):
        try:
            wanted.name = fields.text(values["name"], limit=120)
        except Refused as refused:
            given.refuse("name", refused.code, refused.message)
    given.check()
    return wanted


def _asked(given: Given) -> dict[str, Any]:
    """The query of every customer as `queries.parse` reads it back."""
    values = {name: value for name, value in given.values.items() if name in _LIST}
    session = given.identifier("session_id")
    if session:
        values["session_id"] = session
    try:
        query: Query = queries.parse(values)
    except Problem as problem:
        for error in problem.errors:
            given.refuse(error["field"], error["code"], error["message"])
        return {}
    return {**queries.told(query), **({"session_id": session} if session else {})}


def _for_whom(given: Given, wanted: Wanted) -> None:
    values = given.values
    ways = [name for name in ("customer_ids", "audience") if values.get(name) is not None]
    if values.get("customer_id") not in (None, "") or values.get("session_id") not in (None, ""):
        ways.append("customer_id")
    if len(ways) != 1:
        message = "Say for whom, in one way: customer_id (or session_id), customer_ids, or audience."
        given.refuse("customer_ids" if not ways else ways[0], "conflict" if ways else "required", message)
        return
    if ways == ["customer_id"]:
        wanted.ids = [given.identifier("customer_id")]
    elif ways == ["audience"]:
        if isinstance(values["audience"], Mapping):
            wanted.audience = values["audience"]
        else:
            given.refuse("audience", "type", 'An object with a kind, such as {"kind": "all"}.')
    else:
        wanted.ids = _ids(given, values["customer_ids"])


def _ids(given: Given, value: Any) -> list[str]:
    try:
        return audience_files.sent(value, field="customer_ids", most=MAX_IDS)
    except Problem as problem:
        for error in problem.errors:
            given.refuse(error["field"], error["code"], error["message"])
        return []
