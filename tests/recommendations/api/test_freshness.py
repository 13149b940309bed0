"""Stock and prices that a shop changes are in the recommendations of every web process within five seconds."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections

from tests import make
from tests.recommendations import shops

SECONDS = 5.0
_OTHER = """
import sys, django
django.setup()
from django.conf import settings
for alias in settings.DATABASES: settings.DATABASES[alias]["NAME"] = sys.argv[1]
from django.test import Client
client = Client(raise_request_exception=False)
for line in sys.stdin:
    answer = client.get(line.strip(), headers={"authorization": f"Bearer {sys.argv[2]}"})
    print(answer.content.decode(), flush=True)
"""
ASK = "/api/v1/recommendations?customer_id={}&limit=16&details=true"


class OtherProcess:
    """A second web process, with copies of its own."""

    def __init__(self, secret: str) -> None:
        database = connections["default"].settings_dict["NAME"]
        self.process = subprocess.Popen(
            [sys.executable, "-c", _OTHER, database, secret], text=True, env={**os.environ, "LUX_LOG_CONSOLE": "0"},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def get(self, path: str) -> Any:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(f"{path}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def stop(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            pipe and pipe.close()  # the end of its input ends it
        self.process.wait(20)


@pytest.fixture
def asked(acme: Any, api: Any) -> Iterator[list[Any]]:
    """Two ways to ask: this process, and another one."""
    other = OtherProcess(api.secret)
    yield [lambda path: api.get(path).json(), other.get]
    other.stop()


def items(answer: Any) -> dict[str, Any]:
    return {item["product_id"]: item for item in answer["items"]}


@pytest.mark.parametrize("is_trained", [True, False], ids=["model", "cold start"])
def test_a_change_is_seen_at_once_everywhere(is_trained: bool, acme: Any, api: Any, asked: Any) -> None:
    """Nothing is sold out in a list, and no old price is shown, in any process."""
    shops.stock(acme)
    if is_trained:
        shops.sell(acme)
        shops.fit(acme)
    else:
        make.order(acme, shops.TEA)
    path = ASK.format("t-1")
    before = [items(ask(path)) for ask in asked]
    assert before[0].keys() == before[1].keys()
    gone, dear = list(before[0])[:2]
    assert api("patch", f"/api/v1/products/{gone}", {"stock": 0}).status_code == 200
    assert api("patch", f"/api/v1/products/{dear}", {"price": "99.95", "title": "Dear"}).status_code == 200
    since = time.monotonic()
    for ask in asked:
        found = items(ask(path))
        assert gone not in found
        assert (found[dear]["price"], found[dear]["title"]) == ("99.95", "Dear")
    assert api("patch", f"/api/v1/products/{gone}", {"stock": 3}).status_code == 200
    assert api("delete", f"/api/v1/products/{dear}").status_code == 204
    for ask in asked:
        found = items(ask(path))
        assert gone in found
        assert dear not in found
    assert time.monotonic() - since < SECONDS


def test_a_bulk_update_is_seen_too(acme: Any, api: Any, asked: Any) -> None:
    shops.stock(acme)
    make.order(acme, shops.TEA)
    path = ASK.format("t-1")
    for ask in asked:
        assert set(items(ask(path)))
    rows = [{"id": name, "title": name, "stock": 0} for name in shops.TEA]
    assert api.post("/api/v1/products", {"products": rows}).json()["kept"] == len(rows)
    for ask in asked:
        assert not set(items(ask(path))) & set(shops.TEA)


def test_a_change_whose_process_died_before_it_could_tell_is_seen(acme: Any, api: Any, asked: Any) -> None:
    """The epoch is bumped after the commit; if that is lost, the work row does it a second later."""
    from luxebrain.lib import redis
    from tenants import epochs, work

    shops.stock(acme)
    make.order(acme, shops.TEA)
    path = ASK.format("t-1")
    gone = next(iter(items(asked[1](path))))
    held = redis.client().hgetall(epochs.name(acme.pk))
    assert api("patch", f"/api/v1/products/{gone}", {"stock": 0}).status_code == 200
    redis.client().delete(epochs.name(acme.pk))
    if held:
        redis.client().hset(epochs.name(acme.pk), mapping=held)
    assert gone in items(asked[1](path))
    time.sleep(1.1)
    work.run_due(tasks={"tenants.bump"})
    assert gone not in items(asked[1](path))
