"""The storefront's pages: list, product, cart, customer, checkout."""

import stat
from typing import Any

import httpx
import pytest

from demo import keys
from tests.demo.conftest import SLUG

ORIGIN = "http://testserver"


@pytest.fixture
def open_shop(shop: Any) -> Any:
    keys.ensure(shop, origins=[ORIGIN])
    return shop


def test_it_lists_the_shops_that_are_loaded(client: Any, open_shop: Any) -> None:
    answer = client.get("/shop/")
    assert answer.status_code == 200
    assert "Lindenhof" in answer.text
    assert "Maison Albion" not in answer.text


def test_it_says_how_to_load_shops_when_there_is_none(client: Any, db: None, keys_file: None) -> None:
    assert "seed_demo" in client.get("/shop/").text


@pytest.mark.parametrize("path", [f"/shop/{SLUG}", f"/shop/{SLUG}/"])
def test_it_shows_a_shops_products_and_shelves(client: Any, open_shop: Any, path: str) -> None:
    text = client.get(path).text
    assert "Red cup" in text
    assert 'data-luxebrain="personalised"' in text
    assert 'data-luxebrain="trending"' in text
    assert keys.read()[SLUG].publishable in text
    assert "1000, 4 orders" in text


def test_it_never_shows_the_secret_key(client: Any, open_shop: Any) -> None:
    secret = keys.read()[SLUG].secret
    for path in ("", "/products/bag", "/cart"):
        assert secret not in client.get(f"/shop/{SLUG}{path}").text
    assert stat.S_IMODE(keys.path().stat().st_mode) == 0o600


def test_it_searches_by_words_and_filters_by_kind(client: Any, open_shop: Any) -> None:
    found = client.get(f"/shop/{SLUG}?q=cup+red").text
    assert "Red cup" in found
    assert "Red box" not in found
    kind = client.get(f"/shop/{SLUG}?kind=Bags+and+purses").text
    assert "Red bag" in kind
    assert "Red cup" not in kind
    assert "See everything" in client.get(f"/shop/{SLUG}?q=nothing").text


@pytest.mark.parametrize("path", ["/shop/nowhere", f"/shop/{SLUG}/products/none", f"/shop/{SLUG}/orders/WEB-1"])
def test_it_knows_no_strange_address(client: Any, open_shop: Any, path: str) -> None:
    assert client.get(path).status_code == 404


def test_it_keeps_a_cart(client: Any, open_shop: Any) -> None:
    client.post(f"/shop/{SLUG}/cart/bag", {"add": "2"})
    client.post(f"/shop/{SLUG}/cart/bag", {"add": "1"})
    client.post(f"/shop/{SLUG}/cart/cup", {"add": "1"})
    client.post(f"/shop/{SLUG}/cart/cup", {"quantity": "0"})
    text = client.get(f"/shop/{SLUG}/cart").text
    assert "£30.00" in text
    assert "Red cup" not in text
    assert 'data-exclude="bag"' in text


@pytest.mark.parametrize("amount", ["-1", "x", "", "²"])
def test_it_takes_nonsense_for_nothing(client: Any, open_shop: Any, amount: str) -> None:
    assert client.post(f"/shop/{SLUG}/cart/bag", {"add": amount}).status_code == 302
    assert "There is nothing in it yet" in client.get(f"/shop/{SLUG}/cart").text


def test_it_signs_in_as_a_real_customer_only(client: Any, open_shop: Any) -> None:
    client.post(f"/shop/{SLUG}/customer", {"customer": "1001"})
    assert 'data-customer="1001"' in client.get(f"/shop/{SLUG}").text
    client.post(f"/shop/{SLUG}/customer", {"customer": "stranger"})
    assert 'data-customer="1001"' in client.get(f"/shop/{SLUG}").text
    client.post(f"/shop/{SLUG}/customer", {"customer": ""})
    assert 'data-customer=""' in client.get(f"/shop/{SLUG}").text


def test_it_keeps_the_cart_when_the_order_was_not_taken(
    client: Any, open_shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: Any, **options: Any) -> None:
        raise httpx.ConnectError("refused")

    monkeypatch.setattr(httpx, "post", away)
    client.post(f"/shop/{SLUG}/cart/bag", {"add": "1"})
    answer = client.post(f"/shop/{SLUG}/checkout")
    assert answer.status_code == 503
    assert "could not reach the order system" in answer.text
    assert "Red bag" in client.get(f"/shop/{SLUG}/cart").text


def test_it_places_the_order_through_the_api(client: Any, open_shop: Any, server: Any) -> None:
    session = f"lb_session_{keys.read()[SLUG].publishable[-8:]}"
    client.cookies[session] = "a-browser"
    client.post(f"/shop/{SLUG}/customer", {"customer": "1001"})
    client.post(f"/shop/{SLUG}/cart/bag", {"add": "2"})
    answer = client.post(f"/shop/{SLUG}/checkout")
    assert answer.status_code == 302
    assert "data-purchase" in client.get(answer["Location"]).text
    order = open_shop.orders.get(external_id__startswith="WEB-")
    assert (order.customer.external_id, order.session_id, order.total, order.is_demo) == ("1001", "a-browser", 20, True)
    assert "There is nothing in it yet" in client.get(f"/shop/{SLUG}/cart").text


def test_it_makes_new_keys_when_the_address_changed_and_only_then(open_shop: Any) -> None:
    before = keys.read()[SLUG]
    assert not keys.ensure(open_shop, origins=[ORIGIN])
    assert keys.ensure(open_shop, origins=["https://elsewhere.example"])
    after = keys.read()[SLUG]
    assert after.publishable != before.publishable
    assert open_shop.api_keys.filter(revoked_at=None).count() == 2
