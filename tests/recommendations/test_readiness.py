"""What a shop's data is enough for."""

import uuid
from datetime import timedelta

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from luxebrain.home import onboarding
from recommendations import inbox, ingest, readiness
from tenants import access
from tests import make


def need(tenant, code):
    return next(one for one in readiness.needs(readiness.count(tenant)) if one.code == code)


def event(tenant, kind, **fields):
    return tenant.events.create(id=uuid.uuid4(), kind=kind, occurred_at=timezone.now(), **fields)


def test_it_says_how_many_orders_are_missing(acme):
    """R27: strictly the orders that count, up to the setting's ten."""
    make.product(acme, "a")
    for _ in range(3):
        make.order(acme, ["a"])
    make.order(acme, ["a"], state="cancelled")
    assert need(acme, "personal").sentence == "3 of 10 orders until personal recommendations"
    for _ in range(7):
        make.order(acme, ["a"])
    assert need(acme, "personal").done
    assert need(acme, "personal").sentence == "Enough orders (10 needed)"


def test_it_counts_baskets_of_two_different_products(acme):
    """One line, and the same product twice, say nothing about what goes together."""
    make.order(acme, ["a"])
    make.order(acme, ["a", "a"])
    make.order(acme, ["a", "b"])
    make.order(acme, ["a", "a", "b"])
    make.order(acme, ["a", "b"], state="test")
    assert need(acme, "together").sentence == "2 of 500 baskets of two products or more until bought-together"


def test_it_counts_what_products_say_of_themselves(acme):
    make.product(acme, "a", categories=["Home"], image_url="https://shop.example/a.png", description="Nice")
    make.product(acme, "b", price=None, stock=0)
    make.product(acme, "c", brand="Acme", is_published=False)
    facts = readiness.count(acme)
    assert (facts.products, facts.for_sale, facts.pictured, facts.priced) == (3, 1, 1, 2)
    assert (facts.worded, facts.described, facts.categorised) == (1, 2, 1)
    assert need(acme, "popular").done
    assert need(acme, "alike").have == 2


def test_it_counts_recent_events_by_kind(acme):
    event(acme, "view", product_external_id="a")
    event(acme, "impression", recommendation_id="rec_1")
    inbox.ensure_partitions([(timezone.now() - timedelta(days=40)).date()])
    acme.events.create(id=uuid.uuid4(), kind="view", occurred_at=timezone.now() - timedelta(days=40))
    assert readiness.count(acme).events == {"view": 1, "impression": 1}
    assert need(acme, "live").done
    assert need(acme, "measured").sentence == "1 of 100 lists shown in 30 days"


def test_it_counts_customers_who_came_back(acme):
    once, twice = make.customer(acme, "once"), make.customer(acme, "twice")
    for person in (once, twice, twice):
        make.order(acme, ["a"], customer=person)
    make.order(acme, ["a"])
    make.order(acme, ["a"])
    assert need(acme, "tested").have == 1


def test_it_agrees_with_the_set_up_checklist(acme, ana):
    """R129: the tick and the meter look at the same orders and the same threshold."""
    member = access.membership(ana, slug="acme")
    for number in (9, 10):
        while acme.orders.count() < number:
            make.order(acme, ["a"])
        with make.inside(acme) as tenant:
            steps = {step["label"]: step["done"] for step in onboarding.steps(tenant, member)["steps"]}
        assert steps["First 10 orders"] is need(acme, "personal").done is (number == 10)


def test_it_is_remembered_until_orders_come_in(acme):
    """A minute at most, and not at all past a change: the epoch is part of what is remembered."""
    with make.inside(acme) as tenant:
        assert readiness.of(tenant).orders == 0
        with CaptureQueriesContext(connections["default"]) as asked:
            assert readiness.of(tenant).orders == 0
        assert len(asked) == 0
        row = {
            "id": "o-1",
            "ordered_at": "2026-01-01T10:00:00Z",
            "lines": [{"product_id": "a", "quantity": 1, "unit_price": "5.00"}],
        }
        ingest.orders(tenant, [row], now=timezone.now())
    with make.inside(acme) as tenant:
        assert readiness.of(tenant).orders == 1


def test_it_names_the_door_through_which_rows_came(acme):
    make.product(acme, "a")
    assert [(a.what, a.source) for a in readiness.arrivals(acme)] == [
        ("Products", "API"),
        ("Customers", ""),
        ("Orders", ""),
        ("Events", ""),
    ]
    acme.import_runs.create(kind="products", source="spring.csv", started_at=timezone.now())
    acme.import_runs.update(started_at=timezone.now() - timedelta(minutes=5))
    assert readiness.arrivals(acme)[0].source == "file spring.csv"


@pytest.mark.parametrize("who", ["ana", "ben", "dev"])
def test_the_page_shows_what_is_missing_and_the_next_step(acme, signed_in, request, who):
    """R131, R27: progress with the next step linked, for every role."""
    person = request.getfixturevalue(who)
    make.product(acme, "a", categories=["Home"])
    make.order(acme, ["a", "b"])
    text = signed_in(person).get("/t/acme/catalogue/readiness").content.decode()
    assert "1 of 10 orders until personal recommendations" in text
    assert "1 of 500 baskets" in text
    assert "enough for 1 of 7 kinds" in text
    assert "Enough products for sale (1 needed)" in text
    assert ("/t/acme/api-keys" in text) is (who != "ben")


def test_the_overview_shows_how_far_the_shop_is(acme, ana, signed_in):
    make.product(acme, "a")
    text = signed_in(ana).get("/t/acme/overview").content.decode()
    assert "1 of 7 kinds of recommendation ready" in text
    assert "/t/acme/catalogue/readiness" in text
