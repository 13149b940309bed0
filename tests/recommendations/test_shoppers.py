"""What is known of a customer: from the rows, kept for an hour, read again when they or their orders change."""

from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from luxebrain.lib import redis
from recommendations import expressions, ingest, rows, shoppers
from tests import make
from tests.recommendations.test_undo import bring, undo


def kept(shop: Any, customer: str = "ann") -> dict[str, Any] | None:
    return shoppers.recall(redis.client().get(shoppers.key(shop.pk, customer)) or b"", shop.pk)


def loaded(shop: Any, customer: str = "ann") -> dict[str, Any]:
    with make.inside(shop) as entered:
        return shoppers.load(entered, customer)


def customer(shop: Any, **fields: Any) -> None:
    with make.inside(shop) as entered:
        ingest.customers(entered, [{"id": "ann", **fields}], now=timezone.now())


def orders(shop: Any, *given: dict[str, Any]) -> None:
    line = {"product_id": "p", "quantity": 1, "unit_price": "10.00"}
    common = {"customer_id": "ann", "ordered_at": timezone.now().isoformat(), "total": "10.00", "lines": [line]}
    with make.inside(shop) as entered:
        results = ingest.orders(entered, [common | one for one in given], now=timezone.now())
    assert {one["status"] for one in results} <= {"created", "updated"}


def let_marks_end(shop: Any) -> None:
    redis.client().delete(shoppers.key(shop.pk, "ann"))


def test_it_counts_what_counts_in_one_statement(acme: Any) -> None:
    ann = make.customer(acme, "ann")
    make.order(acme, ["a", "b"], customer=ann, days_ago=30)
    make.order(acme, ["a"], customer=ann, days_ago=2)
    make.order(acme, ["a"], customer=ann, days_ago=1, state="refunded")
    make.order(acme, ["a"], customer=make.customer(acme, "bob"), days_ago=1)
    with make.inside(acme) as entered, CaptureQueriesContext(connections[entered.alias]) as seen:
        facts = shoppers.load(entered, "ann")
    assert len([one for one in seen.captured_queries if "recommendations_customer" in one["sql"]]) == 1
    assert (facts["is_known"], facts["orders"], facts["spent"]) == (True, 2, 30.0)
    assert facts["days_since_order"] == pytest.approx(2, abs=0.01)
    assert facts["days_since_first_order"] == pytest.approx(30, abs=0.01)
    assert kept(acme)["orders"] == 2
    assert 3500 < redis.client().ttl(shoppers.key(acme.pk, "ann")) <= 3600


def test_it_knows_country_and_attributes_and_what_is_missing(acme: Any) -> None:
    customer(acme, country="DE", attributes={"club": True, "sizes": ["40", "41"]})
    let_marks_end(acme)
    facts = loaded(acme)
    assert (facts["country"], facts["orders"], facts["days_since_order"]) == ("DE", 0, None)
    assert facts == kept(acme)
    holds = expressions.parse('shopper.country == "de" and shopper.attributes.club', scope="shopper").holds
    assert holds(shopper=facts)
    assert not holds(shopper=loaded(acme, "nobody"))
    assert loaded(acme, "nobody") == kept(acme, "nobody") == {"is_known": False}


def test_it_adds_up_orders_in_the_shop_s_currency_only(acme: Any) -> None:
    orders(acme, {"id": "o1"}, {"id": "o2", "currency": "JPY", "total": "5000"})
    assert (loaded(acme)["orders"], loaded(acme)["spent"]) == (2, 10.0)


@pytest.mark.parametrize(
    "change",
    [
        lambda shop: orders(shop, {"id": "o2"}),
        lambda shop: orders(shop, {"id": "o1", "status": "cancelled"}),
        lambda shop: customer(shop, country="FR"),
    ],
)
def test_it_follows_a_change_at_once(acme: Any, change: Any) -> None:
    orders(acme, {"id": "o1"})
    let_marks_end(acme)
    before = loaded(acme)
    assert kept(acme) is not None
    change(acme)
    assert kept(acme) is None
    assert loaded(acme) != before


@pytest.mark.parametrize(("kind", "name"), [(rows.ORDERS, "o1"), (rows.CUSTOMERS, "ann")])
def test_it_follows_what_is_deleted(acme: Any, kind: Any, name: str) -> None:
    orders(acme, {"id": "o1"})
    let_marks_end(acme)
    assert loaded(acme)["orders"] == 1
    with make.inside(acme) as entered:
        rows.delete(entered, kind, name)
    assert kept(acme) is None
    assert loaded(acme).get("orders", 0) == 0


def test_it_does_not_keep_what_was_read_before_a_change(acme: Any) -> None:
    orders(acme, {"id": "o1"})
    let_marks_end(acme)
    shoppers.forget(acme.pk, ["ann"])  # the change of another process, after this one has read
    assert loaded(acme)["orders"] == 1
    assert kept(acme) is None


def test_it_takes_nothing_that_is_a_stranger_s_or_damaged(acme: Any, globex: Any) -> None:
    orders(acme, {"id": "o1"})
    let_marks_end(acme)
    loaded(acme)
    raw = redis.client().get(shoppers.key(acme.pk, "ann"))
    assert shoppers.recall(raw, acme.pk)["orders"] == 1
    assert shoppers.recall(raw, globex.pk) is None
    assert shoppers.recall(b"{", acme.pk) is None
    assert loaded(globex) == {"is_known": False}


def test_it_follows_an_import_and_its_undoing(acme: Any, tmp_path: Any) -> None:
    customer(acme, country="DE")
    let_marks_end(acme)
    assert loaded(acme)["country"] == "DE"
    run = bring(acme, tmp_path, "customers", {"ann": [("FR", "")]})
    assert kept(acme) is None
    let_marks_end(acme)
    assert loaded(acme)["country"] == "FR"
    undo(acme, run)
    assert kept(acme) is None
    assert loaded(acme)["country"] == "DE"
