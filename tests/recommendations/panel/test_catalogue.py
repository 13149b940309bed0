"""The catalogue pages: lists, details, imports, and what strangers find."""

import uuid
from decimal import Decimal

import pytest
from django.utils import timezone

from recommendations import identity
from tests import make

PAGES = ["catalogue", "catalogue/customers", "catalogue/orders", "catalogue/imports"]


def get(client, path, **query):
    return client.get(f"/t/acme/{path}", query)


def text(client, path, **query):
    answer = get(client, path, **query)
    assert answer.status_code == 200, answer.content[:500]
    return answer.content.decode()


@pytest.mark.parametrize(("path", "words"), [
    ("catalogue", "No products yet"), ("catalogue/customers", "No customers yet"),
    ("catalogue/orders", "No orders yet"), ("catalogue/imports", "No file was imported yet"),
])  # fmt: skip
def test_it_says_what_to_do_while_there_is_nothing(signed_in, ana, path, words):
    """R122: the empty state leads to the next step, which no command line is needed for."""
    found = text(signed_in(ana), path)
    assert words in found
    assert "Import a file" in found
    assert "/t/acme/catalogue/imports" in found
    assert "manage.py" not in found


@pytest.mark.parametrize("path", PAGES)
def test_it_is_not_there_for_strangers(client, signed_in, acme, gil, path):
    assert get(client, path).status_code == 302
    assert get(signed_in(gil), path).status_code == 404


def test_it_shows_no_other_shop_s_rows(signed_in, acme, globex, ana):
    make.product(globex, "secret", title="Stranger's lamp")
    make.order(globex, ["secret"], external_id="o-secret", customer=make.customer(globex, "c-secret"))
    client = signed_in(ana)
    for path in PAGES:
        assert "secret" not in text(client, path)
    for path in ("products/secret", "customers/c-secret", "orders/o-secret"):
        assert get(client, f"catalogue/{path}").status_code == 404


def test_it_searches_sorts_and_filters_products(signed_in, acme, ana):
    make.product(acme, "a", title="Cake stand", price=Decimal("12.50"), stock=0)
    make.product(acme, "b", title="Bird feeder", price=Decimal("3.00"))
    make.product(acme, "c", title="Candle", is_published=False)
    make.order(acme, ["a", "b"])
    make.order(acme, ["a"], days_ago=100)
    make.order(acme, ["a"], state="refunded")
    client = signed_in(ana)
    whole = text(client, "catalogue")
    assert whole.index("Bird feeder") < whole.index("Cake stand") < whole.index("Candle")
    assert "Candle" not in text(client, "catalogue", q="cake")
    cheapest = text(client, "catalogue", sort="price")
    assert cheapest.index("Bird feeder") < cheapest.index("Cake stand")
    assert "Bird feeder" not in text(client, "catalogue", show="out-of-stock")
    unsold = text(client, "catalogue", show="unsold")
    assert "Candle" in unsold
    assert "Cake stand" not in unsold
    assert "Cake stand" not in text(client, "catalogue", show="for-sale")
    assert '<td class="num" data-label="Orders, 90 days">1</td>' in text(client, "catalogue", q="cake")


def test_it_shows_a_product_and_what_stands_beside_it(signed_in, acme, ana):
    make.product(acme, "a/1", title="Cake stand")
    make.product(acme, "b", title="Bird feeder")
    make.order(acme, ["b"])
    found = text(signed_in(ana), "catalogue/products/a/1")
    assert "Cake stand" in found
    assert "Similar products" in found
    assert "Bird feeder" in found


def test_it_shows_an_order_s_lines_with_what_a_click_earned(signed_in, acme, ana):
    make.product(acme, "a", title="Cake stand")
    make.order(acme, ["a", "gone"], external_id="o-1", customer=make.customer(acme, "zoe"))
    acme.attributions.create(
        order_external_id="o-1", product_external_id="a", recommendation_id=identity.make(3), version=3,
        placement="home",
        amount=Decimal("10.00"), currency="EUR", clicked_at=timezone.now(), ordered_at=timezone.now(),
    )  # fmt: skip
    found = text(signed_in(ana), "catalogue/orders/o-1")
    assert "€10.00 of it followed a click" in found
    assert "v3" in found
    assert "Unknown product" in found
    assert "zoe" in text(signed_in(ana), "catalogue/orders", state="completed")


def test_it_shows_a_customer_s_orders_and_acts(signed_in, acme, ana):
    make.product(acme, "a", title="Cake stand")
    make.order(acme, ["a"], external_id="o-1", customer=make.customer(acme, "zoe"))
    acme.events.create(
        id=uuid.uuid4(), kind="cart", occurred_at=timezone.now(), customer_external_id="zoe", product_external_id="a"
    )
    acme.events.create(
        id=uuid.uuid4(), kind="impression", occurred_at=timezone.now(), customer_external_id="zoe",
        recommendation_id="rec_1", placement="home",
    )  # fmt: skip
    found = text(signed_in(ana), "catalogue/customers/zoe")
    assert all(words in found for words in ("o-1", "Add to cart", "Cake stand", "Recommendation shown"))
    assert "/t/acme/recommendations/requests?q=rec_1" in found, "what was shown is one click away"


def test_it_lists_the_rows_an_import_refused(signed_in, acme, ana):
    run = acme.import_runs.create(
        kind="products", source="products.csv", state="succeeded", rows=3, kept=2, refused=1,
        problems=[{"line": 3, "field": "price", "message": "Not a number.", "value": "a lot"}],
    )  # fmt: skip
    assert "products.csv" in text(signed_in(ana), "catalogue/imports")
    found = text(signed_in(ana), f"catalogue/imports/{run.pk}")
    assert "Not a number." in found
    assert "2 rows were kept" in found


def test_it_pages_without_loading_everything(signed_in, acme, ana):
    for number in range(30):
        make.product(acme, f"p{number:02}", title=f"Product {number:02}")
    client = signed_in(ana)
    first, second = text(client, "catalogue"), text(client, "catalogue", page=2)
    assert "Product 24" in first
    assert "Product 25" not in first
    assert "Product 25" in second
    rows = client.get("/t/acme/catalogue", headers={"hx-request": "true"}).content.decode()
    assert "<html" not in rows
