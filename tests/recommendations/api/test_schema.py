"""The published schema describes every way in, without a warning, and its examples are what the checks take."""

from typing import Any

from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator

from recommendations import shapes
from recommendations.api import serializers


def test_it_describes_what_comes_in_without_a_warning() -> None:
    GENERATOR_STATS.reset()
    with GENERATOR_STATS.silence():
        schema = SchemaGenerator().get_schema(request=None, public=True)
    assert not GENERATOR_STATS
    assert {"get", "post"} == set(schema["paths"]["/api/v1/events"])
    for kind in ("products", "customers", "orders"):
        assert {"get", "post"} == set(schema["paths"][f"/api/v1/{kind}"])
        body: Any = schema["paths"][f"/api/v1/{kind}"]["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert len(schema["components"]["schemas"][body["$ref"].rsplit("/", 1)[1]]["oneOf"]) == 2


def test_the_described_fields_are_the_checked_ones() -> None:
    for described, shape in (
        (serializers.Product, shapes.PRODUCT),
        (serializers.Customer, shapes.CUSTOMER),
        (serializers.Order, shapes.ORDER),
        (serializers.Event, shapes.EVENT),
    ):
        assert set(described().fields) == set(shape.fields)
        needed = {name for name, field in described().fields.items() if field.required}
        assert needed == set(shape.required)
