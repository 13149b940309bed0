"""The published schema describes every way in, without a warning, and its examples are what the checks take."""

from typing import Any

import pytest
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator

from recommendations import shapes
from recommendations.api import examples, sent
from tests import make


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


@pytest.mark.parametrize("kind", ["products", "customers", "orders", "events"])
def test_the_examples_are_what_happens(kind: str, acme: Any, api: Any) -> None:
    """D12: what the schema shows as sent and answered is sent, and answered so."""
    one, several, answer = examples.sending(kind)
    assert api.post(f"/api/v1/{kind}", one.value).status_code in {200, 202}
    getattr(acme, kind).all().delete()
    told = api.post(f"/api/v1/{kind}", several.value).json()
    for body in (told, answer.value):
        body.pop("request_id")
    if kind == "events":
        told["results"][0]["id"] = answer.value["results"][0]["id"]
    assert told == answer.value


def test_an_example_changes_what_it_names(acme: Any, api: Any) -> None:
    make.product(acme, "tea-1")
    make.order(acme, ["tea-1"], external_id="1001", customer=make.customer(acme, "c-1"))
    for kind, name in (("product", "tea-1"), ("customer", "c-1"), ("order", "1001")):
        (example,) = examples.changing(kind)
        answer = api("patch", f"/api/v1/{kind}s/{name}", example.value)
        assert answer.status_code == 200
        assert example.value.items() <= answer.json().items()


def test_the_described_fields_are_the_checked_ones() -> None:
    for described, shape in (
        (sent.Product, shapes.PRODUCT),
        (sent.Customer, shapes.CUSTOMER),
        (sent.Order, shapes.ORDER),
        (sent.Event, shapes.EVENT),
    ):
        assert set(described().fields) == set(shape.fields)
        needed = {name for name, field in described().fields.items() if field.required}
        assert needed == set(shape.required)
