"""What the API answers, as the schema says it; what it takes is in sent.py."""

from drf_spectacular.utils import PolymorphicProxySerializer, inline_serializer
from rest_framework import serializers

_MONEY = r"^[0-9]{1,12}\.[0-9]{2}$"


def _money(**options: object) -> serializers.RegexField:
    return serializers.RegexField(_MONEY, help_text="An amount, to the cent", **options)  # type: ignore[arg-type]


class Product(serializers.Serializer):
    id = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    url = serializers.CharField(allow_blank=True)
    image_url = serializers.CharField(allow_blank=True)
    price = _money(allow_null=True)
    currency = serializers.CharField(allow_blank=True)
    categories = serializers.ListField(child=serializers.CharField())
    brand = serializers.CharField(allow_blank=True)
    tags = serializers.ListField(child=serializers.CharField())
    attributes = serializers.DictField()
    stock = serializers.IntegerField(allow_null=True, help_text="null: not tracked")
    published = serializers.BooleanField()
    updated_at = serializers.DateTimeField(allow_null=True, help_text="As the shop sent it")


class Customer(serializers.Serializer):
    id = serializers.CharField()
    country = serializers.CharField(allow_blank=True)
    attributes = serializers.DictField()
    updated_at = serializers.DateTimeField(allow_null=True)


class OrderLine(serializers.Serializer):
    product_id = serializers.CharField()
    quantity = serializers.IntegerField()
    unit_price = _money()


class Order(serializers.Serializer):
    id = serializers.CharField()
    customer_id = serializers.CharField(allow_blank=True, help_text="Empty for a guest")
    session_id = serializers.CharField(allow_blank=True)
    status = serializers.CharField()
    currency = serializers.CharField()
    total = _money()
    ordered_at = serializers.DateTimeField()
    lines = OrderLine(many=True)
    updated_at = serializers.DateTimeField(allow_null=True)


class EventRead(serializers.Serializer):
    id = serializers.UUIDField()
    type = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    received_at = serializers.DateTimeField()
    customer_id = serializers.CharField(allow_blank=True)
    session_id = serializers.CharField(allow_blank=True)
    product_id = serializers.CharField(allow_blank=True)
    quantity = serializers.IntegerField()
    value = _money(allow_null=True)
    currency = serializers.CharField(allow_blank=True)
    order_id = serializers.CharField(allow_blank=True)
    recommendation_id = serializers.CharField(allow_blank=True)
    placement = serializers.CharField(allow_blank=True)
    properties = serializers.DictField()


class FieldError(serializers.Serializer):
    field = serializers.CharField(allow_blank=True)
    code = serializers.CharField()
    message = serializers.CharField()


class RowError(FieldError):
    index = serializers.IntegerField(min_value=0)


class EventResult(serializers.Serializer):
    index = serializers.IntegerField(min_value=0)
    id = serializers.UUIDField(allow_null=True)
    status = serializers.ChoiceField(["accepted", "refused"])
    errors = FieldError(many=True, required=False)


class EventsTaken(serializers.Serializer):
    accepted = serializers.IntegerField(min_value=1)
    refused = serializers.IntegerField(min_value=0)
    results = EventResult(many=True)
    errors = RowError(many=True, help_text="Those of all refused events, in one list")
    request_id = serializers.CharField()


class RowResult(serializers.Serializer):
    index = serializers.IntegerField(min_value=0)
    id = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(["created", "updated", "unchanged", "refused"])
    reason = serializers.CharField(required=False, help_text="Why a row that was right did not change anything")
    errors = FieldError(many=True, required=False)


class RowsTaken(serializers.Serializer):
    kept = serializers.IntegerField(min_value=0, help_text="Created or updated")
    unchanged = serializers.IntegerField(min_value=0)
    refused = serializers.IntegerField(min_value=0)
    results = RowResult(many=True)
    request_id = serializers.CharField()


class Item(serializers.Serializer):
    product_id = serializers.CharField()
    rank = serializers.IntegerField(min_value=1)
    score = serializers.FloatField()
    source = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)
    title = serializers.CharField(required=False, allow_blank=True, help_text="This and what follows: details=true")
    price = serializers.CharField(required=False, allow_null=True)
    currency = serializers.CharField(required=False, allow_blank=True)
    url = serializers.CharField(required=False, allow_blank=True)
    image_url = serializers.CharField(required=False, allow_blank=True)


class Answer(serializers.Serializer):
    request_id = serializers.CharField()
    recommendation_id = serializers.CharField(help_text="Send it with the events that follow from this list")
    type = serializers.CharField()
    placement = serializers.CharField(allow_null=True)
    strategy = serializers.ChoiceField(["model", "popular"])
    strategy_reason = serializers.CharField(allow_null=True)
    rung = serializers.CharField(
        allow_null=True, help_text="What the shop's data bear: popular, content, co_occurrence or blend"
    )
    model_version = serializers.CharField(allow_null=True)
    model_scope = serializers.CharField(
        allow_null=True,
        help_text="Which training made the model. tenant: the shop's isolated one; shared: the one that every shop has",
    )
    learnt_from = serializers.CharField(
        allow_null=True,
        help_text="Whose rows it learnt from. own: this shop's alone; shared: these and what other shops have in "
        "common with it; upload: not known, it was trained elsewhere",
    )
    experiment = serializers.CharField(
        allow_null=True, help_text="Key of the experiment that the list counts for"
    )
    arm = serializers.CharField(allow_null=True, help_text="A or B: what this shopper gets while it runs")
    fallback_used = serializers.BooleanField()
    degraded = serializers.BooleanField()
    warnings = serializers.ListField(child=serializers.CharField())
    missing_ids = serializers.ListField(
        child=serializers.CharField(), help_text="Products that the call names and the catalogue does not have"
    )
    items = Item(many=True)


class PlacedAnswer(Answer):
    """The same without the request id, which stands once above all lists."""

    request_id = None


class Placements(serializers.Serializer):
    request_id = serializers.CharField()
    placements = serializers.DictField(child=PlacedAnswer(), help_text="The lists by placement")


class Checked(serializers.Serializer):
    request_id = serializers.CharField()
    valid = serializers.BooleanField()
    missing_ids = serializers.ListField(child=serializers.CharField())
    warnings = serializers.ListField(child=serializers.CharField())


Answered = PolymorphicProxySerializer(
    component_name="Answered", serializers=[Answer, Placements, Checked], resource_type_field_name=None
)


def listed(name: str, of: type[serializers.Serializer]) -> serializers.Serializer:
    """A page of a list."""
    return inline_serializer(
        f"{of.__name__}Page", {name: of(many=True), "next_cursor": serializers.CharField(allow_null=True)}
    )


class Delivered(serializers.Serializer):
    status = serializers.CharField(help_text="accepted")
    delivery = serializers.IntegerField(help_text="Its number in the panel's list of deliveries")
