"""Serving: cold start, the model, what changes the next answer, and what it costs."""

from contextlib import ExitStack, contextmanager

import pytest
import redis as redis_library
from django.db import connections

from luxebrain.lib import redis
from recommendations import candidates, history, identity, popular
from recommendations.serving import RecommendationEngine
from tenants import epochs
from tests import make
from tests.recommendations import shops


@pytest.fixture(autouse=True)
def _fresh_process():
    candidates.forget()


def ask(api, **parameters):
    query = "&".join(f"{name}={value}" for name, value in parameters.items())
    response = api.get(f"/api/v1/recommendations?{query}")
    assert response.status_code == 200, response.content
    return response.json()


def names(answer):
    return [item["product_id"] for item in answer["items"]]


@contextmanager
def counted(monkeypatch):
    """Counts SQL statements on every alias and round trips to the cache server."""
    counts = {"sql": 0, "trips": 0}

    def statement(execute, *args):
        counts["sql"] += 1
        return execute(*args)

    send = redis_library.connection.AbstractConnection.send_packed_command

    def sent(self, *args, **kwargs):
        counts["trips"] += 1
        return send(self, *args, **kwargs)

    monkeypatch.setattr(redis_library.connection.AbstractConnection, "send_packed_command", sent)
    with ExitStack() as stack:
        for alias in connections:
            stack.enter_context(connections[alias].execute_wrapper(statement))
        yield counts


@pytest.mark.parametrize(("orders", "is_cold"), [(0, True), (9, True), (10, False), (11, False)])
def test_it_is_cold_below_ten_countable_orders(acme, orders, is_cold):
    """R18, R19, R22"""
    for _ in range(orders):
        make.order(acme, ["a"])
    make.order(acme, ["a"], state="cancelled")
    make.order(acme, ["a"], state="test")
    assert RecommendationEngine(acme.pk)._is_cold_start() is is_cold


def test_it_serves_best_sellers_while_cold(acme, globex, api):
    """R20, R21, R24, R25"""
    for name in ("a", "b", "c", "gone", "hidden"):
        make.product(acme, name, stock={"gone": 0}.get(name), is_published=name != "hidden")
    make.product(globex, "theirs")
    buyer = make.customer(acme, "kim")
    make.order(acme, ["b", "gone", "hidden"])
    make.order(acme, ["b", "c"])
    make.order(acme, ["c"], customer=buyer)
    make.order(acme, ["a"], state="refunded")
    answer = ask(api, limit=5)
    assert answer["strategy"] == "popular"
    assert answer["strategy_reason"] == "cold_start"
    assert answer["model_version"] is None
    assert set(names(answer)) == {"a", "b", "c"}
    assert names(answer)[2] == "a"
    assert answer["items"][2]["source"] == "newest"
    assert "c" not in names(ask(api, limit=5, customer_id="kim"))
    client = redis.client()
    assert 3590 <= client.ttl(popular.key(acme.pk)) <= 3600
    assert 3590 <= client.ttl(popular.cold_key(acme.pk)) <= 3600


def test_it_switches_with_the_tenth_order(acme, api):
    """R21, R26: the tenth order drops the flag; until a model stands the reason says so."""
    make.product(acme, "a")
    for _ in range(9):
        make.order(acme, ["a"])
    assert ask(api)["strategy_reason"] == "cold_start"
    make.order(acme, ["a"])
    epochs.bump_now(acme.pk, "popular")
    assert ask(api)["strategy_reason"] == "model_training"


def test_it_shows_the_newest_when_nothing_was_ever_sold(acme, api):
    """R20"""
    make.product(acme, "only")
    assert names(ask(api)) == ["only"]


def test_it_serves_the_model_by_taste(acme, api):
    """R25, R34"""
    shops.stock(acme)
    shops.sell(acme)
    shops.fit(acme)
    answer = ask(api, customer_id="t-1", limit=5, details="true")
    assert answer["strategy"] == "model"
    assert answer["model_version"] == "v1"
    assert answer["model_scope"] == "shared"
    assert identity.version_of(answer["recommendation_id"]) == 1
    assert set(names(answer)) <= set(shops.TEA)
    assert answer["items"][0]["title"].startswith("The tea-")
    assert answer["items"][0]["price"] == "10.00"
    similar = ask(api, type="similar", product_id="toy-1", limit=3)
    assert set(names(similar)) <= set(shops.TOY) - {"toy-1"}
    together = ask(api, type="bought-together", product_id="toy-1", limit=3)
    assert set(names(together)) <= set(shops.TOY) - {"toy-1"}
    assert len(names(ask(api, type="popular"))) == 10


def test_headers_say_the_version_and_to_test_keys_the_time(acme, globex, api):
    """The version for logs and caches; what took the time for whoever builds a shop, not for its shoppers."""
    path = "/api/v1/recommendations?customer_id=t-1"
    assert "X-Model-Version" not in make.Api(make.key(globex)).get(path), "no model yet"
    shops.stock(acme)
    shops.sell(acme)
    shops.fit(acme)
    live, test = api.get(path), make.Api(make.key(acme, mode="test")).get(path)
    assert live["X-Model-Version"] == test["X-Model-Version"] == live.json()["model_version"] == "v1"
    assert "Server-Timing" not in live
    parts = [part.split(";dur=") for part in test["Server-Timing"].split(", ")]
    assert [name for name, _ in parts] == ["gate", "recommend"]
    assert all(float(spent) > 0 for _, spent in parts)


def test_an_event_changes_the_next_answer(acme, api):
    """An act is seen by the very next call, without training."""
    shops.stock(acme)
    shops.sell(acme)
    shops.fit(acme)
    before = ask(api, session_id="s1", limit=4)
    assert before["strategy_reason"] == "no_history"
    history.push(acme.pk, [("s:s1", "toy-3", "view", 0)])
    after = ask(api, session_id="s1", limit=4)
    assert set(names(after)) <= set(shops.TOY)
    assert after["items"][0]["source"] == "neighbours"
    history.push(acme.pk, [("c:new", "tea-2", "cart", 0)])
    cart = ask(api, customer_id="new", limit=4)
    assert set(names(cart)) <= set(shops.TEA) - {"tea-2"}


def test_it_reads_a_lost_history_back_from_the_rows(acme, api):
    shops.stock(acme)
    shops.sell(acme)
    shops.fit(acme)
    late = make.customer(acme, "late")
    make.order(acme, ["toy-5"], customer=late, days_ago=0)
    assert set(names(ask(api, customer_id="late", limit=4))) <= set(shops.TOY)
    assert history.is_loaded(redis.client().lrange(history.key(acme.pk, "c:late"), 0, 50))


def test_a_warm_call_is_one_round_trip_and_no_sql(acme, api, monkeypatch):
    """R22: one Redis round trip, no SQL."""
    shops.stock(acme)
    shops.sell(acme)
    shops.fit(acme)
    for _ in range(2):
        ask(api, customer_id="t-1", details="true")
    with counted(monkeypatch) as counts:
        ask(api, customer_id="t-1", details="true")
    assert counts == {"sql": 0, "trips": 1}


def test_a_warm_cold_shop_is_one_round_trip_and_no_sql(acme, api, monkeypatch):
    make.product(acme, "a")
    for _ in range(2):
        ask(api, customer_id="kim")
    with counted(monkeypatch) as counts:
        ask(api, customer_id="kim")
    assert counts == {"sql": 0, "trips": 1}


def test_it_follows_an_activation_and_stock_at_once(acme, api):
    """R34"""
    shops.stock(acme)
    shops.sell(acme)
    first = shops.fit(acme)
    assert ask(api, customer_id="t-1")["model_version"] == "v1"
    shops.fit(acme)
    assert ask(api, customer_id="t-1")["model_version"] == "v2"
    shops.activate(acme, first)
    assert ask(api, customer_id="t-1")["model_version"] == "v1"
    gone = names(ask(api, customer_id="t-1", limit=3))[0]
    from django.utils import timezone

    acme.products.filter(external_id=gone).update(stock=0, updated_at=timezone.now())
    epochs.bump_now(acme.pk, "catalogue")
    assert gone not in names(ask(api, customer_id="t-1", limit=10))


def test_a_damaged_model_falls_back_to_the_one_before(acme, api):
    from pathlib import Path

    from django.conf import settings

    from tenants.models import ErrorGroup

    shops.stock(acme)
    shops.sell(acme)
    shops.fit(acme)
    second = shops.fit(acme)
    path = Path(settings.MODELS_DIR) / second.artifact_path
    victim = next(path.glob("*.npy"))
    victim.write_bytes(victim.read_bytes()[:-1])
    answer = ask(api, customer_id="t-1")
    assert answer["model_version"] == "v1"
    assert answer["degraded"] is True
    assert answer["warnings"]
    assert ErrorGroup.objects.using("ops").count() == 1


def test_it_answers_without_the_cache_server(acme, api, monkeypatch, settings):
    shops.stock(acme)
    shops.sell(acme)
    shops.fit(acme)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    redis.client.cache_clear()
    try:
        answer = ask(api, customer_id="t-1", limit=4)
        assert answer["strategy"] == "model"
        assert set(names(answer)) <= set(shops.TEA)
    finally:
        redis.client.cache_clear()


def test_shops_never_meet(acme, globex, api):
    """R9, R20: same customer id, same product id, two shops."""
    for shop in (acme, globex):
        make.product(shop, "same", title=shop.name)
    history.push(globex.pk, [("c:kim", "same", "purchase", 0)])
    theirs = make.Api(make.key(globex))
    mine = ask(api, customer_id="kim", details="true")
    assert [item["title"] for item in mine["items"]] == ["Acme"]
    make.product(acme, "mine")
    assert [item["title"] for item in ask(theirs, customer_id="kim", details="true")["items"]] == ["Globex"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=abc", "limit"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=100000000000000000000", "limit"),
        ("limit=%EF%BC%95", "limit"),
        ("limit=1&limit=2", "limit"),
        ("type=magic", "type"),
        ("type=similar", "product_id"),
        ("customer_id=a%0d%0ab", "customer_id"),
        ("customer_id=a%E2%80%8Bb", "customer_id"),
        ("customer_id=" + "x" * 65, "customer_id"),
        ("tenant_id=1", "tenant_id"),
        ("details=maybe", "details"),
        ("placement=a%20b", "placement"),
    ],
)
def test_it_names_the_wrong_parameter(acme, api, query, field):
    """R56"""
    response = api.get(f"/api/v1/recommendations?{query}")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert [error["field"] for error in body["errors"]] == [field]
    assert body["request_id"] == response["X-Request-Id"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("[" * 100_000, 400),
        ('{"customer_id": "a\\u0000"}', 400),
        ('{"customer_id": "\\ud800"}', 400),
        ('{"limit": NaN}', 400),
        ('{"limit": 1e400}', 400),
        ('{"limit": 1, "limit": 2}', 400),
        ('{"limit": true}', 400),
        ("[]", 400),
        ('{"customer_id": 7}', 200),
    ],
)
def test_it_reads_json_strictly(acme, api, body, status):
    make.product(acme, "a")
    options = {"data": body, "content_type": "application/json", "headers": {"authorization": f"Bearer {api.secret}"}}
    assert api.client.post("/api/v1/recommendations", **options).status_code == status
    assert api.client.post("/api/v1/recommendations/", **options).status_code == status


def test_it_refuses_other_media_types_and_methods(acme, api):
    headers = {"authorization": f"Bearer {api.secret}"}
    client = api.client
    assert client.post("/api/v1/recommendations", data={"limit": 1}, headers=headers).status_code == 415
    utf16 = {"data": "{}", "content_type": "application/json; charset=utf-16", "headers": headers}
    wide = client.post("/api/v1/recommendations", **utf16)
    assert wide.status_code == 415
    assert client.delete("/api/v1/recommendations", headers=headers).status_code == 405
    assert client.get("/api/v1/recommendations").status_code == 401


def test_what_the_model_was_trained_on_is_no_news(acme, api):
    """An import brings old orders in late: they count once, as what the model has learnt."""
    shops.stock(acme)
    shops.sell(acme)
    shops.fit(acme)
    ask(api, customer_id="t-1")
    shop = candidates.peek(acme.pk)
    acts = history.parse(redis.client().lrange(history.key(acme.pk, "c:t-1"), 0, 50))
    assert len(acts) == 6
    assert [act for act in acts if act[2] >= shop.read_at] == []


def test_a_process_keeps_shops_within_a_bound_of_products(acme, globex, api, monkeypatch):
    """Of more shops than fit, the one loaded longest ago is dropped, and read again when it is asked."""
    for shop in (acme, globex):
        shops.stock(shop)
    theirs = make.Api(make.key(globex))
    monkeypatch.setattr(candidates, "HELD_PRODUCTS", candidates.SHOP_ITSELF + 20)
    candidates.forget()
    for caller, kept, gone in ((api, acme, globex), (theirs, globex, acme), (api, acme, globex)):
        assert names(ask(caller, limit=4))
        assert candidates.peek(kept.pk) is not None
        assert candidates.peek(gone.pk) is None
