"""Shopify's payloads as readings (R46)."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from recommendations.storefronts import shopify
from recommendations.storefronts.reading import Unreadable
from tests.recommendations.storefronts.test_woocommerce import valid
from tests.recommendations.storefronts.vendor import payload


def order(**changes):
    return shopify.read("orders/updated", payload("shopify_order", **changes))


def product(**changes):
    return shopify.read("products/update", payload("shopify_product", **changes), shop="acme.myshopify.com")


def line(**fields):
    return {"product_id": 1, "quantity": 1, "current_quantity": 1, "price": "10.00", "total_discount": "0.00", **fields}


def test_it_reads_an_order_after_a_partial_refund():
    reading = order()
    assert (reading.kind, reading.action, reading.object_id) == ("order", "upsert", "820982911946154508")
    assert reading.modified_at == datetime(2026, 6, 1, 16, 10, tzinfo=UTC)
    clean = valid(reading)
    assert clean["customer_id"] == "115310627314723954"
    assert (clean["status"], clean["total"], clean["currency"]) == ("completed", Decimal("189.00"), "USD")
    assert clean["ordered_at"] == datetime(2026, 6, 1, 15, 58, 19, tzinfo=UTC)
    assert clean["lines"] == [{"product_id": "632910392", "quantity": 1, "unit_price": Decimal("184.00")}]
    assert "given back" in reading.reason
    assert "names no product" in reading.reason
    assert "john" not in str(reading.data).lower()


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"financial_status": "paid"}, "completed"),
        ({"financial_status": "authorized"}, "completed"),
        ({"financial_status": "pending"}, "pending"),
        ({"financial_status": None}, "pending"),
        ({"financial_status": "refunded"}, "refunded"),
        ({"financial_status": "voided"}, "cancelled"),
        ({"cancelled_at": "2026-06-02T00:00:00Z"}, "cancelled"),
        ({"test": True}, "test"),
    ],
)
def test_it_knows_every_state(changes, state):
    assert valid(order(**changes))["status"] == state


def test_it_keeps_the_lines_of_an_order_that_ended():
    """What was ordered stays known; the state takes it out of the count."""
    clean = valid(order(financial_status="refunded", line_items=[line(current_quantity=0, quantity=3)]))
    assert clean["lines"][0]["quantity"] == 3
    assert clean["total"] == Decimal("388.00")


def test_it_takes_an_order_whose_every_line_went_back_as_refunded():
    clean = valid(order(financial_status="paid", line_items=[line(current_quantity=0, quantity=2)]))
    assert (clean["status"], clean["lines"][0]["quantity"]) == ("refunded", 2)


def test_it_ignores_an_order_of_nothing_it_knows():
    assert order(line_items=[line(product_id=None)]).action == "ignore"
    assert order(line_items=[]).action == "ignore"
    with pytest.raises(Unreadable, match="line_items"):
        order(line_items={})


def test_it_leaves_a_guest_without_customer():
    assert "customer_id" not in valid(order(customer=None))


def test_it_reads_a_product():
    clean = valid(product())
    assert clean == {
        "id": "788032119674292922",
        "title": "Example T-Shirt",
        "description": "<p>An <em>example</em>  T-Shirt</p>",
        "url": "https://acme.myshopify.com/products/example-t-shirt",
        "image_url": "https://cdn.shopify.com/s/files/1/0000/0001/products/shirt.jpg?v=1",
        "price": Decimal("17.99"),
        "categories": ["Shirts", "T-Shirts"],
        "brand": "Acme",
        "tags": ["example", "mens", "t-shirt"],
        "attributes": {"Size": ["Small", "Medium"], "sku": ["example-shirt-s", "example-shirt-m"]},
        "stock": 75,
        "published": True,
        "updated_at": datetime(2026, 1, 3, 13, 59, 11, tzinfo=UTC),
    }


@pytest.mark.parametrize(
    ("changes", "published"),
    [({"status": "draft"}, False), ({"status": "archived"}, False), ({"published_at": None}, False), ({}, True)],
)
def test_it_publishes_what_the_shop_shows(changes, published):
    assert valid(product(**changes))["published"] is published


@pytest.mark.parametrize(
    ("variants", "stock"),
    [
        ([{"inventory_quantity": 3, "inventory_policy": "continue"}], None),
        ([{"inventory_quantity": 0, "inventory_policy": "deny", "inventory_management": None}], None),
        ([{"inventory_quantity": 2, "inventory_policy": "deny"}, {"inventory_quantity": 1}], 3),
        ([{"inventory_quantity": -2, "inventory_policy": "deny"}], 0),
        ([], None),
    ],
)
def test_it_knows_how_stock_is_kept(variants, stock):
    assert valid(product(variants=variants)).get("stock") == stock


def test_it_takes_tags_in_either_form():
    assert valid(product(tags=["a", "b"]))["tags"] == ["a", "b"]
    assert "tags" not in valid(product(tags=""))


def test_it_reads_a_customer():
    clean = valid(shopify.read("customers/update", payload("shopify_customer")))
    assert clean == {
        "id": "706405506930370084",
        "country": "CA",
        "updated_at": datetime(2026, 1, 2, 14, 0, tzinfo=UTC),
    }


@pytest.mark.parametrize(("topic", "kind"), [("products", "product"), ("orders", "order"), ("customers", "customer")])
def test_it_reads_a_deletion_of_an_id_alone(topic, kind):
    reading = shopify.read(f"{topic}/delete", {"id": 788032119674292922})
    assert (reading.kind, reading.action, reading.object_id) == (kind, "delete", "788032119674292922")


def test_it_reads_the_compliance_topics():
    """T23, and what Shopify asks of every app."""
    redact = shopify.read("customers/redact", payload("shopify_redact"))
    assert (redact.kind, redact.action, redact.object_id) == ("privacy", "redact", "191167")
    request = shopify.read("customers/data_request", payload("shopify_redact"))
    assert (request.kind, request.action) == ("privacy", "data_request")
    shop = shopify.read("shop/redact", {"shop_id": 954889, "shop_domain": "acme.myshopify.com"})
    assert (shop.kind, shop.action, shop.object_id) == ("privacy", "shop_redact", "954889")
    assert "no customer" in shopify.read("customers/redact", {"customer": None}).reason


@pytest.mark.parametrize("topic", ["refunds/create", "app/uninstalled", "carts/update", "", "themes/publish"])
def test_it_has_no_use_for_other_topics(topic):
    reading = shopify.read(topic, {"id": 1})
    assert (reading.kind, reading.action) == ("other", "ignore")
    assert reading.reason
