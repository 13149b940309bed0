"""What the schema says of bodies and answers; the checking itself is recommendations/shapes.py."""

from drf_spectacular.utils import PolymorphicProxySerializer, inline_serializer
from rest_framework import serializers

from recommendations import shapes


def _id(**options: object) -> serializers.CharField:
    return serializers.CharField(max_length=64, **options)  # type: ignore[arg-type]


class Product(serializers.Serializer):
    id = _id()
    title = serializers.CharField(max_length=500)
    description = serializers.CharField(max_length=20_000, required=False)
    url = serializers.CharField(max_length=1000, required=False)
    image_url = serializers.CharField(max_length=1000, required=False)
    price = serializers.DecimalField(max_digits=14, decimal_places=2, required=False, allow_null=True)
    currency = serializers.CharField(min_length=3, max_length=3, required=False)
    categories = serializers.ListField(child=serializers.CharField(max_length=120), max_length=20, required=False)
    brand = serializers.CharField(max_length=120, required=False)
    tags = serializers.ListField(child=serializers.CharField(max_length=80), max_length=50, required=False)
    attributes = serializers.DictField(required=False)
    stock = serializers.IntegerField(required=False, allow_null=True, help_text="null: not tracked")
    published = serializers.BooleanField(required=False, default=True)
    updated_at = serializers.DateTimeField(required=False, help_text="An older state never replaces a newer one")


class Customer(serializers.Serializer):
    id = _id()
    country = serializers.CharField(max_length=60, required=False)
    attributes = serializers.DictField(required=False)
    updated_at = serializers.DateTimeField(required=False)


class OrderLine(serializers.Serializer):
    product_id = _id()
    quantity = serializers.IntegerField(min_value=1, max_value=1_000_000)
    unit_price = serializers.DecimalField(max_digits=14, decimal_places=2)


class Order(serializers.Serializer):
    id = _id()
    customer_id = _id(required=False)
    session_id = _id(required=False)
    status = serializers.ChoiceField(shapes.STATES, default="completed")
    currency = serializers.CharField(min_length=3, max_length=3, required=False)
    total = serializers.DecimalField(max_digits=14, decimal_places=2, required=False)
    ordered_at = serializers.DateTimeField(help_text="With an offset")
    lines = OrderLine(many=True)
    updated_at = serializers.DateTimeField(required=False)


class Event(serializers.Serializer):
    type = serializers.CharField(
        max_length=40, help_text="view, cart, remove, purchase, click, impression, search, or a word of your own"
    )
    id = serializers.UUIDField(required=False, help_text="The same id sent again is one event")
    customer_id = _id(required=False)
    session_id = _id(required=False)
    product_id = _id(required=False)
    quantity = serializers.IntegerField(min_value=1, max_value=1_000_000, required=False)
    value = serializers.DecimalField(max_digits=14, decimal_places=2, required=False, help_text="Price of one")
    currency = serializers.CharField(min_length=3, max_length=3, required=False)
    order_id = _id(required=False)
    recommendation_id = serializers.CharField(max_length=40, required=False)
    placement = serializers.CharField(max_length=40, required=False)
    occurred_at = serializers.DateTimeField(required=False, help_text="With an offset; now when left out")
    items = serializers.ListField(
        child=serializers.JSONField(),
        required=False,
        help_text="impression: product ids; purchase: [{product_id, quantity, price, recommendation_id}]",
    )
    properties = serializers.DictField(required=False)


class EventRead(serializers.Serializer):
    id = serializers.UUIDField()
    type = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    received_at = serializers.DateTimeField()
    customer_id = serializers.CharField()
    session_id = serializers.CharField()
    product_id = serializers.CharField()
    quantity = serializers.IntegerField()
    value = serializers.CharField(allow_null=True)
    currency = serializers.CharField()
    order_id = serializers.CharField()
    recommendation_id = serializers.CharField()
    placement = serializers.CharField()
    properties = serializers.DictField()


class RowError(serializers.Serializer):
    index = serializers.IntegerField()
    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class FieldError(serializers.Serializer):
    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class EventResult(serializers.Serializer):
    index = serializers.IntegerField()
    id = serializers.UUIDField(allow_null=True)
    status = serializers.ChoiceField(["accepted", "refused"])
    errors = FieldError(many=True, required=False)


class EventsTaken(serializers.Serializer):
    accepted = serializers.IntegerField()
    refused = serializers.IntegerField()
    results = EventResult(many=True)
    errors = RowError(many=True)
    request_id = serializers.CharField()


class RowResult(serializers.Serializer):
    index = serializers.IntegerField()
    id = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(["created", "updated", "unchanged", "refused"])
    reason = serializers.CharField(required=False)
    errors = FieldError(many=True, required=False)


class RowsTaken(serializers.Serializer):
    kept = serializers.IntegerField(help_text="Created or updated")
    unchanged = serializers.IntegerField()
    refused = serializers.IntegerField()
    results = RowResult(many=True)
    request_id = serializers.CharField()


def one_or_many(name: str, of: type[serializers.Serializer]) -> PolymorphicProxySerializer:
    """Either one object, or {name: [objects]}."""
    many = inline_serializer(
        f"{of.__name__}s", {name: serializers.ListField(child=of(), max_length=shapes.MAX_ROWS)}
    )
    return PolymorphicProxySerializer(
        component_name=f"{of.__name__}OrMany", serializers=[of, many], resource_type_field_name=None
    )


def listed(name: str, of: type[serializers.Serializer]) -> serializers.Serializer:
    """A page of a list."""
    return inline_serializer(
        f"{of.__name__}Page", {name: of(many=True), "next_cursor": serializers.CharField(allow_null=True)}
    )
