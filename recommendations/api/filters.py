"""What a list may be narrowed to: each filter with its description, its reading and its effect."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet
from drf_spectacular.utils import OpenApiParameter

from luxebrain.lib.problems import Problem, fault
from recommendations import fields, shapes

TIME = {"type": "string", "format": "date-time"}
TEXT = {"type": "string", "minLength": 1, "maxLength": 200}
ID = {"type": "string", "minLength": 1, "maxLength": fields.MAX_ID}
FLAG = {"type": "boolean"}


@dataclass(frozen=True)
class Filter:
    """`read` makes a value of the text, or raises Refused; `narrow` makes a condition of the value."""

    name: str
    text: str
    read: Callable[[str], Any]
    narrow: Callable[[Any], Q]
    schema: dict[str, Any] = field(default_factory=lambda: TEXT)

    @property
    def described(self) -> OpenApiParameter:
        return OpenApiParameter(self.name, self.schema, description=self.text)


def narrowed(rows: QuerySet, filters: Sequence[Filter], given: dict[str, str]) -> QuerySet:
    """The rows that all the given filters let through. Raises Problem with a reason for each that is not right."""
    wrong: list[dict[str, str]] = []
    for each in filters:
        if each.name in given:
            try:
                rows = rows.filter(each.narrow(each.read(given[each.name])))
            except fields.Refused as refused:
                wrong.append(fault(each.name, refused.code, refused.message))
    if wrong:
        raise Problem("Some parameters are not right.", errors=wrong)
    return rows


def moment(text: str) -> Any:
    """A + in a query is a space to those who forget to encode it."""
    return fields.moment(text.strip().replace(" ", "+"))


def flag(text: str) -> bool:
    if text.lower() not in {"true", "false", "1", "0"}:
        raise fields.Refused("format", "Must be true or false.")
    return text.lower() in {"true", "1"}


def word(text: str) -> str:
    if not 1 <= len(text) <= TEXT["maxLength"]:  # type: ignore[operator]
        raise fields.Refused("too_long", f"Must be 1 to {TEXT['maxLength']} characters.")
    return text


def since(name: str, column: str, text: str) -> Filter:
    return Filter(name, text, moment, lambda value: Q(**{f"{column}__gte": value}), TIME)


def until(name: str, column: str, text: str) -> Filter:
    return Filter(name, text, moment, lambda value: Q(**{f"{column}__lt": value}), TIME)


def same(name: str, column: str, text: str) -> Filter:
    return Filter(name, text, fields.identifier, lambda value: Q(**{column: value}), ID)


UPDATED = since("updated_since", "updated_at", "Only rows that were stored or changed at or after this time")
PRODUCTS = (
    UPDATED,
    Filter("category", "Only products of this category, spelled as sent", word, lambda v: Q(categories__contains=[v])),
    Filter("published", "Only what is offered, or only what is not", flag, lambda v: Q(is_published=v), FLAG),
    Filter(
        "in_stock",
        "true: stock left or not tracked; false: none left",
        flag,
        lambda v: Q(stock__isnull=True) | Q(stock__gt=0) if v else Q(stock__lte=0),
        FLAG,
    ),
    Filter("search", "Only products whose title contains this", word, lambda v: Q(title__icontains=v)),
)
CUSTOMERS = (UPDATED, Filter("country", "Only customers of this country", word, lambda v: Q(country=v)))
ORDERS = (
    UPDATED,
    same("customer_id", "customer__external_id", "Only this customer's orders"),
    same("session_id", "session_id", "Only orders of this session"),
    Filter(
        "status",
        "Only orders in this state",
        shapes.state,
        lambda v: Q(state=v),
        {"type": "string", "enum": list(shapes.STATES)},
    ),
    since("ordered_since", "ordered_at", "Only orders placed at or after this time"),
    until("ordered_until", "ordered_at", "Only orders placed before this time"),
)
EVENTS = (
    Filter(
        "type",
        "Only events of this type",
        fields.slug,
        lambda v: Q(kind=v),
        {"type": "string", "pattern": "^[a-z0-9][a-z0-9_.-]{0,39}$"},
    ),
    same("customer_id", "customer_external_id", "Only this customer's events"),
    same("session_id", "session_id", "Only events of this session"),
    same("product_id", "product_external_id", "Only events about this product"),
    same("order_id", "order_external_id", "Only events of this order"),
    since("since", "occurred_at", "Only events that happened at or after this time"),
    until("until", "occurred_at", "Only events that happened before this time"),
)
