"""Reading: what a vendor's payload says, in our own words; and how its single values are taken."""

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from luxebrain.lib import sanitize
from recommendations.storefronts.masking import SESSION

Kind = Literal["product", "customer", "order", "privacy", "other"]
Action = Literal["upsert", "delete", "data_request", "redact", "shop_redact", "ignore"]
Row = dict[str, Any]

TITLE, DESCRIPTION, CATEGORY, BRAND, TAG, NAME, VALUE = 500, 20_000, 120, 120, 80, 60, 200
CATEGORIES, TAGS, ATTRIBUTES, VALUES = 20, 50, 50, 50
_MOST_REASON = 400


class Unreadable(ValueError):
    """A payload that cannot be what its topic says; `field` and `message` are for the shop."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.field, self.message = field, message


@dataclass(frozen=True)
class Reading:
    """One object of a shop. `data` is a row of our API (recommendations/shapes.py), still to be validated.

    modified_at: the vendor's time of the state, aware, or None where the payload has none (deletes).
    reason: why nothing is to be done, or what was left out on the way.
    """

    kind: Kind
    action: Action
    object_id: str = ""
    data: Row = field(default_factory=dict)
    modified_at: datetime | None = None
    reason: str = ""


def ignored(kind: Kind, reason: str, object_id: str = "") -> Reading:
    return Reading(kind, "ignore", object_id, reason=reason[:_MOST_REASON])


def told(notes: list[str]) -> str:
    """The notes as one text, each once."""
    return " ".join(dict.fromkeys(notes))[:_MOST_REASON]


def mapping(value: Any, name: str = "") -> Row:
    """Raises Unreadable unless it is an object."""
    if type(value) is not dict:
        raise Unreadable(name, "Must be an object.")
    return value


def part(row: Row, name: str) -> Row:
    """A nested object; empty where there is none."""
    value = row.get(name)
    return value if type(value) is dict else {}


def parts(row: Row, name: str) -> list[Row]:
    """The objects of a list; empty where there is none."""
    value = row.get(name)
    return [item for item in value if type(item) is dict] if type(value) is list else []


def required_parts(row: Row, name: str) -> list[Row]:
    if type(row.get(name)) is not list:
        raise Unreadable(name, "Must be a list.")
    return parts(row, name)


def identifier(row: Row, name: str = "id") -> str:
    """An id as text, however large; "" for none (null, 0, ""). Raises Unreadable for anything else."""
    value = row.get(name)
    if value is None or value == "" or type(value) is int and value == 0:
        return ""
    if type(value) is int and value.bit_length() <= 200:  # beyond, Python refuses to write it out
        return str(value)
    if type(value) is str and value.strip():
        return "" if value.strip() == "0" else value.strip()
    raise Unreadable(name, "Must be a whole number, or text.")


def required_identifier(row: Row, name: str = "id") -> str:
    found = identifier(row, name)
    if not found:
        raise Unreadable(name, "Is required.")
    return found


def text(value: Any, limit: int) -> Any:
    """Plain text, cut to the limit; numbers become text; anything else is left for the validator."""
    if value is None:
        return ""
    if type(value) in (int, float):
        value = str(value) if type(value) is float or value.bit_length() <= 200 else ""
    return sanitize.cut_text(value, limit) if type(value) is str else value


def markup(value: Any, limit: int = DESCRIPTION) -> Any:
    if value is None:
        return ""
    return sanitize.cut_html(value, limit) if type(value) is str else value


def words(values: list[Any], *, most: int, limit: int) -> list[str]:
    """The texts among the values, cut, each once, not more than `most`."""
    cut = (text(value, limit) for value in values if type(value) in (str, int, float))
    return [word for word in dict.fromkeys(cut) if word][:most]


def web_address(value: Any) -> str:
    """An address that we can show; one of another kind, or too long a one, is none."""
    if type(value) is not str:
        return ""
    value = value.strip()
    return value if value.lower().startswith(("https://", "http://")) and len(value) <= 1000 else ""


def amount(value: Any) -> Any:
    """Money as the vendors write it: "" is none. What is no number is left for the validator."""
    return None if value == "" else value


def number(value: Any) -> Decimal | None:
    """The value as a finite number, or None."""
    if type(value) not in (str, int, float) or type(value) is int and value.bit_length() > 200:
        return None
    if type(value) is str and len(value) > 40:
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def unit_price(line_total: Any, quantity: int, otherwise: Any) -> Any:
    """What one piece cost in the end, or the price that was asked where the line has no total."""
    total = number(line_total)
    if total is None or abs(total) >= Decimal(10) ** 14:
        return amount(otherwise) if amount(otherwise) is not None else "0"
    return str((total / quantity).quantize(Decimal("0.01")))


def pieces(value: Any) -> int | None:
    """A quantity in whole pieces (1.5 m of cloth is 2); None where it is no number."""
    found = number(value)
    if found is None or abs(found) > 10**9:
        return None
    return math.ceil(found)


def moment(value: Any, *, utc: bool = False) -> Any:
    """The vendor's time with an offset. `utc`: it is UTC without saying so, as WooCommerce's *_gmt are."""
    if type(value) is not str or not value.strip():
        return None
    value = value.strip()
    has_offset = value[-1:] in "Zz" or "+" in value[10:] or "-" in value[10:]
    return value if has_offset or not utc else value + "Z"


def instant(value: Any) -> datetime | None:
    """The same as a datetime in UTC; None where it cannot be read as one."""
    if type(value) is not str:
        return None
    try:
        found = datetime.fromisoformat(value.upper())
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def session(row: Row, field: str, *, name: str) -> str:
    """The session id that the shop's pages handed over with the order, so that a guest's order finds its visit."""
    values = [entry.get("value") for entry in parts(row, field) if entry.get(name) == SESSION]
    return next((value for value in values if type(value) is str and 0 < len(value) <= 64), "")


def without_nothing(row: Row) -> Row:
    """The row without the fields that say nothing, which then take their defaults."""
    return {name: value for name, value in row.items() if value is not None and value != "" and value != []}
