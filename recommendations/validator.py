"""What arrives by webhook: checked, cleaned, and rid of what we do not know."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from luxebrain.lib import sanitize
from recommendations import fields, shapes
from recommendations.fields import Refused
from recommendations.shapes import Errors, Row, Shape

MOST_NAMES = 100


@dataclass(frozen=True)
class _Kind:
    """One kind of webhook: `known_as` are other names for its fields, `marks` what only this kind has."""

    noun: str
    shape: Shape
    known_as: Mapping[str, str]
    marks: frozenset[str]


_TIMES = {"modified_at": "updated_at", "date_modified": "updated_at"}
KINDS = {
    "order-created": _Kind(
        "order",
        shapes.ORDER,
        {"order_id": "id", "items": "lines", "line_items": "lines", "created_at": "ordered_at", "total_amount": "total"}
        | {"order_date": "ordered_at", **_TIMES},
        frozenset({"order_id", "lines", "items", "line_items", "ordered_at", "total"}),
    ),
    "customer-updated": _Kind(
        "customer", shapes.CUSTOMER, {"customer_id": "id", **_TIMES}, frozenset({"country", "email"})
    ),
    "product-updated": _Kind(
        "product",
        shapes.PRODUCT,
        {"product_id": "id", "name": "title", "stock_quantity": "stock", "is_published": "published", **_TIMES},
        frozenset({"product_id", "title", "price", "stock", "image_url", "categories", "brand", "published"}),
    ),
}
EVENTS = {**{name: name for name in KINDS}, **{kind.noun: name for name, kind in KINDS.items()}}
_LINE_KNOWN_AS = {"id": "product_id", "price": "unit_price"}


class InputValidator:
    """Pure functions: each returns new, clean data and never edits what it was given."""

    @staticmethod
    def validate_webhook_data(event: str, data: Any, *, now: datetime | None = None) -> tuple[Row, Errors, list[str]]:
        """(clean, errors, ignored) of one webhook's payload.

        `event`: order-created, customer-updated or product-updated, or order, customer, product. `clean` has
        the fields of the API (times in UTC, amounts as Decimal) and can be checked again without a change;
        with errors it is not to be stored. `errors`: [{field, code, message}], nested as "lines.2.quantity".
        `ignored`: names of fields that we do not know and dropped.
        """
        name = EVENTS.get(event) if isinstance(event, str) else None
        if name is None:
            return {}, [shapes.error("event", "choice", f"Must be one of {', '.join(EVENTS)}.")], []
        if type(data) is not dict:
            return {}, [shapes.error("", "type", "Must be an object.")], []
        kind = KINDS[name]
        if fault := _mismatch(name, data):
            return {}, [fault], []
        row, ignored, doubled = _known(data, kind.shape, kind.known_as)
        clean, errors = kind.shape.check(row, now=now or datetime.now(UTC))
        return clean, doubled + errors, _few(ignored)

    @staticmethod
    def sanitize_string(value: Any, *, max_length: int = 255) -> str:
        """One line of text without tags, cut to `max_length`. Raises Refused for what is not text."""
        return fields.text(sanitize.cut_text(_text(value), max_length), limit=max_length)

    @staticmethod
    def sanitize_html(value: Any, *, max_length: int = 20_000) -> str:
        """Plain formatting only, cut to `max_length` before it is cleaned. Raises Refused."""
        return fields.markup(sanitize.cut_html(_text(value), max_length), limit=max_length)

    @staticmethod
    def validate_email(value: Any) -> str:
        """The address, its domain in lower case. Raises Refused."""
        return _needed(fields.email(value))

    @staticmethod
    def validate_url(value: Any) -> str:
        """A web address (http or https) that a browser may open. Raises Refused."""
        return _needed(fields.url(value))

    @staticmethod
    def validate_numeric_range(value: Any, *, least: float | Decimal, most: float | Decimal) -> Decimal:
        """A finite number from `least` to `most`, also one written as text. Raises Refused."""
        amount = fields.number(value)
        if not least <= amount <= most:
            raise Refused("range", f"Must be from {least} to {most}.")
        return amount


def _text(value: Any) -> str:
    if type(value) is not str:
        raise Refused("type", "Must be text.")
    return value


def _needed(value: str) -> str:
    if not value:
        raise Refused("required", "Is required.")
    return value


def _mismatch(name: str, data: Row) -> shapes.Error | None:
    """Says so when the payload is of another kind than the address it came to."""
    said = data.get("event")
    other = EVENTS.get(said) if isinstance(said, str) else None
    if other is not None and other != name:
        return shapes.error("event", "mismatch", f"This address takes {name}; the payload says {other}.")
    if data.keys() & KINDS[name].marks:
        return None
    for other, kind in KINDS.items():
        if other != name and len(data.keys() & kind.marks) > 1:
            return shapes.error("", "mismatch", f"This is the shape of {other}; send it as that.")
    return None


def _known(data: Row, shape: Shape, known_as: Mapping[str, str]) -> tuple[Row, list[str], Errors]:
    """The fields that the shape knows, under its names; the others' names; fields that came under two names."""
    row: Row = {}
    ignored: list[str] = []
    doubled: Errors = []
    for given, value in data.items():
        name = given if given in shape.fields else known_as.get(given, "")
        if not name or (name != given and name in data):  # its own name goes before another
            if given != "event":
                ignored.append(fields.shown(given))
            continue
        if name in row:
            doubled.append(shapes.error(name, "conflict", f"Came twice, also as {fields.shown(given)}."))
        nested = shape.rows.get(name)
        if nested is not None and type(value) is list:
            value, unknown, twice = _known_rows(value, nested)
            ignored += [f"{name}.{one}" for one in unknown]
            doubled += [{**fault, "field": f"{name}.{fault['field']}"} for fault in twice]
        row[name] = value
    return row, ignored, doubled


def _known_rows(rows: list[Any], shape: Shape) -> tuple[list[Any], list[str], Errors]:
    """Nested rows with the fields that their shape knows; anything that is no row is left for the check."""
    kept: list[Any] = []
    ignored: dict[str, None] = {}
    doubled: Errors = []
    for position, row in enumerate(rows):
        if type(row) is dict:
            row, unknown, twice = _known(row, shape, _LINE_KNOWN_AS)
            ignored |= dict.fromkeys(unknown)
            doubled += [{**fault, "field": f"{position}.{fault['field']}"} for fault in twice]
        kept.append(row)
    return kept, list(ignored), doubled


def _few(names: list[str]) -> list[str]:
    more = len(names) - MOST_NAMES
    return names if more <= 0 else [*names[:MOST_NAMES], f"… and {more:,} more"]
