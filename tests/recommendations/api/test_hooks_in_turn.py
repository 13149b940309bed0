"""Deliveries of one shop take turns in a process; own software is told to come again, a vendor's are never refused."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connections, transaction

from recommendations.api import webhooks
from tenants import lanes
from tests import make
from tests.recommendations.api.test_webhooks import CLIENT_SECRET, SHOP, Shop
from tests.tenants.test_flood import SECONDS, VIEW, Web, web  # noqa: F401  (fixture)

MANY = 40
OPTIONS = {"shopify": {"shop_domain": SHOP, "secret": CLIENT_SECRET}}


class Wire:
    """What a shop's server sends goes to the web server as it is deployed."""

    def __init__(self, to: Web) -> None:
        self.to = to

    def post(self, path: str, body: bytes, *, content_type: str, headers: dict[str, str]) -> Any:
        return self.to.send("POST", path, body, {"Content-Type": content_type, **headers})


def send(shop: Shop, number: int) -> Any:
    row = {"id": 1 + number, "title": "Tea", "name": "Tea", "updated_at": "2026-01-01T00:00:00Z"}
    if shop.endpoint.source == "generic":
        return shop.own("product-updated", {**row, "id": f"p-{number}"}, name=f"msg_{number}")
    if shop.endpoint.source == "shopify":
        return shop.shopify("products/update", row)
    return shop.woo("product.updated", row)


@contextmanager
def held(shop: Shop) -> Iterator[None]:
    """Every delivery to this address hangs meanwhile: it notes when the last one came in a row that is locked."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("select 1 from recommendations_webhookendpoint where id = %s for update", [shop.endpoint.pk])
        yield


def hanging() -> int:
    """Deliveries that wait for the row: the first for its transaction, the others behind it."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("select count(distinct pid) from pg_locks where not granted")
        return int(cursor.fetchone()[0])


def until(holds: Any) -> None:
    ends = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_own_software_is_told_to_come_again(web: Web, acme: Any, globex: Any) -> None:  # noqa: F811
    mine, theirs, key = Shop(acme, "generic"), Shop(globex, "generic"), make.key(acme)
    mine.client = theirs.client = Wire(web)
    said: dict[int, Any] = {}
    with ThreadPoolExecutor(MANY) as pool:
        with held(mine):
            for number in range(MANY):
                pool.submit(lambda number: said.update({number: send(mine, number)}), number)
            until(lambda: len(said) >= MANY - lanes.WIDE - lanes.PLACES)
            assert send(theirs, 1)[0] == 200
            assert web.ask("POST", "/api/v1/events", key, VIEW)[0] == 202
    refused = [number for number, (status, _, _) in said.items() if status == 429]
    assert len(said) == MANY and len(refused) >= MANY - lanes.WIDE - lanes.PLACES
    assert all(said[number][1]["code"] == "too_many_at_once" for number in refused)
    assert all(said[number][2]["Retry-After"] == "1" for number in refused)
    assert acme.webhook_receipts.count() == MANY - len(refused), "what was acknowledged is kept, and nothing else"
    assert {send(mine, number)[0] for number in refused} == {200}
    assert acme.webhook_receipts.count() == MANY


@pytest.mark.parametrize("source", ["woocommerce", "shopify"])
def test_a_vendors_delivery_is_never_refused(web: Web, acme: Any, source: str) -> None:  # noqa: F811
    shop = Shop(acme, source, **OPTIONS.get(source, {}))
    shop.client = Wire(web)
    with ThreadPoolExecutor(MANY) as pool:
        with held(shop):
            said = [pool.submit(send, shop, number) for number in range(MANY)]
            until(lambda: hanging() > lanes.WIDE)  # they went on, though the first two are still under way
    assert [one.result()[0] for one in said] == [200] * MANY
    assert acme.webhook_receipts.count() == MANY


@pytest.mark.parametrize("source", ["woocommerce", "shopify", "generic"])
def test_two_deliveries_of_a_shop_are_under_way(acme: Any, source: str, monkeypatch: Any) -> None:
    shop = Shop(acme, source, **OPTIONS.get(source, {}))
    monkeypatch.setattr(webhooks, "VENDORS_PATIENCE_SECONDS", SECONDS)
    monkeypatch.setattr(lanes.of_calls, "patience", SECONDS)
    said: list[Any] = []

    def run(number: int) -> None:
        answer = send(shop, number)
        said.append(answer.status_code if answer.status_code == 200 else answer.text)
        connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(6)]
    with held(shop):
        for thread in threads:
            thread.start()
        until(lambda: (hanging(), lanes.of_calls._waiting) == (2, 4))
    for thread in threads:
        thread.join(SECONDS)
    assert said == [200] * 6
    assert acme.webhook_receipts.count() == 6
    assert (acme.pk, "webhooks") not in lanes.of_calls._lanes, "each left its lane"
