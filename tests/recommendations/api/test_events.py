"""POST /events through the HTTP door, and how soon what it takes can be seen."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from luxebrain.lib import redis
from recommendations import history, inbox
from tests import make

VIEW = {"type": "view", "customer_id": "c-1", "product_id": "p-1"}


def test_it_takes_one_and_many(acme: Any, api: Any) -> None:
    answer = api.post("/api/v1/events", VIEW)
    assert answer.status_code == 202, answer.json()
    body = answer.json()
    assert (body["accepted"], body["refused"], body["errors"]) == (1, 0, [])
    assert body["request_id"] == answer["X-Request-Id"]
    many = {"events": [VIEW, {**VIEW, "product_id": ""}, {**VIEW, "type": "wishlist"}, {**VIEW, "colour": "red"}]}
    body = api.post("/api/v1/events/", many).json()
    assert (body["accepted"], body["refused"]) == (2, 2)
    assert [(e["index"], e["field"], e["code"]) for e in body["errors"]] == [
        (1, "product_id", "required"),
        (3, "colour", "unknown"),
    ]
    assert inbox.drain() == 3
    assert sorted(acme.events.values_list("kind", flat=True)) == ["view", "view", "wishlist"]


def test_it_stores_in_one_round_trip(acme: Any, api: Any) -> None:
    api.post("/api/v1/events", VIEW)  # the key and the plan are known from here on
    with CaptureQueriesContext(connections["default"]) as captured:
        assert api.post("/api/v1/events", {"events": [VIEW] * 100}).status_code == 202
    assert len(captured) == 1, captured.captured_queries


def test_a_purchase_is_a_row_for_each_item_and_an_impression_one(acme: Any, api: Any) -> None:
    items = [{"product_id": 1, "quantity": 3, "price": "2.50"}, {"product_id": "2", "recommendation_id": "rec_x"}]
    purchase = {"type": "purchase", "session_id": "s", "order_id": "o-1", "items": items}
    shown = {"type": "impression", "session_id": "s", "items": ["a", 5], "recommendation_id": "rec_y"}
    answer = api.post("/api/v1/events", {"events": [purchase, shown]})
    assert answer.json()["accepted"] == 2, answer.json()
    inbox.drain()
    rows = acme.events.order_by("kind", "product_external_id")
    said = [(r.kind, r.product_external_id, r.quantity, r.value and str(r.value), r.recommendation_id) for r in rows]
    assert said == [
        ("impression", "", 1, None, "rec_y"),
        ("purchase", "1", 3, "2.50", ""),
        ("purchase", "2", 1, None, "rec_x"),
    ]
    assert rows[0].properties == {"items": ["a", "5"]}
    assert rows[1].currency == acme.currency
    assert not rows[1].is_demo


def test_the_shopper_s_list_follows_at_once(acme: Any, api: Any) -> None:
    """An event changes the shopper's next answer before it is drained."""
    events = [VIEW, {**VIEW, "type": "cart", "session_id": "s-1"}, {**VIEW, "type": "impression"}]
    api.post("/api/v1/events", {"events": events})
    client = redis.client()
    raw = client.lrange(history.key(acme.pk, history.subject(customer="c-1")), 0, -1)
    assert [entry[:2] for entry in history.parse(raw)] == [("p-1", "cart"), ("p-1", "view")]
    raw = client.lrange(history.key(acme.pk, history.subject(session="s-1")), 0, -1)
    assert [entry[:2] for entry in history.parse(raw)] == [("p-1", "cart")]
    assert acme.events.count() == 0


def test_the_same_id_is_one_row(acme: Any, api: Any) -> None:
    event = {**VIEW, "id": str(uuid.uuid4())}
    api.post("/api/v1/events", {"events": [event, event]})
    api.post("/api/v1/events", event)
    inbox.drain()
    api.post("/api/v1/events", event)  # another time of arrival, the same event
    api.post("/api/v1/events", {**event, "occurred_at": (timezone.now() - timedelta(hours=1)).isoformat()})
    inbox.drain()
    assert acme.events.count() == 1
    items = [{"product_id": "a"}, {"product_id": "b"}]
    purchase = {"type": "purchase", "customer_id": "c", "id": str(uuid.uuid4()), "items": items}
    for _ in range(2):
        api.post("/api/v1/events", purchase)
        inbox.drain()
    assert acme.events.filter(kind="purchase").count() == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"type": None}, "type"),
        ({"type": "View!"}, "type"),
        ({"type": 5}, "type"),
        ({"customer_id": True}, "customer_id"),
        ({"customer_id": ""}, "customer_id"),
        ({"customer_id": "x" * 65}, "customer_id"),
        ({"customer_id": "a\r\nb"}, "customer_id"),
        ({"customer_id": "a\u001bb"}, "customer_id"),
        ({"customer_id": "a\u202eb"}, "customer_id"),
        ({"customer_id": "a\u200bb"}, "customer_id"),
        ({"customer_id": 1.5}, "customer_id"),
        ({"customer_id": ["a"]}, "customer_id"),
        ({"product_id": None}, "product_id"),
        ({"quantity": 0}, "quantity"),
        ({"quantity": -1}, "quantity"),
        ({"quantity": True}, "quantity"),
        ({"quantity": 1_000_001}, "quantity"),
        ({"quantity": 2**31}, "quantity"),
        ({"quantity": "3"}, "quantity"),
        ({"value": "nan"}, "value"),
        ({"value": "Infinity"}, "value"),
        ({"value": True}, "value"),
        ({"value": -0.01}, "value"),
        ({"value": "1" * 13}, "value"),
        ({"value": "1e400"}, "value"),
        ({"value": "５"}, "value"),
        ({"value": "999999999999.999"}, "value"),
        ({"currency": "EURO"}, "currency"),
        ({"currency": "E1R"}, "currency"),
        ({"occurred_at": "2026-01-01T10:00:00"}, "occurred_at"),
        ({"occurred_at": "9999-12-31T23:59:59-23:59"}, "occurred_at"),
        ({"occurred_at": "0000-01-01T00:00:00Z"}, "occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "occurred_at"),
        ({"occurred_at": "1999-01-01T00:00:00Z"}, "occurred_at"),
        ({"occurred_at": 1700000000}, "occurred_at"),
        ({"occurred_at": "tomorrow"}, "occurred_at"),
        ({"id": "1234"}, "id"),
        ({"id": 5}, "id"),
        ({"items": ["a"]}, "items"),
        ({"type": "purchase", "items": [{"product_id": "a", "price": -1}]}, "items"),
        ({"type": "purchase", "items": []}, "items"),
        ({"type": "impression", "items": [None]}, "items"),
        ({"type": "impression", "items": ["a"] * 201}, "items"),
        ({"placement": "x" * 41}, "placement"),
        ({"recommendation_id": "a b"}, "recommendation_id"),
        ({"properties": {"a": {"b": 1}}}, "properties"),
        ({"properties": [1]}, "properties"),
        ({"tenant_id": 1}, "tenant_id"),
        ({"is_demo": True}, "is_demo"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, Any], field: str, acme: Any, api: Any) -> None:
    answer = api.post("/api/v1/events", {**VIEW, **change})
    assert answer.status_code == 400, answer.content
    body = answer.json()
    assert field in [error["field"].split(".")[0] for error in body["errors"]], body
    assert answer["Content-Type"] == "application/problem+json"
    assert body["request_id"]
    assert acme.event_batches.count() == 0


def test_the_future_is_refused_with_some_patience(acme: Any, api: Any) -> None:
    for minutes, status in ((9, 202), (11, 400)):
        moment = (timezone.now() + timedelta(minutes=minutes)).isoformat()
        assert api.post("/api/v1/events", {**VIEW, "occurred_at": moment}).status_code == status


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b" ", 400),
        (b"{", 400),
        (b"[" * 100_000, 400),
        (b'{"type":"view","product_id":"a\\u0000","customer_id":"c"}', 400),
        (b'{"type":"view","product_id":"\\ud800","customer_id":"c"}', 400),
        (b'{"value":NaN}', 400),
        (b'{"value":1e999}', 400),
        (b'{"customer_id":99999999999999999999999}', 400),
        (b'{"type":"view","type":"view"}', 400),
        (b"[]", 400),
        (b"null", 400),
        (b"{}", 400),
        (b'{"events":[]}', 400),
        (b'{"events":[null]}', 400),
        (b'{"events":{}}', 400),
        (b'{"events":[{}],"more":1}', 400),
        (b"\xff\xfe", 400),
        (b'{"events":[' + b",".join([b"{}"] * 1001) + b"]}", 413),
        (b" " * (10 * 1024 * 1024 + 1), 413),
    ],
    ids=lambda value: None if isinstance(value, int) else repr(value[:24]),
)
@pytest.mark.parametrize("path", ["events", "products"])
def test_a_hostile_body_is_a_plain_refusal(path: str, body: bytes, status: int, acme: Any, api: Any) -> None:
    answer = api.client.post(
        f"/api/v1/{path}",
        body.replace(b"events", path.encode()),
        content_type="application/json",
        headers={"authorization": f"Bearer {api.secret}"},
    )
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("content_type", "headers"),
    [
        ("application/json; charset=utf-16", {}),
        ("application/json; charset=foo", {}),
        ("text/plain", {}),
        ("application/x-www-form-urlencoded", {}),
        ("application/json", {"Content-Encoding": "gzip"}),
    ],
)
@pytest.mark.parametrize("path", ["events", "products"])
def test_another_kind_of_body_is_a_415(
    path: str, content_type: str, headers: dict[str, str], acme: Any, api: Any
) -> None:
    answer = api.client.generic(
        "POST", f"/api/v1/{path}", b"{}", content_type, headers={"authorization": f"Bearer {api.secret}", **headers}
    )
    assert answer.status_code == 415


def test_it_knows_its_methods_and_scopes(acme: Any, api: Any) -> None:
    assert api("put", "/api/v1/events", VIEW).status_code == 405
    reader = make.Api(make.key(acme, scopes=["catalogue:read"]))
    assert reader.post("/api/v1/events", VIEW).status_code == 403
    assert make.Api("lb_live_sk_nonsense").post("/api/v1/events", VIEW).status_code == 401


def test_a_publishable_key_sends_from_its_origin(acme: Any) -> None:
    shop = make.Api(make.key(acme, kind="pk"))
    assert shop.post("/api/v1/events", VIEW).status_code == 403
    assert shop.post("/api/v1/events", VIEW, origin="https://shop.example").status_code == 202
    assert shop.post("/api/v1/products", {"id": "a", "title": "b"}, origin="https://shop.example").status_code == 403


def test_nothing_is_half_done_without_the_database(acme: Any, api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert api.post("/api/v1/events", VIEW).status_code == 202
    inbox.drain()
    connections["default"].close()
    good = connections["default"].settings_dict["PORT"]
    connections["default"].settings_dict["PORT"] = "1"
    try:
        answer = api.post("/api/v1/events", {**VIEW, "product_id": "lost"})
    finally:
        connections["default"].close()
        connections["default"].settings_dict["PORT"] = good
    assert answer.status_code == 503
    assert answer["Retry-After"]
    raw = redis.client().lrange(history.key(acme.pk, "c:c-1"), 0, -1)
    assert "lost" not in [entry[0] for entry in history.parse(raw)]
    assert acme.event_batches.count() == 0


def test_the_cache_server_away_loses_nothing(acme: Any, api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    api.post("/api/v1/events", VIEW)
    away = redis.redis.Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.1)
    monkeypatch.setattr(redis, "client", lambda: away)
    assert api.post("/api/v1/events", VIEW).status_code == 202
    assert acme.event_batches.count() == 2
