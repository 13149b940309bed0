"""What taking rows in sets off: the cold start ends, caches turn, shoppers' lists follow."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from luxebrain.lib import redis
from luxebrain.lib.problems import PlanLimit
from recommendations import history, ingest, popular
from tenants import epochs
from tests import make


def orders(count: int, *, start: int = 0, **fields: Any) -> list[dict[str, Any]]:
    now = timezone.now().isoformat()
    line = {"product_id": "p-1", "quantity": 1, "unit_price": "1.00"}
    return [
        {"id": f"o{n}", "customer_id": "c-1", "ordered_at": now, "lines": [line], **fields}
        for n in range(start, start + count)
    ]


def take(tenant: Any, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    with make.inside(tenant) as entered:
        return ingest.orders(entered, rows, now=timezone.now())


def test_the_tenth_order_ends_the_cold_start_at_once(acme: Any) -> None:
    """R20, R21: strictly below ten; the flag in the cache goes with the commit."""
    take(acme, orders(9))
    popular.remember_cold(acme.pk, is_cold=True)
    take(acme, orders(1, start=9, status="cancelled"))
    assert not acme.works.filter(task="recommendations.train_if_warm").exists()
    popular.remember_cold(acme.pk, is_cold=True)
    take(acme, orders(1, start=10))
    assert redis.client().get(popular.cold_key(acme.pk)) is None
    assert acme.works.filter(task="recommendations.train_if_warm", state="pending").count() == 1


def test_nothing_new_turns_no_epoch(acme: Any) -> None:
    rows = orders(1)
    take(acme, rows)
    before = redis.client().hget(epochs.name(acme.pk), "popular")
    take(acme, rows)
    assert redis.client().hget(epochs.name(acme.pk), "popular") == before
    with make.inside(acme) as entered:
        ingest.products(entered, [{"id": "a", "title": "A"}], now=timezone.now())
    assert redis.client().hget(epochs.name(acme.pk), "catalogue")


def test_a_fresh_order_is_in_the_shopper_s_list(acme: Any) -> None:
    take(acme, orders(1, session_id="s-1"))
    for of in ("c:c-1", "s:s-1"):
        assert [act[:2] for act in history.parse(redis.client().lrange(history.key(acme.pk, of), 0, -1))] == [
            ("p-1", "purchase")
        ]


def test_an_old_or_changed_order_has_the_list_read_again(acme: Any) -> None:
    take(acme, orders(1))
    take(acme, orders(1, status="refunded"))
    assert not redis.client().exists(history.key(acme.pk, "c:c-1"))
    history.push(acme.pk, [("c:c-1", "p-9", "view", 1.0)])
    take(acme, orders(1, start=5, ordered_at=(timezone.now() - timedelta(days=30)).isoformat()))
    assert not redis.client().exists(history.key(acme.pk, "c:c-1"))


def test_a_rolled_back_call_tells_nobody(acme: Any) -> None:
    class Oops(Exception):
        pass

    def fail() -> None:
        with make.inside(acme) as entered:
            ingest.orders(entered, orders(1), now=timezone.now())
            raise Oops

    with pytest.raises(Oops):
        fail()
    assert acme.orders.count() == 0
    assert not redis.client().exists(history.key(acme.pk, "c:c-1"))


def test_the_number_of_statements_does_not_grow(acme: Any) -> None:
    for count in (1, 500):
        with make.inside(acme) as entered, CaptureQueriesContext(connections["default"]) as captured:
            ingest.orders(entered, orders(count), now=timezone.now())
        assert len(captured) <= 16, [query["sql"][:80] for query in captured.captured_queries]


def test_two_calls_in_one_transaction_do_not_mix(acme: Any) -> None:
    with make.inside(acme) as entered:
        for n in range(3):
            rows = [{"id": f"p{n}", "title": "x"}, {"id": f"q{n}", "title": "x"}]
            found = ingest.products(entered, rows, now=timezone.now())
            assert [(row["index"], row["status"]) for row in found] == [(0, "created"), (1, "created")]


def test_back_office_writes_only_the_tenant_s_rows(acme: Any, globex: Any) -> None:
    """Through the operators' role, which no policy binds: the statements name the tenant themselves."""
    make.order(globex, ["p-1"], external_id="o0", customer=make.customer(globex, "c-1"))
    assert [row["status"] for row in ingest.orders(acme, orders(1), now=timezone.now())] == ["created"]
    assert acme.orders.get().customer.tenant_id == acme.pk
    assert (globex.orders.count(), globex.order_lines.count()) == (1, 1)


def test_room_is_counted_without_known_products(db: None) -> None:
    free = make.tenant("free-shop", plan="free")
    make.product(free, "a")
    ingest.check_room(free, ["a", *map(str, range(999))])
    with pytest.raises(PlanLimit):
        ingest.check_room(free, list(map(str, range(1000))))
