"""A key that strangers want: kept nowhere, told by nothing, limited whatever they forge (T4, T5, T27)."""

import time
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from luxebrain.lib import redis, tokens
from tenants import api_keys
from tenants.models import Plan
from tests import make
from tests.flows.test_hostile_pages import crawl
from tests.tenants.panel.test_api_keys import tables_with


def everything_in(client):
    """Every key and value of a Redis server, as one text."""
    reads = {
        b"string": client.get,
        b"hash": client.hgetall,
        b"set": client.smembers,
        b"list": lambda name: client.lrange(name, 0, -1),
        b"zset": lambda name: client.zrange(name, 0, -1),
    }
    return str([(name, reads[client.type(name)](name)) for name in client.scan_iter(count=1000)])


def test_a_planted_key_is_found_nowhere(acme, ana, sam, signed_in, monkeypatch):
    """T4, T24: not in the database, logs, cache, broker, pages, answers nor errors, after calls of all kinds."""
    import redis as redis_package

    from recommendations.api import catalogue

    secret = make.key(acme)
    api = make.Api(secret)
    make.product(acme, "p-1")
    for path in ("/api/v1/recommendations", "/api/v1/products", "/api/limits/status", f"/api/v1/products/{secret}"):
        api.get(path)
    api.post("/api/v1/events", {"type": "view", "session_id": "s", "product_id": "p-1"})
    api.post("/api/v1/products", b'{"id": ')
    Client(raise_request_exception=False).get("/api/v1/products", headers={"x-api-key": secret})

    def explode(self, request, *args, **kwargs):
        raise RuntimeError("while a key is in the headers")

    monkeypatch.setattr(catalogue.ProductsView, "get", explode)
    fault = api.get("/api/v1/products")
    assert fault.status_code == 500
    assert secret not in fault.content.decode()
    for client, start in ((signed_in(ana), "/t/acme/overview"), (signed_in(sam), "/dashboard")):
        for paths in crawl(client, start, most=1)[0].values():
            assert secret not in client.get(paths[0]).content.decode()
    written = "".join(path.read_text() for path in Path(settings.LOGS_DIR).glob("*.log"))
    broker = redis_package.Redis.from_url(settings.BROKER_URL)
    kept = everything_in(redis.client()) + everything_in(broker)
    broker.close()
    middle = secret[16:50]  # neither the prefix nor the last four, which are shown
    assert "recommendations|" in kept, "the scan does find what is there"
    for name, text in (("logs", written), ("cache and broker", kept)):
        assert middle not in text, name
    assert tables_with(middle) == []


@pytest.fixture
def wrong_keys(acme):
    """Keys of every wrong kind: never given out, mistyped, revoked, expired, of another length."""
    real, gone = make.key(acme), make.key(acme)
    api_keys.revoke(acme.api_keys.order_by("pk").last(), by=None)
    unknown = tokens.api_key(mode="live", kind="sk")
    return [unknown, real[:-1] + ("A" if real[-1] != "A" else "B"), gone, "lb_live_sk_", "x" * 5_000, "💥é"]


def test_a_wrong_key_costs_the_same_work_whatever_is_wrong(wrong_keys):
    """T5: the same statements and the same words."""
    seen = []
    for secret in wrong_keys:
        with CaptureQueriesContext(connection) as asked:
            answer = Client(raise_request_exception=False).get(
                "/api/v1/products", headers={"authorization": f"Bearer {secret}".encode().decode("latin-1")}
            )
        statements = [query["sql"].split("(")[0] for query in asked.captured_queries]
        problem = answer.json()
        problem.pop("request_id")
        seen.append((answer.status_code, statements, problem))
    assert seen[0][0] == 401
    assert all(one == seen[0] for one in seen)


def test_forged_addresses_do_not_lift_the_limit_of_a_key(db):
    """T27: a hundred addresses, one key; letters and spaces around the key make no second one."""
    shop = make.tenant("small", plan="free")
    secret = make.key(shop)
    limit = Plan.objects.using("ops").get(code="free").requests_per_minute
    passed, began = 0, time.monotonic()
    for number in range(limit + 40):
        word = ("Bearer ", "bearer ", "BEARER  ")[number % 3]
        headers = {"authorization": f"{word}{secret} ", "x-forwarded-for": f"198.51.100.{number}, 10.0.0.{number}"}
        answer = Client(REMOTE_ADDR=f"203.0.113.{number}").get("/api/limits/status", headers=headers)
        passed += answer.status_code == 200
    trickled = (time.monotonic() - began) * limit / 60
    assert limit <= passed <= limit + trickled + 1, "what a minute allows, and what trickles in meanwhile"
