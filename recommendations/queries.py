"""What may be asked of the recommendations endpoint: one strict reading of query or body."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from luxebrain.lib.problems import Problem

KINDS = {
    "personalised": "personalised",
    "personalized": "personalised",
    "similar": "similar",
    "bought-together": "bought_together",
    "bought_together": "bought_together",
    "cross-sell": "bought_together",
    "trending": "trending",
    "popular": "popular",
}
SPOKEN = {"bought_together": "bought-together"}
MAX_LIMIT = 100
MAX_EXCLUDED = 200
_PLACEMENT = re.compile(r"^[A-Za-z0-9_.-]{1,40}$")
_NAMES = frozenset(
    "type recommendation_type customer_id session_id product_id product_ids limit placement exclude details".split()
)


@dataclass(slots=True)
class Query:
    kind: str = "personalised"
    customer: str = ""
    session: str = ""
    products: tuple[str, ...] = ()
    limit: int = 10
    placement: str = ""
    exclude: tuple[str, ...] = ()
    details: bool = False

    @property
    def spoken_kind(self) -> str:
        return SPOKEN.get(self.kind, self.kind)


def external_id(value: Any) -> str:
    """A shop's own id: text of 1 to 64 characters, or a whole number. Raises ValueError."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise ValueError("Give the id as text.")
    if value.isascii() and value.isprintable() and 0 < len(value) <= 64:
        return value.strip() or _empty()
    value = unicodedata.normalize("NFC", value).strip()
    if not 0 < len(value) <= 64:
        raise ValueError("An id has 1 to 64 characters.")
    if any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} for char in value):
        raise ValueError("An id may not contain control or invisible characters.")
    return value


def _empty() -> str:
    raise ValueError("An id has 1 to 64 characters.")


def from_query(parameters: Mapping[str, Any]) -> Query:
    """Reads ?type=…&limit=…; `exclude` and `product_id` may be repeated or separated by commas."""
    values: dict[str, Any] = {}
    for name in parameters:
        texts = parameters.getlist(name)  # type: ignore[attr-defined]
        if name in {"exclude", "product_ids", "product_id"}:
            values[name] = [part for text in texts for part in text.split(",") if part]
        elif len(texts) > 1:
            raise Problem("Some parameters are not right.", fields={name: "Give this parameter once."})
        else:
            values[name] = texts[0]
    limit = values.get("limit")
    if limit is not None:
        if not (limit.isascii() and limit.isdigit() and len(limit) <= 4):
            raise _wrong({"limit": f"A whole number from 1 to {MAX_LIMIT}."})
        values["limit"] = int(limit)
    details = values.get("details")
    if details is not None:
        if details.lower() not in {"1", "0", "true", "false"}:
            raise _wrong({"details": "true or false."})
        values["details"] = details.lower() in {"1", "true"}
    return parse(values)


def parse(values: Mapping[str, Any]) -> Query:
    """The query that these values ask for. Raises Problem with a reason per field."""
    if not isinstance(values, Mapping):
        raise Problem("Send one JSON object.")
    wrong: dict[str, str] = {name[:60]: "There is no such parameter." for name in values if name not in _NAMES}
    query = Query()
    kind = values.get("type", values.get("recommendation_type", "personalised"))
    if isinstance(kind, str) and kind in KINDS:
        query.kind = KINDS[kind]
    else:
        wrong["type"] = "One of personalised, similar, bought-together, trending, popular."
    for name, attribute in (("customer_id", "customer"), ("session_id", "session")):
        if values.get(name) not in (None, ""):
            _take(query, attribute, name, values[name], wrong)
    _take_products(query, values, wrong)
    limit = values.get("limit", 10)
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MAX_LIMIT:
        wrong["limit"] = f"A whole number from 1 to {MAX_LIMIT}."
    else:
        query.limit = limit
    placement = values.get("placement")
    placement = "" if placement is None else placement
    if placement != "" and not (isinstance(placement, str) and _PLACEMENT.fullmatch(placement)):
        wrong["placement"] = "Letters, digits, point, hyphen and underscore, at most 40."
    else:
        query.placement = placement
    query.exclude = _take_list("exclude", values.get("exclude"), MAX_EXCLUDED, wrong)
    details = values.get("details", False)
    if not isinstance(details, bool):
        wrong["details"] = "true or false."
    query.details = details is True
    if query.kind in {"similar", "bought_together"} and not query.products and "product_id" not in wrong:
        wrong["product_id"] = f"Say which product it is about: {query.spoken_kind} needs product_id."
    if wrong:
        raise _wrong(wrong)
    return query


def _take(query: Query, attribute: str, name: str, value: Any, wrong: dict[str, str]) -> None:
    try:
        setattr(query, attribute, external_id(value))
    except ValueError as error:
        wrong[name] = str(error)


def _take_products(query: Query, values: Mapping[str, Any], wrong: dict[str, str]) -> None:
    for name in ("product_id", "product_ids"):
        given = values.get(name)
        if given not in (None, "", []):
            given = given if isinstance(given, list) else [given]
            query.products += _take_list(name, given, 20, wrong)


def _take_list(name: str, given: Any, most: int, wrong: dict[str, str]) -> tuple[str, ...]:
    if given in (None, ""):
        return ()
    if not isinstance(given, list) or len(given) > most:
        wrong[name] = f"A list of at most {most} product ids."
        return ()
    try:
        return tuple(external_id(value) for value in given)
    except ValueError as error:
        wrong[name] = str(error)
        return ()


def _wrong(fields: dict[str, str]) -> Problem:
    return Problem("Some parameters are not right.", fields=fields)
