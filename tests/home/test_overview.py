"""A shop's overview and where people are sent first."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from luxebrain.home import onboarding, overview, views
from luxebrain.home.cards import Card
from recommendations import identity, tracking
from tenants import access
from tests import make

CARDS = sorted(views.CARDS)


def page(client, path="/t/acme/overview", **query):
    return client.get(path, query)


def part(client, name, **query):
    return client.get(f"/t/acme/overview/{name}", query, headers={"hx-request": "true"})


def test_it_sends_people_where_they_belong(client, signed_in, acme, globex, ana, gil, sam):
    """A member to their shop, staff to the dashboard, others to a page that helps, strangers to sign in."""
    for path in ("/", "/overview"):
        assert client.get(path)["Location"].startswith("/account/login/")
        assert signed_in(ana).get(path)["Location"] == "/t/acme/overview"
        assert signed_in(gil).get(path)["Location"] == "/t/globex/overview"
        assert signed_in(sam).get(path)["Location"] == "/dashboard"
    nobody = signed_in(make.user("nora")).get("/")
    assert nobody.status_code == 200
    assert "Open a shop" in nobody.content.decode()


def test_it_is_not_there_for_strangers(client, signed_in, acme, gil):
    assert page(client).status_code == 302
    assert page(signed_in(gil)).status_code == 404
    assert part(signed_in(gil), "figures").status_code == 404


def test_it_shows_a_fresh_shop_what_to_do_and_no_figures(signed_in, ana):
    """R122, R129: zeros and next steps, never invented data."""
    text = page(signed_in(ana)).content.decode()
    assert "No recommendation was shown in this period. Next step: connect your shop." in text
    assert "Not enough data" in text
    assert "0 of 6 steps done" in text
    assert "0 of 10 orders until personal recommendations" in text
    assert "earned <b>" not in text


def test_it_ticks_the_checklist_from_data(signed_in, acme, ana):
    """R129: every step by itself, the team last."""
    member = access.membership(ana, slug="acme")

    def done():
        with make.inside(acme) as tenant:
            return [step["done"] for step in onboarding.steps(tenant, member)["steps"]]

    assert done() == [False] * 6
    acme.usage_hours.create(meter="api_calls", hour=timezone.now(), count=1)
    assert done() == [True, False, False, False, False, False]
    make.product(acme, "a")
    for _ in range(9):
        make.order(acme, ["a"])
    assert done() == [True, True, False, False, False, False]
    make.order(acme, ["a"])
    shown = {"recommendation_id": identity.make(0), "occurred_at": timezone.now()}
    acme.events.create(id=uuid.uuid4(), kind="impression", **shown)
    assert done() == [True, True, True, False, True, False]
    version = acme.model_versions.create(number=1, algorithm="als")
    acme.model_aliases.create(name="champion", version=version, moved_at=timezone.now())
    make.member(acme, "ben")
    assert done() == [True] * 6


@pytest.mark.parametrize(("orders", "words"), [(9, "9 of 10 orders until"), (10, "Past the cold"), (11, "Past")])
def test_it_says_how_far_the_cold_start_is(signed_in, acme, ana, orders, words):
    """R27: strictly below ten; cancelled orders do not count."""
    for _ in range(orders):
        make.order(acme, ["a"])
    make.order(acme, ["a"], state="cancelled")
    assert words in part(signed_in(ana), "cold-start").content.decode()


def test_it_says_what_was_earned(signed_in, acme, ana):
    """R122: the sentence, the tiles and the product that earned, from recorded rows."""
    make.product(acme, "a", title="Cake stand")
    noon = datetime.now(UTC) - timedelta(hours=2)
    click = identity.make(0)
    act = {"occurred_at": noon, "recommendation_id": click, "product_external_id": "a", "session_id": "s"}
    for kind in ("impression", "click"):
        acme.events.create(id=uuid.uuid4(), kind=kind, **act)
    row = make.order(acme, ["a"], days_ago=0, session_id="s")
    tracking.roll_up(acme)
    client = signed_in(ana)
    assert "Your recommendations earned <b>€10.00</b> in the last 28 days." in page(client).content.decode()
    earners = part(client, "earners").content.decode()
    assert "Cake stand" in earners
    assert "€10.00" in earners
    assert row.external_id not in earners
    assert "v0" not in part(client, "ctr").content.decode()


def test_it_names_other_currencies_beside_the_shop_s_own(acme):
    common = {"recommendation_id": identity.make(1), "clicked_at": timezone.now(), "ordered_at": timezone.now()}
    for number, (amount, currency) in enumerate([("5.00", "EUR"), ("7.00", "USD")]):
        acme.attributions.create(
            order_external_id=str(number), product_external_id="a", amount=Decimal(amount), currency=currency, **common
        )
    assert overview.headline(tracking.summary(acme, days=7)) == "€5.00 and $7.00"


@pytest.mark.parametrize(("asked", "days"), [("7", 7), ("90", 90), ("28", 28), ("3", 28), ("x", 28), ("", 28)])
def test_it_keeps_the_period_in_the_address(signed_in, ana, asked, days):
    assert f"Last {days} days" in page(signed_in(ana), days=asked).content.decode()


@pytest.mark.parametrize("name", CARDS)
def test_it_draws_every_part_alone(signed_in, ana, name):
    answer = part(signed_in(ana), name)
    assert answer.status_code == 200
    assert "<html" not in answer.content.decode()
    assert signed_in(ana).get(f"/t/acme/overview/{name}").status_code == 302


@pytest.mark.parametrize("name", sorted(set(CARDS) - views.LAZY))
def test_it_stands_when_one_part_fails(signed_in, acme, ana, monkeypatch, name):
    """R146: the part says so with ids and a retry, even after a failed query; the rest is there."""

    def fail(tenant, member, days):
        with connection.cursor() as cursor:
            cursor.execute("select no_such_column from recommendations_product")

    card = views.CARDS[name]
    monkeypatch.setitem(views.CARDS, name, Card(card.name, fail, card.template))
    answer = page(signed_in(ana))
    text = answer.content.decode()
    assert answer.status_code == 200
    assert text.count("This part could not be loaded.") == 2  # the card, and the template for later failures
    assert answer["X-Request-Id"] in text
    assert "Set up your shop" in text
    assert "Last 28 days" in text
    alone = part(signed_in(ana), name)
    assert alone.status_code == 500


def test_it_marks_when_a_version_was_activated(signed_in, acme, ana):
    version = acme.model_versions.create(number=4, algorithm="als")
    acme.alias_moves.create(name="champion", version=version, moved_at=timezone.now() - timedelta(days=2))
    for ago in range(5):
        day = timezone.now().date() - timedelta(days=ago)
        acme.daily_performance.create(day=day, version=4, currency="EUR", impressions=100, clicks=5 + ago)
    text = part(signed_in(ana), "ctr").content.decode()
    assert "v4 activated" in text
    assert "Shaded: 95% interval of v4" in text
