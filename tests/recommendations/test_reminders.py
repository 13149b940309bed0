"""What a shopper did changes the next answer: reminders, what was taken back or hidden, a guest who signs in."""

from typing import Any

import pytest

from recommendations import candidates
from tests import make
from tests.recommendations import shops

PATH = "/api/v1/recommendations"


@pytest.fixture(autouse=True)
def _fresh_process() -> None:
    candidates.forget()


@pytest.fixture
def shop(acme: Any) -> Any:
    shops.stock(acme)
    shops.sell(acme)
    shops.fit(acme)
    return acme


def did(api: Any, kind: str, product: str, **who: str) -> None:
    answer = api.post("/api/v1/events", {"type": kind, "product_id": product, **who})
    assert answer.status_code == 202, answer.content


def names(api: Any, **asked: Any) -> list[str]:
    response = api.post(PATH, asked)
    assert response.status_code == 200, response.content
    return [item["product_id"] for item in response.json()["items"]]


def test_it_reminds_of_the_cart_and_of_what_was_viewed(shop: Any, api: Any) -> None:
    for product in ("toy-1", "toy-2", "toy-3"):
        did(api, "view", product, session_id="s")
    did(api, "cart", "toy-2", session_id="s")
    did(api, "cart", "toy-3", session_id="s")
    did(api, "remove", "toy-3", session_id="s")
    assert names(api, type="pending-cart", session_id="s") == ["toy-2"]
    assert names(api, type="recently-viewed", session_id="s") == ["toy-3", "toy-2", "toy-1"]
    assert names(api, type="recently-viewed", session_id="nobody") == []
    assert names(api, type="buy-again", session_id="nobody") == []


def test_it_reminds_of_what_was_bought(shop: Any, api: Any) -> None:
    lines = shop.order_lines.filter(order__customer__external_id="t-1")
    bought = set(lines.values_list("product_external_id", flat=True))
    found = names(api, type="buy-again", customer_id="t-1", limit=20)
    assert set(found) == bought
    reasons = {item["reason"] for item in api.post(PATH, {"type": "buy-again", "customer_id": "t-1"}).json()["items"]}
    assert reasons == {"You bought this before"}


def test_what_a_shopper_hides_is_not_listed_again(shop: Any, api: Any) -> None:
    first = names(api, customer_id="t-1", limit=3)[0]
    did(api, "hide", first, customer_id="t-1")
    assert first not in names(api, customer_id="t-1", limit=16)
    assert first in names(api, customer_id="t-3", limit=16)


def test_a_removal_takes_the_interest_back(shop: Any, api: Any) -> None:
    did(api, "cart", "toy-1", session_id="s")
    assert set(names(api, session_id="s", limit=4)) <= set(shops.TOY)
    did(api, "remove", "toy-1", session_id="s")
    after = api.post(PATH, {"session_id": "s", "limit": 4}).json()
    assert not set(shops.TOY) >= {item["product_id"] for item in after["items"]}


def test_a_refund_takes_the_purchase_back(shop: Any, api: Any) -> None:
    order = {
        "id": "o-new",
        "customer_id": "late",
        "ordered_at": "2026-01-01T10:00:00Z",
        "status": "completed",
        "lines": [{"product_id": "toy-5", "quantity": 1, "unit_price": "10"}],
    }
    assert api.post("/api/v1/orders", order).status_code == 200
    assert set(names(api, customer_id="late", limit=4)) <= set(shops.TOY)
    assert api.post("/api/v1/orders", order | {"status": "refunded"}).status_code == 200
    answer = api.post(PATH, {"customer_id": "late", "limit": 4}).json()
    assert "toy-5" not in names(api, type="buy-again", customer_id="late")
    assert not {item["product_id"] for item in answer["items"]} <= set(shops.TOY)


def test_a_guest_who_signs_in_keeps_what_they_did(shop: Any, api: Any) -> None:
    make.customer(shop, "anna")
    for product in ("toy-1", "toy-2"):
        did(api, "view", product, session_id="guest-1")
    assert set(names(api, customer_id="anna", limit=4)) - set(shops.TOY)
    did(api, "view", "toy-3", session_id="guest-1", customer_id="anna")
    assert names(api, type="recently-viewed", customer_id="anna") == ["toy-3", "toy-2", "toy-1"]
    assert set(names(api, customer_id="anna", limit=4)) <= set(shops.TOY)


def test_another_person_on_the_same_device_inherits_nothing(shop: Any, api: Any) -> None:
    did(api, "view", "toy-1", session_id="shared")
    did(api, "view", "toy-2", session_id="shared", customer_id="anna")
    did(api, "view", "tea-1", session_id="shared", customer_id="bert")
    assert names(api, type="recently-viewed", customer_id="bert") == ["tea-1"]
    assert names(api, type="recently-viewed", customer_id="anna") == ["toy-2", "toy-1"]
    assert names(api, type="recently-viewed", session_id="shared") == ["tea-1"]
