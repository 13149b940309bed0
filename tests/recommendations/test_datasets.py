"""What training sees of a shop's rows."""

import uuid
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from recommendations import datasets
from tests import make


def event(of: Any, kind: str, product: str, *, days_ago: float = 1, **fields: Any) -> None:
    moment = timezone.now() - timedelta(days=days_ago)
    of.events.create(id=uuid.uuid4(), kind=kind, product_external_id=product, occurred_at=moment, **fields)


def facts(data: datasets.Dataset) -> set[tuple[str | None, str, str, float]]:
    """(shopper, product, kind, units) of every interaction."""
    rows, names = data.interactions, {code: name for name, code in datasets.KINDS.items()}
    return {
        (rows.customers.id(who) if who >= 0 else None, rows.products.id(what), names[kind], float(units))
        for who, what, kind, units in zip(
            rows.customer.tolist(), rows.product.tolist(), rows.kind.tolist(), rows.units.tolist(), strict=True
        )
    }


def read(of: Any, **options: Any) -> datasets.Dataset:
    with make.inside(of) as tenant:
        return datasets.of(tenant, **options)


def test_it_reads_countable_orders_and_events_of_this_shop_only(acme: Any, globex: Any) -> None:
    kim = make.customer(acme, 'kim, the "first"\n')
    make.order(acme, ["a", "b"], customer=kim, days_ago=3)
    make.order(acme, ["a"], session_id="x1", days_ago=2)
    make.order(acme, ["c"], days_ago=2)
    make.order(acme, ["d"], customer=kim, state="cancelled")
    make.order(globex, ["z"], customer=make.customer(globex, "kim"))
    event(acme, "view", "b", customer_external_id='kim, the "first"\n', session_id="x9")
    event(acme, "click", "e", session_id="x1")
    event(acme, "impression", "f", session_id="x1")
    data = read(acme)
    assert facts(data) == {
        (kim.external_id, "a", "order", 1.0),
        (kim.external_id, "b", "order", 1.0),
        ("s:x1", "a", "order", 1.0),
        (None, "c", "order", 1.0),
        (kim.external_id, "b", "view", 1.0),
        ("s:x1", "e", "click", 1.0),
    }
    assert data.counts == {
        "orders": 3,
        "lines": 4,
        "events": 2,
        "customers": 2,
        "products": 4,
        "interactions": 6,
    }
    weights = dict(zip(data.interactions.kind.tolist(), data.interactions.weight.tolist(), strict=True))
    assert weights == pytest.approx({0: 1.0, 3: 0.5, 4: 0.4})


def test_it_counts_a_purchase_once_when_the_order_is_known(acme: Any) -> None:
    order = make.order(acme, ["a"], session_id="x1")
    cancelled = make.order(acme, ["b"], session_id="x1", state="cancelled")
    for of, product in ((order, "a"), (cancelled, "b")):
        event(acme, "purchase", product, session_id="x1", order_external_id=of.external_id)
    event(acme, "purchase", "c", session_id="x1", order_external_id="never-sent", quantity=3)
    assert facts(read(acme)) == {("s:x1", "a", "order", 1.0), ("s:x1", "c", "purchase", 3.0)}


def test_it_forgets_what_was_taken_out_of_the_cart_again(acme: Any) -> None:
    event(acme, "cart", "a", session_id="x1", days_ago=3)
    event(acme, "remove", "a", session_id="x1", days_ago=2)
    event(acme, "cart", "a", session_id="x2", days_ago=3)
    event(acme, "cart", "b", session_id="x1", days_ago=3)
    event(acme, "remove", "b", session_id="x1", days_ago=2)
    event(acme, "cart", "b", session_id="x1", days_ago=1)
    assert facts(read(acme)) == {("s:x2", "a", "cart", 1.0), ("s:x1", "b", "cart", 1.0)}
    assert read(acme).counts["interactions"] == 2


def test_it_gives_equal_arrays_in_order_of_time_and_knows_the_catalogue(acme: Any) -> None:
    make.product(acme, "new", title="Red Teapot", categories=["kitchen"], brand="Orb", tags=["gift"])
    make.product(acme, "a", title="Red Lamp", price=None)
    for number in range(12):
        make.order(acme, ["a", "b"], session_id=f"x{number % 4}", days_ago=20 - number)
    first = read(acme)
    acme.orders.order_by("?").update(currency="EUR")  # moves the rows in the table
    second = read(acme)
    for name in ("customer", "product", "occurred_at", "units", "weight", "kind"):
        assert np.array_equal(getattr(first.interactions, name), getattr(second.interactions, name))
    assert list(first.interactions.products) == ["a", "b", "new"]
    assert (np.diff(first.interactions.occurred_at) >= 0).all()
    assert first.ends_at.timestamp() == first.interactions.until  # type: ignore[union-attr]
    row = first.features.matrix[[2]].indices
    assert {first.features.names[column] for column in row} >= {"category:kitchen", "brand:Orb", "tag:gift"}
    assert first.features.matrix[[1]].nnz == 0
    assert first.baskets.matrix(3).shape == (12, 3)


def test_it_stops_at_the_moment_asked_for_and_bears_an_empty_shop(acme: Any) -> None:
    assert read(acme).counts["interactions"] == 0
    make.order(acme, ["a"], session_id="x1", days_ago=5)
    make.order(acme, ["b"], session_id="x1", days_ago=1)
    moment = timezone.now() - timedelta(days=3)
    data = read(acme, until=moment)
    assert facts(data) == {("s:x1", "a", "order", 1.0)}
    assert data.interactions.until == int(moment.timestamp())


def test_it_takes_back_what_led_to_a_refunded_order_and_keeps_other_purchases(acme: Any) -> None:
    kim = make.customer(acme, "kim")
    make.order(acme, ["a"], customer=kim, days_ago=9)
    make.order(acme, ["a", "b"], customer=kim, state="refunded", days_ago=3)
    event(acme, "cart", "b", customer_external_id="kim", days_ago=4)
    event(acme, "view", "b", customer_external_id="kim", days_ago=1)
    event(acme, "view", "b", customer_external_id="lou", days_ago=4)
    assert facts(read(acme)) == {
        ("kim", "a", "order", 1.0),
        ("kim", "b", "view", 1.0),
        ("lou", "b", "view", 1.0),
    }


def test_it_leaves_out_what_a_shopper_hid(acme: Any) -> None:
    kim = make.customer(acme, "kim")
    make.order(acme, ["a", "b"], customer=kim, days_ago=9)
    event(acme, "view", "a", customer_external_id="kim", days_ago=4)
    event(acme, "hide", "a", customer_external_id="kim", days_ago=3)
    event(acme, "view", "a", session_id="x1", days_ago=4)
    data = read(acme)
    assert facts(data) == {("kim", "b", "order", 1.0), ("s:x1", "a", "view", 1.0)}
    assert data.counts["lines"] == 2  # the basket of others' evidence stays whole


def test_it_gives_a_guests_acts_to_the_customer_who_signs_in(acme: Any) -> None:
    kim = make.customer(acme, "kim")
    event(acme, "view", "a", session_id="x1", days_ago=5)
    event(acme, "cart", "b", session_id="x1", customer_external_id="kim", days_ago=4)
    event(acme, "view", "c", session_id="x1", days_ago=3)  # signed out again: nobody says whose it is
    event(acme, "view", "d", session_id="x2", days_ago=5)
    make.order(acme, ["d"], session_id="x2", customer=kim, days_ago=2)
    event(acme, "view", "e", session_id="x3", days_ago=5)
    event(acme, "view", "e", session_id="x3", customer_external_id="lou", days_ago=3)
    event(acme, "view", "f", session_id="x3", days_ago=2)
    event(acme, "view", "f", session_id="x3", customer_external_id="mia", days_ago=1)
    event(acme, "view", "g", customer_external_id="kim", days_ago=1)
    make.order(acme, ["g"], days_ago=2)
    data = read(acme)
    assert facts(data) == {
        ("kim", "a", "view", 1.0),
        ("kim", "b", "cart", 1.0),
        ("s:x1", "c", "view", 1.0),
        ("kim", "d", "view", 1.0),
        ("kim", "d", "order", 1.0),
        ("lou", "e", "view", 1.0),
        ("mia", "f", "view", 1.0),
        ("kim", "g", "view", 1.0),
        (None, "g", "order", 1.0),
    }
    assert list(data.interactions.customers) == ["kim", "lou", "mia", "s:x1"]
    assert data.counts["customers"] == 4
