"""Whatever a vendor's server sends, however broken: a reading or a sentence, never another exception."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommendations.storefronts import shopify, woocommerce
from recommendations.storefronts.reading import Reading, Unreadable
from recommendations.validator import InputValidator
from tests.recommendations.storefronts.vendor import payload

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(["", "12.90", "-5", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z", "NaN", "1e999999", "0"])
    | st.just(10**400)
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
)
KNOWN = [
    (woocommerce, "order.created", "woocommerce_order"),
    (woocommerce, "product.updated", "woocommerce_product"),
    (woocommerce, "customer.created", "woocommerce_customer"),
    (shopify, "orders/create", "shopify_order"),
    (shopify, "products/update", "shopify_product"),
    (shopify, "customers/update", "shopify_customer"),
    (shopify, "customers/redact", "shopify_redact"),
]


def read(vendor, topic, body):
    before = copy.deepcopy(body)
    try:
        reading = vendor.read(topic, body, shop="acme.myshopify.com")
    except Unreadable:
        return
    finally:
        assert repr(body) == repr(before), "the payload was edited"
    assert isinstance(reading, Reading)
    if reading.action == "upsert":
        clean, errors, _ = InputValidator.validate_webhook_data(reading.kind, reading.data)
        assert errors or clean["id"]


@pytest.mark.parametrize(("vendor", "topic", "name"), KNOWN)
@given(body=JSON)
@settings(max_examples=40, deadline=None)
def test_it_survives_any_json(vendor, topic, name, body):
    read(vendor, topic, body)


@pytest.mark.parametrize(("vendor", "topic", "name"), KNOWN)
@given(data=st.data())
@settings(max_examples=120, deadline=None)
def test_it_survives_any_field(vendor, topic, name, data):
    body = payload(name)
    for _ in range(data.draw(st.integers(1, 3))):
        field = data.draw(st.sampled_from(sorted(body)))
        inner = body[field]
        if type(inner) is list and inner and type(inner[0]) is dict and data.draw(st.booleans()):
            inner[0][data.draw(st.sampled_from(sorted(inner[0]) or ["x"]))] = data.draw(JSON)
        else:
            body[field] = data.draw(JSON)
    read(vendor, topic, body)


@given(topic=st.text(max_size=30), body=JSON)
@settings(max_examples=60, deadline=None)
def test_it_survives_any_topic(topic, body):
    for vendor in (woocommerce, shopify):
        read(vendor, topic, body)
