"""The validated shape of everything that comes in: products, customers, orders and events."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID, uuid5

from luxebrain.lib import tokens
from luxebrain.lib.problems import fault as error
from recommendations import fields
from recommendations.fields import Refused

MAX_ROWS = 1000
MAX_ITEMS = 200  # of one event
MAX_AHEAD = timedelta(minutes=10)  # clocks of shops are never quite right
STATES = ("pending", "completed", "cancelled", "refunded", "failed", "test")
NEEDS_PRODUCT = {"view", "cart", "remove", "click", "hide"}

MAX_FAULTS = 20  # that are told of nested rows
_MAX_TOTAL = Decimal(10) ** 12

Row = dict[str, Any]
Error = dict[str, str]
Errors = list[Error]


class RefusedRows(Refused):
    """Nested rows that cannot be taken; `errors` name their places, as in "2.quantity"."""

    def __init__(self, errors: Errors) -> None:
        super().__init__(errors[0]["code"], f"{errors[0]['field']}: {errors[0]['message']}")
        self.errors = errors


@dataclass(frozen=True)
class Shape:
    """Field names with the check of each; `times` may not lie in the future; `rows` says which are nested rows."""

    fields: Mapping[str, Callable[[Any], Any]]
    required: tuple[str, ...]
    times: tuple[str, ...] = ()
    rows: Mapping[str, "Shape"] = field(default_factory=dict)
    whole: Callable[[Row], Errors] = lambda row: []  # what one field asks of another; may complete the row

    def check(self, row: Any, *, now: datetime) -> tuple[Row, Errors]:
        """The clean values of the fields that were given, and what is wrong."""
        if type(row) is not dict:
            return {}, [error("", "type", "Must be an object.")]
        clean: Row = {}
        errors: Errors = []
        checks = self.fields
        for name, value in row.items():
            check = checks.get(name)
            if check is None:
                errors.append(error(fields.shown(name), "unknown", "There is no such field."))
                continue
            try:
                clean[name] = check(value)
            except Refused as refused:
                errors += told(name, refused)
        for name in self.required:
            if name not in row:
                errors.append(error(name, "required", "Is required."))
        for name in self.times:
            value = clean.get(name)
            if value is not None and value > now + MAX_AHEAD:
                errors.append(error(name, "future", "Must not lie more than 10 minutes in the future."))
        return clean, errors or self.whole(clean)


def told(name: str, refused: Refused) -> Errors:
    """What a refusal says of the field `name`, or of the rows in it."""
    if isinstance(refused, RefusedRows):
        return [{**fault, "field": f"{name}.{fault['field']}"} for fault in refused.errors]
    return [error(name, refused.code, refused.message)]


def _optional_id(value: Any) -> str:
    return "" if value is None or value == "" else fields.identifier(value)


def _filled(value: Any, *, limit: int) -> str:
    clean = fields.text(value, limit=limit)
    if not clean:
        raise Refused("blank", "Must not be empty.")
    return clean


def state(value: Any) -> str:
    if type(value) is not str or value not in STATES:
        raise Refused("choice", f"Must be one of {', '.join(STATES)}.")
    return value


def _needed_money(value: Any) -> Any:
    if value is None:
        raise Refused("required", "Is required.")
    return fields.money(value)


def _needed_moment(value: Any) -> Any:
    if value is None:
        raise Refused("required", "Is required.")
    return fields.moment(value)


def _rows(value: Any, *, of: "Shape", most: int, what: str) -> list[Row]:
    """Nested rows. Raises RefusedRows."""
    if type(value) is not list or not value:
        raise Refused("type", f"Must be a list of at least one {what}.")
    if len(value) > most:
        raise Refused("too_many", f"Must be at most {most}.")
    clean = []
    faults: Errors = []
    for position, row in enumerate(value):
        values, errors = of.check(row, now=_UNTIMED)
        faults += [{**fault, "field": f"{position}.{fault['field']}".rstrip(".")} for fault in errors]
        clean.append(values)
    if faults:
        raise RefusedRows(faults[:MAX_FAULTS])
    return clean


def _total(order: Row) -> Errors:
    """An order without a total has that of its lines."""
    if order.get("total") is None:
        total = sum((line["quantity"] * line["unit_price"] for line in order["lines"]), Decimal("0.00"))
        if total >= _MAX_TOTAL:
            return [error("lines", "range", "The lines come to more than 12 digits before the point.")]
        order["total"] = total
    return []


_UNTIMED = datetime(9999, 1, 1, tzinfo=UTC)  # nested rows have no times
_LINE = Shape(
    {"product_id": fields.identifier, "quantity": fields.quantity, "unit_price": _needed_money},
    required=("product_id", "quantity", "unit_price"),
)
_BOUGHT = Shape(
    {
        "product_id": fields.identifier,
        "quantity": fields.quantity,
        "price": fields.money,
        "recommendation_id": fields.token,
    },
    required=("product_id",),
)
PRODUCT = Shape(
    {
        "id": fields.identifier,
        "title": partial(_filled, limit=500),
        "description": partial(fields.markup, limit=20_000),
        "url": fields.url,
        "image_url": fields.url,
        "price": fields.money,
        "currency": fields.currency,
        "categories": partial(fields.texts, most=20, limit=120),
        "brand": partial(fields.text, limit=120),
        "tags": partial(fields.texts, most=50, limit=80),
        "attributes": fields.attributes,
        "stock": fields.stock,
        "published": fields.flag,
        "updated_at": fields.moment,
    },
    required=("id", "title"),
    times=("updated_at",),
)
CUSTOMER = Shape(
    {
        "id": fields.identifier,
        "country": partial(fields.text, limit=60),
        "attributes": fields.attributes,
        "updated_at": fields.moment,
    },
    required=("id",),
    times=("updated_at",),
)
ORDER = Shape(
    {
        "id": fields.identifier,
        "customer_id": _optional_id,
        "session_id": _optional_id,
        "status": state,
        "currency": fields.currency,
        "total": fields.money,
        "ordered_at": _needed_moment,
        "lines": partial(_rows, of=_LINE, most=1000, what="line"),
        "updated_at": fields.moment,
    },
    required=("id", "ordered_at", "lines"),
    times=("ordered_at", "updated_at"),
    rows={"lines": _LINE},
    whole=_total,
)
EVENT = Shape(
    {
        "type": fields.slug,
        "id": fields.uuid,
        "customer_id": _optional_id,
        "session_id": _optional_id,
        "product_id": _optional_id,
        "quantity": fields.quantity,
        "value": fields.money,
        "currency": fields.currency,
        "order_id": _optional_id,
        "recommendation_id": fields.token,
        "placement": partial(fields.text, limit=40),
        "occurred_at": fields.moment,
        "items": lambda value: value,
        "properties": fields.attributes,
    },
    required=("type",),
    times=("occurred_at",),
)


def _shown(value: Any) -> list[str]:
    if type(value) is not list or not value:
        raise Refused("type", "Must be a list of at least one product id.")
    if len(value) > MAX_ITEMS:
        raise Refused("too_many", f"Must be at most {MAX_ITEMS}.")
    clean, faults = [], []
    for place, item in enumerate(value):
        try:
            clean.append(fields.identifier(item))
        except Refused as refused:
            faults.append(error(str(place), refused.code, refused.message))
    if faults:
        raise RefusedRows(faults[:MAX_FAULTS])
    return clean


def events(
    row: Any, *, now: datetime, since: Mapping[str, datetime], currency: str
) -> tuple[list[Row], Errors]:
    """One event as rows of the event table: a purchase of several items is one row for each.

    `since` is how far back events are kept: by kind, and under "" all others. The rows hold only what
    differs from the defaults.
    """
    clean, errors = EVENT.check(row, now=now)
    kind = clean.get("type", "")
    try:
        items: list[Any] = _items(kind, clean)
    except Refused as refused:
        errors += told("items", refused)
        items = []
    if not errors:
        errors = _needs(kind, clean, items, since=since)
    if errors:
        return [], errors
    given = clean.get("id")
    row = {
        "id": given or str(tokens.uuid7()),
        "occurred_at": (clean.get("occurred_at") or now).isoformat(),
        "kind": kind,
    }
    if given:
        row["given"] = True
    for name, column in _COLUMNS:
        if value := clean.get(name):
            row[column] = value
    if clean.get("value") is not None:
        row["value"] = str(clean["value"])
        row["currency"] = clean.get("currency") or currency
    if kind == "impression" and items:
        row["properties"] = {**row.get("properties", {}), "items": items}
    elif kind == "purchase" and items:
        return [_bought(row, item, number, currency) for number, item in enumerate(items)], []
    return [row], []


_COLUMNS = (
    ("customer_id", "customer_external_id"),
    ("session_id", "session_id"),
    ("product_id", "product_external_id"),
    ("quantity", "quantity"),
    ("order_id", "order_external_id"),
    ("recommendation_id", "recommendation_id"),
    ("placement", "placement"),
    ("currency", "currency"),
    ("properties", "properties"),
)


def _items(kind: str, clean: Row) -> list[Any]:
    if clean.get("items") is None:
        return []
    if kind == "impression":
        return _shown(clean["items"])
    if kind == "purchase":
        return _rows(clean["items"], of=_BOUGHT, most=MAX_ITEMS, what="item")
    raise Refused("unknown", "Only an impression or a purchase has items.")


def _needs(kind: str, clean: Row, items: list[Any], *, since: Mapping[str, datetime]) -> Errors:
    """What one field asks of another."""
    errors: Errors = []
    if not clean.get("customer_id") and not clean.get("session_id"):
        errors.append(error("customer_id", "required", "Send customer_id, session_id or both."))
    needs_one = kind in NEEDS_PRODUCT or kind in ("impression", "purchase") and not items
    if needs_one and not clean.get("product_id"):
        errors.append(error("product_id", "required", f"A {kind} names its product."))
    if kind == "purchase" and items and clean.get("product_id"):
        errors.append(error("product_id", "conflict", "Send product_id or items, not both."))
    occurred_at = clean.get("occurred_at")
    kept_since = since.get(kind) or since[""]
    if occurred_at is not None and occurred_at < kept_since:
        errors.append(error("occurred_at", "range", f"Events are kept since {kept_since:%Y-%m-%d} in your plan."))
    return errors


def _bought(purchase: Row, item: Row, number: int, currency: str) -> Row:
    """One item of a purchase. Its id follows from the purchase's, so that a repetition is recognised."""
    row = {**purchase, "product_external_id": item["product_id"], "quantity": item.get("quantity", 1)}
    row.pop("value", None)
    if number:
        row["id"] = str(uuid5(UUID(purchase["id"]), str(number)))
    if item.get("price") is not None:
        row["value"], row["currency"] = str(item["price"]), purchase.get("currency") or currency
    if item.get("recommendation_id"):
        row["recommendation_id"] = item["recommendation_id"]
    return row
