"""WooCommerce's payloads as readings (R46)."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from recommendations.storefronts import woocommerce
from recommendations.storefronts.reading import Unreadable
from recommendations.validator import InputValidator
from tests.recommendations.storefronts.vendor import payload


def valid(reading):
    clean, errors, ignored = InputValidator.validate_webhook_data(reading.kind, reading.data)
    assert (errors, ignored) == ([], [])
    return clean


def order(**changes):
    return woocommerce.read("order.updated", payload("woocommerce_order", **changes))


def product(**changes):
    return woocommerce.read("product.updated", payload("woocommerce_product", **changes))


def test_it_reads_an_order():
    reading = order()
    assert (reading.kind, reading.action, reading.object_id) == ("order", "upsert", "727")
    assert reading.modified_at == datetime(2026, 3, 22, 17, 28, 8, tzinfo=UTC)
    clean = valid(reading)
    assert clean["customer_id"] == "26"
    assert clean["status"] == "completed"
    assert clean["currency"] == "EUR"
    assert clean["total"] == Decimal("33.35")
    assert clean["ordered_at"] == datetime(2026, 3, 22, 17, 28, 2, tzinfo=UTC)
    assert clean["lines"] == [
        {"product_id": "93", "quantity": 2, "unit_price": Decimal("3.00")},
        {"product_id": "22", "quantity": 1, "unit_price": Decimal("18.25")},
    ]


def test_it_keeps_nobodys_name_or_address():
    """R55: recommendations need neither, so they are not even read."""
    for reading in (order(), woocommerce.read("customer.created", payload("woocommerce_customer"))):
        assert "Ada" not in str(reading.data)
        assert "example.com" not in str(reading.data)


def test_it_leaves_a_guest_without_customer():
    assert "customer_id" not in valid(order(customer_id=0))


def test_it_takes_the_session_that_the_shops_pages_hand_over():
    assert valid(order(meta_data=[{"id": 1, "key": "luxebrain_session", "value": "s-1"}]))["session_id"] == "s-1"
    assert "session_id" not in valid(order(meta_data=[{"key": "luxebrain_session", "value": {"a": 1}}]))


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("pending", "pending"),
        ("on-hold", "pending"),
        ("processing", "completed"),
        ("completed", "completed"),
        ("cancelled", "cancelled"),
        ("refunded", "refunded"),
        ("failed", "failed"),
        ("trash", "cancelled"),
        ("wc-completed", "completed"),
        ("shipped-by-plugin", "completed"),
    ],
)
def test_it_knows_every_status(status, state):
    assert valid(order(status=status))["status"] == state


def test_it_takes_an_unknown_status_that_is_not_paid_as_pending():
    assert valid(order(status="waiting-for-call", date_paid_gmt=None))["status"] == "pending"


@pytest.mark.parametrize("status", ["checkout-draft", "auto-draft"])
def test_it_leaves_drafts_alone(status):
    assert order(status=status).action == "ignore"


def test_it_takes_partial_refunds_off_the_total():
    assert valid(order(refunds=[{"id": 1, "reason": "", "total": "-10.35"}]))["total"] == Decimal("23.00")


def test_it_leaves_out_lines_without_a_product():
    gone = {"product_id": 0, "quantity": 1, "total": "5.00"}
    kept = {"product_id": 22, "quantity": 1, "total": "5.00"}
    none_left = {"product_id": 22, "quantity": 0, "total": "0.00"}
    reading = order(line_items=[gone, kept, none_left])
    assert [line["product_id"] for line in reading.data["lines"]] == ["22"]
    assert "no longer exists" in reading.reason
    assert "no pieces" in reading.reason
    assert order(line_items=[gone]).action == "ignore"
    assert order(line_items=[]).action == "ignore"


def test_it_keeps_large_ids_as_text():
    large = 2**53 + 1
    reading = order(id=large, customer_id=large, line_items=[{"product_id": large, "quantity": 1, "total": "1.00"}])
    clean = valid(reading)
    assert clean["id"] == clean["customer_id"] == clean["lines"][0]["product_id"] == "9007199254740993"


def test_it_rounds_pieces_up():
    reading = order(line_items=[{"product_id": 5, "quantity": 1.5, "total": "9.00"}])
    assert valid(reading)["lines"] == [{"product_id": "5", "quantity": 2, "unit_price": Decimal("4.50")}]


def test_it_says_which_field_of_an_order_is_wrong():
    with pytest.raises(Unreadable, match="line_items"):
        order(line_items=None)
    with pytest.raises(Unreadable, match="status"):
        order(status=7)
    with pytest.raises(Unreadable, match="id"):
        order(id=0)
    reading = order(total="a lot", line_items=[{"product_id": 5, "quantity": "many", "total": "9.00"}])
    _, errors, _ = InputValidator.validate_webhook_data("order", reading.data)
    assert {error["field"] for error in errors} == {"total", "lines.0.quantity"} | (
        {"lines.0.unit_price"} & {error["field"] for error in errors}
    )


def test_it_reads_a_product():
    clean = valid(product())
    assert clean == {
        "id": "794",
        "title": "Premium Quality & More",
        "description": "<p>Pellentesque <strong>habitant</strong> morbi.</p>",
        "url": "https://shop.example/product/premium-quality/",
        "image_url": "https://shop.example/wp-content/uploads/2026/03/T_2_front-4.jpg",
        "price": Decimal("21.99"),
        "categories": ["Clothing", "T-shirts"],
        "brand": "Muster",
        "tags": ["Summer"],
        "attributes": {"Color": ["Black", "Green"], "sku": "PQ-1"},
        "stock": 7,
        "published": True,
        "updated_at": datetime(2026, 3, 24, 9, 0, tzinfo=UTC),
    }


@pytest.mark.parametrize(
    ("changes", "stock"),
    [
        ({"manage_stock": False, "stock_quantity": None}, None),
        ({"manage_stock": False, "stock_quantity": None, "stock_status": "outofstock"}, 0),
        ({"manage_stock": "parent"}, None),
        ({"stock_quantity": None}, None),
        ({"stock_quantity": -3}, -3),
        ({"stock_quantity": -3, "backorders": "notify"}, None),
        ({"stock_status": "onbackorder", "manage_stock": False}, None),
        ({"stock_quantity": "12"}, 12),
    ],
)
def test_it_knows_how_stock_is_kept(changes, stock):
    assert valid(product(**changes)).get("stock") == stock


@pytest.mark.parametrize(
    ("changes", "published"),
    [
        ({"status": "draft"}, False),
        ({"status": "private"}, False),
        ({"catalog_visibility": "hidden"}, False),
        ({}, True),
    ],
)
def test_it_publishes_what_the_shop_shows(changes, published):
    assert valid(product(**changes))["published"] is published


def test_it_cuts_what_is_too_long():
    clean = valid(product(name="long " * 500, description="<p>" + "word " * 9000, tags=[{"name": "t" * 300}]))
    assert len(clean["title"]) <= 500
    assert len(clean["description"]) <= 20_000
    assert len(clean["tags"][0]) == 80


def test_it_takes_no_price_and_strange_addresses_as_none():
    clean = valid(product(price="", permalink="javascript:alert(1)", images=[{"src": "data:image/png;base64,AA"}]))
    assert clean.keys().isdisjoint({"price", "url", "image_url"})


def test_it_leaves_variations_to_their_product():
    assert product(type="variation", parent_id=12).action == "ignore"


def test_it_reads_a_customer():
    clean = valid(woocommerce.read("customer.updated", payload("woocommerce_customer")))
    assert clean == {"id": "25", "country": "DE", "updated_at": datetime(2026, 3, 21, 15, 9, 30, tzinfo=UTC)}


@pytest.mark.parametrize("kind", ["order", "product", "customer"])
def test_it_reads_a_deletion_of_an_id_alone(kind):
    reading = woocommerce.read(f"{kind}.deleted", {"id": 12})
    assert (reading.kind, reading.action, reading.object_id, reading.modified_at) == (kind, "delete", "12", None)


@pytest.mark.parametrize("topic", ["coupon.created", "action.woocommerce_add_to_cart", ""])
def test_it_has_no_use_for_other_topics(topic):
    assert woocommerce.read(topic, {"id": 1}).action == "ignore"
