"""Isolated models over HTTP: a shop asks and reads, the staff list, decide and create."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenants import work
from tests import make
from tests.recommendations import isolated

BASE = "/api/admin/models"
STATUS, ASK = "/api/v1/models/isolation-status", "/api/v1/models/request-isolation"


@pytest.fixture
def shop(db: None) -> Iterator[Any]:
    with isolated.threshold(300):
        yield isolated.shop()


@pytest.fixture
def operator(sam: Any, signed_in: Any) -> Client:
    return signed_in(sam)


def post(client: Client, path: str, body: Any) -> Any:
    return client.post(f"{BASE}/{path}", body, content_type="application/json")


def test_a_shop_asks_and_follows_its_request(shop: Any, operator: Client) -> None:
    """R81, R121: request-isolation and isolation-status belong to the tenant's API."""
    api = make.Api(make.key(shop))
    before = api.get(STATUS).json()
    assert (before["is_eligible"], before["model_scope"], before["request"]) == (True, "shared", None)
    assert {"name": "orders", "is_met": True, "text": "360 of 300 orders"} in before["conditions"]
    asked = api.post(ASK, {"reason": "Our assortment is unlike others'."})
    assert asked.status_code == 202
    assert asked.json()["request"]["state"] == "requested"
    assert api.post(ASK, {"reason": "Again"}).status_code == 409
    queue = operator.get(f"{BASE}/isolation-requests?state=requested").json()["requests"]
    assert [(row["tenant"], row["facts"]["orders"]) for row in queue] == [(shop.slug, 360)]
    decided = post(operator, f"isolation-requests/{queue[0]['id']}/approve", {})
    assert decided.status_code == 200, decided.content
    assert decided.json()["request"]["state"] == "approved"
    work.run_due(tasks={"recommendations.train_tenant_model"})
    assert api.get(STATUS).json()["training"] == {"step": "Waiting for a worker", "percent": None}
    work.run_due(tasks=isolated.TRAIN)
    after = api.get(STATUS).json()
    assert (after["model_scope"], after["request"]["state"], after["findings"]) == ("tenant", "serving", [])
    assert [step["state"] for step in after["request"]["steps"]] == ["requested", "approved", "training", "serving"]


@pytest.mark.parametrize(
    "body", [{}, {"reason": ""}, {"reason": 7}, {"reason": "x" * 501}, {"why": "x"}, [], {"reason": "\x00"}]
)
def test_a_request_without_a_reason_is_refused(shop: Any, body: Any) -> None:
    answer = make.Api(make.key(shop)).post(ASK, body)
    assert answer.status_code == 400
    assert shop.isolation_requests.count() == 0


def test_a_shop_that_does_not_meet_the_conditions_reads_which(api: Any) -> None:
    """R77, R78."""
    answer = api.post(ASK, {"reason": "We want one"})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_eligible_for_isolation")
    said = {error["field"]: error["message"] for error in answer.json()["errors"]}
    assert said == {
        "plan": "The plan includes an isolated model: Growth does not include it; Enterprise does.",
        "orders": "Enough orders of your own to learn from: 0 of 1,000 orders.",
    }


def test_staff_create_dry_or_for_good(shop: Any, operator: Client, acme: Any) -> None:
    """R80."""
    dry = post(operator, "create-tenant-model", {"tenant": shop.slug, "reason": "Agreed", "dry_run": True})
    assert (dry.status_code, dry.json()["is_eligible"], dry.json()["facts"]["customers"]) == (200, True, 60)
    assert shop.isolation_requests.count() == 0
    made = post(operator, "create-tenant-model", {"tenant": shop.slug, "reason": "Agreed"})
    assert (made.status_code, made.json()["request"]["state"]) == (201, "approved")
    again = post(operator, "create-tenant-model", {"tenant": shop.slug, "reason": "Agreed"})
    assert again.status_code == 409
    assert post(operator, "create-tenant-model", {"tenant": "acme", "reason": "Agreed"}).status_code == 409
    assert post(operator, "create-tenant-model", {"tenant": "none", "reason": "Agreed"}).status_code == 404
    assert post(operator, "create-tenant-model", {"tenant": shop.slug}).status_code == 400


def test_decisions_are_checked(shop: Any, operator: Client, pat: Any, signed_in: Any) -> None:
    pk = isolated.of(shop).request(reason="A test", by=None).pk
    assert post(operator, f"isolation-requests/{pk}/decline", {}).status_code == 400
    assert post(operator, f"isolation-requests/{pk}/disable", {"reason": "x"}).status_code == 409
    assert post(operator, f"isolation-requests/{pk}/delete", {}).status_code == 409
    assert post(operator, f"isolation-requests/{pk}/retrain", {}).status_code == 409
    assert post(operator, f"isolation-requests/{pk}/explode", {}).status_code == 404
    assert post(operator, "isolation-requests/999999/approve", {}).status_code == 404
    assert post(signed_in(pat), f"isolation-requests/{pk}/approve", {}).status_code == 403
    assert operator.get(f"{BASE}/isolation-requests?state=lost").status_code == 400
    declined = post(operator, f"isolation-requests/{pk}/decline", {"reason": "Not now"})
    assert declined.json()["request"]["steps"][-1]["note"] == "Not now"


def test_the_queue_is_read_in_as_many_queries_however_long_it_is(shop: Any, operator: Client) -> None:
    def ask(times: int) -> int:
        now = timezone.now()
        for _ in range(times):
            row = shop.isolation_requests.create(state="cancelled", reason="No", moved_at=now)
            for state in ("requested", "cancelled"):
                shop.isolation_steps.create(request=row, state=state, at=now)
        with CaptureQueriesContext(connections["ops"]) as asked:
            rows = operator.get(f"{BASE}/isolation-requests").json()["requests"]
        assert [len(row["steps"]) for row in rows] == [2] * shop.isolation_requests.count()
        return len(asked)

    assert ask(1) == ask(4)


def test_the_pages_count_the_orders_of_a_shop_once(shop: Any, operator: Client) -> None:
    row = isolated.of(shop).request(reason="Our assortment is unlike others'.", by=None)
    for path in (f"/isolation-requests/{row.pk}", f"/isolation-requests/new?tenant={shop.slug}"):
        with CaptureQueriesContext(connections["ops"]) as asked:
            assert "360 of 300 orders" in operator.get(path).content.decode()
        counts = [one for one in asked if "COUNT(*)" in one["sql"] and '"recommendations_order"' in one["sql"]]
        assert len(counts) == 1, path
