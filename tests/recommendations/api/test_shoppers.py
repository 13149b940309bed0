"""Conditions on the shopper over HTTP: segments of rules and filters of requests follow the shop's rows."""

from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from luxebrain.lib import redis
from recommendations import candidates, shoppers
from tenants import epochs
from tests import make
from tests.recommendations import shops

PATH = "/api/v1/recommendations"


@pytest.fixture(autouse=True)
def _fresh_process() -> None:
    candidates.forget()


@pytest.fixture
def shop(acme: Any) -> Any:
    """t-1 has two orders, as everybody."""
    shops.stock(acme)
    shops.sell(acme)
    shops.fit(acme)
    return acme


@pytest.fixture
def api(shop: Any) -> make.Api:
    return make.Api(make.key(shop))


def listed(api: make.Api, **asked: Any) -> set[str]:
    answer = api.post(PATH, {"limit": 16, "customer_id": "t-1", **asked})
    assert answer.status_code == 200, answer.content
    return {item["product_id"] for item in answer.json()["items"]}


def exclude(shop: Any, segment: str) -> None:
    shop.rules.create(name="Not for these", action="exclude", products=["toy-3"], segment=segment)
    epochs.bump_now(shop.pk, "control")


def buy(api: make.Api, name: str, **more: Any) -> None:
    line = {"product_id": "toy-0", "quantity": 1, "unit_price": "10.00"}
    row = {"id": name, "customer_id": "t-1", "ordered_at": timezone.now().isoformat(), "total": "10", "lines": [line]}
    assert api.post("/api/v1/orders", {**row, **more}).json()["kept"] == 1


def test_a_segment_follows_the_next_order_at_once(shop: Any, api: make.Api) -> None:
    exclude(shop, "shopper.orders >= 3")
    assert "toy-3" in listed(api)
    buy(api, "third")
    assert "toy-3" not in listed(api)
    buy(api, "third", status="cancelled")
    assert "toy-3" in listed(api)


def test_a_filter_asks_what_the_shop_said_of_the_customer(shop: Any, api: make.Api) -> None:
    wanted = 'shopper.country == "de" and shopper.attributes.club and shopper.spent >= 60'
    assert listed(api, filter=wanted, fallback="none") == set()
    api.post("/api/v1/customers", {"id": "t-1", "country": "DE", "attributes": {"club": True}})
    assert listed(api, filter=wanted)
    assert listed(api, filter=wanted, customer_id="t-3", fallback="none") == set()


def test_a_session_counts_its_events(shop: Any, api: make.Api) -> None:
    wanted = "shopper.session_events >= 2"
    assert listed(api, session_id="s-1", filter=wanted, fallback="none") == set()
    for product in ("tea-1", "tea-2"):
        api.post("/api/v1/events", {"type": "view", "session_id": "s-1", "product_id": product})
    assert listed(api, session_id="s-1", filter=wanted)
    assert listed(api, filter=wanted, fallback="none") == set(), "without a session nothing is known of it"


def test_it_comes_with_the_gate_s_call(shop: Any, api: make.Api) -> None:
    exclude(shop, "shopper.orders >= 2")
    listed(api)
    assert redis.client().get(shoppers.key(shop.pk, "t-1"))
    with CaptureQueriesContext(connections["default"]) as seen:
        assert "toy-3" not in listed(api)
    assert [one["sql"] for one in seen.captured_queries if "recommendations_" in one["sql"]] == []


def test_it_is_not_asked_for_without_need(shop: Any, api: make.Api) -> None:
    listed(api)
    listed(api, filter="in_stock")
    assert redis.client().get(shoppers.key(shop.pk, "t-1")) is None


def test_a_stranger_s_facts_are_not_believed(shop: Any, api: make.Api) -> None:
    exclude(shop, "shopper.orders >= 3")
    listed(api)
    own = redis.client().get(shoppers.key(shop.pk, "t-1"))
    for planted in (own.replace(f"[{shop.pk},".encode(), f"[{shop.pk + 1},".encode()).replace(b",2,", b",9,"), b"{"):
        assert planted != own
        redis.client().set(shoppers.key(shop.pk, "t-1"), planted)
        assert "toy-3" in listed(api)
