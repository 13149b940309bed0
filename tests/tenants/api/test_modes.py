"""A test key reads like a live one and changes nothing (D11; reliability row 39), and calls are counted once."""

from typing import Any

import pytest

from tests import make
from tests.house.test_urls import calls
from tests.tenants.test_gate import counters

PRODUCT = {"id": "p-1", "title": "Tea"}


def test_a_test_key_changes_nothing(acme: Any) -> None:
    """Every write of the API: 403, before the body is looked at."""
    make.product(acme, "p-1")
    api = make.Api(make.key(acme, mode="test"))
    wrong = []
    for route, method, needed in calls():
        answer = api(method, route.path(), None if method in {"GET", "DELETE"} else {})
        refused = answer.status_code == 403 and answer.json()["code"] == "test_key"
        if refused != needed.endswith(":write"):
            wrong.append(f"{method} {route.path()}: {answer.status_code}")
    assert not wrong
    assert api("delete", "/api/v1/products/p-1").status_code == 403
    assert acme.products.count() == 1


def test_a_test_key_reads(acme: Any) -> None:
    make.product(acme, "p-1", title="Tea")
    api = make.Api(make.key(acme, mode="test"))
    assert api.get("/api/v1/products/p-1").json()["title"] == "Tea"
    assert api.get("/api/v1/recommendations?limit=1").status_code == 200
    assert api.post("/api/v1/recommendations", {"limit": 1}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "meter"),
    [
        ("post", "products", {"products": [PRODUCT] * 3}, "catalogue"),
        ("put", "products/p-1", PRODUCT, "catalogue"),
        ("patch", "products/p-1", {"stock": 1}, "catalogue"),
        ("delete", "products/p-1", None, "catalogue"),
        ("get", "orders", None, "catalogue"),
        ("post", "events", {"type": "view", "session_id": "s", "product_id": "p"}, "events"),
        ("get", "events", None, "events"),
        ("post", "recommendations", {"limit": 1}, "recommendations"),
    ],
)
def test_a_call_counts_once(method: str, path: str, body: Any, meter: str, acme: Any, api: Any) -> None:
    """R60: one call is one, whatever it carries and however it is answered."""
    make.product(acme, "p-1")
    api(method, f"/api/v1/{path}", body)
    assert counters(acme) == {meter: 1}
