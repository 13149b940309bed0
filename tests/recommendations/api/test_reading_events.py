"""GET /events: what shoppers did, in order, page by page and narrowed."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from recommendations import inbox
from tests import make

START = timezone.now().replace(microsecond=0) - timedelta(days=2)


@pytest.fixture
def sent(acme: Any, api: Any) -> list[dict[str, Any]]:
    """Seven events, two of them at one moment; as the answer named them."""
    events = [
        {"type": "view", "customer_id": f"c-{n % 2}", "product_id": f"p-{n % 3}",
         "occurred_at": (START + timedelta(minutes=n // 2)).isoformat()}
        for n in range(6)
    ]  # fmt: skip
    events.append({"type": "cart", "session_id": "s-1", "product_id": "p-9", "quantity": 2, "value": "4.50"})
    answer = api.post("/api/v1/events", {"events": events}).json()
    inbox.drain()
    return [{**event, "id": row["id"]} for event, row in zip(events, answer["results"], strict=True)]


def test_it_answers_for_every_event(acme: Any, api: Any) -> None:
    """R50: which were kept, which not, and why."""
    good = {"type": "view", "session_id": "s", "product_id": "p"}
    name = str(uuid.uuid4())
    answer = api.post("/api/v1/events", {"events": [{**good, "id": name}, {"type": "view"}, good]}).json()
    results = answer["results"]
    assert [(r["index"], r["status"]) for r in results] == [(0, "accepted"), (1, "refused"), (2, "accepted")]
    assert results[0]["id"] == name
    assert {error["field"] for error in results[1]["errors"]} == {"customer_id", "product_id"}
    inbox.drain()
    assert {str(row.id) for row in acme.events.all()} == {name, results[2]["id"]}
    refused = api.post("/api/v1/events", {"type": "view"})
    assert refused.status_code == 400
    assert refused.json()["results"][0]["status"] == "refused"


def test_it_lists_in_order_and_pages(acme: Any, api: Any, sent: Any) -> None:
    seen: list[dict[str, Any]] = []
    query = "limit=2"
    while query:
        body = api.get(f"/api/v1/events?{query}").json()
        seen += body["events"]
        query = body["next_cursor"] and f"limit=2&cursor={body['next_cursor']}"
    assert [row["occurred_at"] for row in seen] == sorted(row["occurred_at"] for row in seen)
    assert {row["id"] for row in seen} == {row["id"] for row in sent}
    assert len(seen) == 7
    assert (seen[-1]["type"], seen[-1]["value"], seen[-1]["quantity"], seen[-1]["currency"]) == (
        "cart", "4.50", 2, acme.currency,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("query", "count"),
    [("type=cart", 1), ("customer_id=c-1", 3), ("product_id=p-0", 2), ("session_id=s-1", 1), ("type=wish", 0),
     ("customer_id=c-0&product_id=p-0", 1), ("until={1}", 2), ("since={2}", 3), ("since={1}&until={2}", 2)],
)  # fmt: skip
def test_it_is_narrowed(query: str, count: int, acme: Any, api: Any, sent: Any) -> None:
    moments = [(START + timedelta(minutes=n)).isoformat().replace("+", "%2B") for n in range(3)]
    answer = api.get(f"/api/v1/events?{query.format(*moments)}")
    assert answer.status_code == 200, answer.content
    assert len(answer.json()["events"]) == count


def test_it_reads_one(acme: Any, api: Any, sent: Any) -> None:
    told = api.get(f"/api/v1/events/{sent[0]['id']}").json()
    assert (told["id"], told["product_id"]) == (sent[0]["id"], "p-0")
    assert api.get(f"/api/v1/events/{uuid.uuid4()}").status_code == 404
    assert api.get("/api/v1/events/none-such").status_code == 404


def test_a_stranger_sees_none_of_them(acme: Any, globex: Any, api: Any, sent: Any) -> None:
    theirs = make.Api(make.key(globex))
    cursor = api.get("/api/v1/events?limit=1").json()["next_cursor"]
    assert theirs.get("/api/v1/events").json() == {"events": [], "next_cursor": None}
    assert theirs.get(f"/api/v1/events/{sent[0]['id']}").status_code == 404
    assert theirs.get(f"/api/v1/events?cursor={cursor}").status_code == 400


@pytest.mark.parametrize("query", ["type=View!", "since=yesterday", "cursor=x", "limit=0", "kind=view", "customer_id="])
def test_a_wrong_parameter_is_named(query: str, acme: Any, api: Any) -> None:
    answer = api.get(f"/api/v1/events?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == query.split("=")[0]


def test_a_cursor_of_another_list_is_refused(acme: Any, api: Any, sent: Any) -> None:
    for name in ("a", "b"):
        make.product(acme, name)
    products = api.get("/api/v1/products?limit=1").json()["next_cursor"]
    events = api.get("/api/v1/events?limit=1").json()["next_cursor"]
    assert api.get(f"/api/v1/events?cursor={products}").status_code == 400
    assert api.get(f"/api/v1/products?cursor={events}").status_code == 400


def test_other_methods_are_told_what_there_is(acme: Any, api: Any) -> None:
    answer = api("delete", "/api/v1/events")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, POST, OPTIONS")
