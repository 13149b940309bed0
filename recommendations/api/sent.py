"""What a shop may send, described as exactly as it is checked (recommendations/shapes.py, fields.py, queries.py).

Whatever these schemas do not allow is refused; tests/recommendations/api/test_fuzz.py asks.
"""

from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field, inline_serializer
from rest_framework import serializers

from recommendations import expressions, fields, queries, shapes

Schema = dict[str, Any]
_NAME: Schema = {"type": "string", "minLength": 1, "maxLength": fields.MAX_ID}
_NUMBER: Schema = {"type": "integer", "description": "Becomes text"}
ID: Schema = {"anyOf": [_NAME, _NUMBER]}
NO_OR_ID: Schema = {"anyOf": [{"type": "string", "maxLength": fields.MAX_ID}, _NUMBER], "nullable": True}
QUANTITY: Schema = {"type": "integer", "minimum": 1, "maximum": fields.MAX_QUANTITY}
_AMOUNT = r"^\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$"
MONEY: Schema = {
    "anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": _AMOUNT, "maxLength": 40}],
    "description": "Not negative, kept to the cent: 12.9 or \"12.90\"",
    "example": "12.90",
}
TIME: Schema = {"type": "string", "format": "date-time", "description": "With an offset"}
CURRENCY: Schema = {"type": "string", "pattern": "^([A-Za-z]{3})?$", "nullable": True, "example": "EUR"}
ADDRESS: Schema = {
    "type": "string",
    "maxLength": 1000,
    "pattern": "^([hH][tT][tT][pP][sS]?://.+)?$",
    "nullable": True,
    "example": "https://shop.example/tea",
}
ATTRIBUTES: Schema = {
    "type": "object",
    "maxProperties": 50,
    "nullable": True,
    "additionalProperties": {
        "anyOf": [
            {"type": "string", "maxLength": 1000},
            {"type": "number"},
            {"type": "boolean"},
            {"type": "array", "maxItems": 50, "items": {"type": "string", "maxLength": 200, "nullable": True}},
        ],
        "nullable": True,
    },
}
OWN_ID = r"^[A-Za-z0-9_-]{0,40}$"


def nullable(schema: Schema, **more: Any) -> Schema:
    return {**schema, **more, "nullable": True}


def text(limit: int, *, least: int = 0, null: bool = True) -> Schema:
    return {"type": "string", "maxLength": limit, **({"minLength": least} if least else {}), "nullable": null}


def texts(limit: int, most: int) -> Schema:
    return {"type": "array", "maxItems": most, "items": text(limit), "nullable": True}


def of(schema: Schema, *, needed: bool = False) -> serializers.Field:
    """A field that says nothing but this schema."""
    described = extend_schema_field(schema)(type("Described", (serializers.Field,), {}))
    return described(required=needed)


def body(name: str, needed: set[str], /, **schemas: Schema) -> type[serializers.Serializer]:
    """A body of these fields and no others (`additionalProperties` is set by luxebrain/lib/openapi.py)."""
    return type(
        name, (serializers.Serializer,), {key: of(schema, needed=key in needed) for key, schema in schemas.items()}
    )


_PRODUCT: dict[str, Schema] = {
    "id": ID,
    "title": text(500, least=1, null=False),
    "description": nullable(text(20_000), description="Plain formatting stays; everything that could act is removed"),
    "url": ADDRESS,
    "image_url": ADDRESS,
    "price": nullable(MONEY),
    "currency": CURRENCY,
    "categories": texts(120, 20),
    "brand": text(120),
    "tags": texts(80, 50),
    "attributes": ATTRIBUTES,
    "stock": {
        "type": "integer",
        "minimum": -fields.MAX_QUANTITY,
        "maximum": 1_000_000_000,
        "nullable": True,
        "description": "null: not tracked",
    },
    "published": {"type": "boolean", "default": True},
    "updated_at": nullable(TIME, description="An older state never replaces a newer one"),
}
_CUSTOMER: dict[str, Schema] = {
    "id": ID,
    "country": text(60),
    "attributes": ATTRIBUTES,
    "updated_at": nullable(TIME),
}
Line = body("OrderLineSent", {"product_id", "quantity", "unit_price"},
            product_id=ID, quantity=QUANTITY, unit_price=MONEY)  # fmt: skip
_ORDER: dict[str, Any] = {
    "id": ID,
    "customer_id": NO_OR_ID,
    "session_id": NO_OR_ID,
    "status": {"type": "string", "enum": list(shapes.STATES), "default": "completed"},
    "currency": CURRENCY,
    "total": nullable(MONEY, description="The sum of the lines when left out"),
    "ordered_at": TIME,
    "updated_at": nullable(TIME),
}
_EVENT: dict[str, Schema] = {
    "type": {
        "type": "string",
        "pattern": "^[a-z0-9][a-z0-9_.-]{0,39}$",
        "description": "view, cart, remove, click and hide (never shown to this shopper again) need a product_id; "
        "purchase, impression, search, or a word of your own",
        "example": "view",
    },
    "id": {"type": "string", "format": "uuid", "description": "The same id sent again is one event"},
    "customer_id": NO_OR_ID,
    "session_id": NO_OR_ID,
    "product_id": NO_OR_ID,
    "quantity": QUANTITY,
    "value": nullable(MONEY, description="Price of one"),
    "currency": CURRENCY,
    "order_id": NO_OR_ID,
    "recommendation_id": {"type": "string", "pattern": OWN_ID, "nullable": True},
    "placement": text(40),
    "occurred_at": nullable(TIME, description="With an offset; now when left out"),
    "properties": ATTRIBUTES,
}
_BOUGHT: Schema = {
    "type": "object",
    "required": ["product_id"],
    "additionalProperties": False,
    "properties": {
        "product_id": ID,
        "quantity": QUANTITY,
        "price": nullable(MONEY),
        "recommendation_id": {"type": "string", "pattern": OWN_ID, "nullable": True},
    },
}
_EVENT["items"] = {
    "type": "array",
    "minItems": 1,
    "maxItems": shapes.MAX_ITEMS,
    "nullable": True,
    "items": {"anyOf": [*ID["anyOf"], _BOUGHT]},
    "description": "impression: product ids; purchase: products with quantity, price and recommendation_id",
}


def _order(name: str, needed: set[str]) -> type[serializers.Serializer]:
    made = body(name, needed, **_ORDER)
    lines = serializers.ListField(child=Line(), min_length=1, max_length=1000, required="lines" in needed)
    return type(name, (made,), {"lines": lines})


Product = body("ProductSent", {"id", "title"}, **_PRODUCT)
Customer = body("CustomerSent", {"id"}, **_CUSTOMER)
Order = _order("OrderSent", {"id", "ordered_at", "lines"})
Event = body("EventSent", {"type"}, **_EVENT)
# The id is in the address; the body may repeat it.
WHOLE = {
    "product": body("ProductWhole", {"title"}, **_PRODUCT),
    "customer": body("CustomerWhole", set(), **_CUSTOMER),
    "order": _order("OrderWhole", {"ordered_at", "lines"}),
}
PART = {
    "product": body("ProductPart", set(), **_PRODUCT),
    "customer": body("CustomerPart", set(), **_CUSTOMER),
    "order": _order("OrderPart", set()),
}
_IDS = {"type": "array", "items": ID, "maxItems": queries.MAX_EXCLUDED, "nullable": True}
Boost = body(
    "Boost",
    {"filter", "factor"},
    filter={"type": "string", "minLength": 1, "maxLength": expressions.MAX_LENGTH, "description": "Which products"},
    factor={"type": "number", "minimum": 0, "maximum": 100, "description": "Above 1 lifts, below 1 lowers"},
)
_LIST = {
    "type": {"type": "string", "enum": sorted(set(queries.KINDS)), "default": "personalised"},
    "product_id": {
        "anyOf": [*NO_OR_ID["anyOf"], {"type": "array", "items": ID, "maxItems": queries.MAX_PRODUCTS}],
        "nullable": True,
    },
    "limit": {"type": "integer", "minimum": 1, "maximum": queries.MAX_LIMIT, "default": 10},
    "exclude": _IDS,
    "candidates": {**_IDS, "maxItems": queries.MAX_CANDIDATES, "description": "Rank these products alone"},
    "filter": {
        "type": "string", "maxLength": expressions.MAX_LENGTH, "nullable": True,
        "description": "Only products that this holds for",
    },
    "min_relevance": {"type": "number", "minimum": 0, "maximum": 1, "description": "Share of the best score"},
    "diversity": {"type": "number", "minimum": 0, "maximum": 1},
    "fallback": {"type": "string", "enum": list(queries.FALLBACKS), "description": "none: rather a shorter list"},
}
OF_CALL: dict[str, Schema] = {
    "customer_id": NO_OR_ID,
    "session_id": NO_OR_ID,
    "placement": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{0,40}$", "nullable": True},
    "language": {"type": "string", "enum": list(queries.LANGUAGES), "description": "Of the reasons"},
}


def asked(name: str, needed: set[str], /, **more: Any) -> type[serializers.Serializer]:
    """A list that is asked for, with its boosts."""
    boosts = serializers.ListField(child=Boost(), required=False, allow_null=True, max_length=queries.MAX_BOOSTS)
    return type(name, (body(name, needed, **_LIST, **more),), {"boosts": boosts})


PlacementAsked = asked(
    "PlacementAsked", {"placement"}, placement={"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,40}$"}
)
_Question = asked(
    "Question",
    set(),
    **OF_CALL,
    details={"type": "boolean", "default": False},
    validate_only={"type": "boolean", "default": False, "description": "Says what is wrong, recommends nothing"},
)
Question = type("Question", (_Question,), {
    "placements": serializers.ListField(
        child=PlacementAsked(), required=False, allow_null=True, min_length=1, max_length=queries.MAX_PLACEMENTS,
        help_text="Several lists in one call, no product twice across them",
    ),
})  # fmt: skip


def one_or_many(name: str, of_one: type[serializers.Serializer]) -> PolymorphicProxySerializer:
    """Either one object, or {name: [objects]}."""
    single = of_one.__name__.removesuffix("Sent")
    rows = serializers.ListField(child=of_one(), min_length=1, max_length=shapes.MAX_ROWS)
    many = inline_serializer(f"{single}sSent", {name: rows})
    return PolymorphicProxySerializer(
        component_name=f"{single}OrMany", serializers=[of_one, many], resource_type_field_name=None
    )
