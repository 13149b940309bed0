"""What a rule or new settings change on real lists of yesterday, and what it costs in expected clicks."""

import re
import uuid
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.utils import timezone

from recommendations import answer_rows, identity, simulation
from tests.recommendations import shops
from tests.recommendations.panel.test_placements import GIVEN as PLACEMENT
from tests.recommendations.panel.test_rules import GIVEN as RULE

RULES, PLACEMENTS = "/t/acme/rules", "/t/acme/placements"


def yesterday(tenant):
    return datetime.now(tenant.zone).replace(hour=12, minute=0) - timedelta(days=1)


def ask(tenant, items, *, customer, at, placement="home", **asked):
    """One list as it was answered; its id."""
    answer_rows.ensure_partitions({at.astimezone(UTC).date()})
    about = {"placement": placement, "customer_external_id": customer}
    query = {"placement": placement, "customer_id": customer, **asked}
    name = identity.make(1)
    tenant.served_lists.create(
        at=at, recommendation_id=name, request_id="r", kind="personalised", strategy="model",
        products=items, facts={"query": query}, **about,
    )  # fmt: skip
    return name


def show(tenant, items, *, customer, at, clicked=(), placement="home"):
    """One list as a shop reports it: shown whole, then each click."""
    about = {"recommendation_id": identity.make(1), "placement": placement, "customer_external_id": customer}
    tenant.events.create(id=uuid.uuid4(), kind="impression", occurred_at=at, properties={"items": items}, **about)
    for name in clicked:
        tenant.events.create(
            id=uuid.uuid4(), kind="click", occurred_at=at + timedelta(seconds=9), product_external_id=name, **about
        )


@pytest.fixture
def shop(acme):
    shops.stock(acme)
    shops.sell(acme)
    shops.fit(acme)
    acme.placements.create(code="home", name="Home", count=4, surface="home")
    return acme


@pytest.fixture
def owner(ana, signed_in):
    return signed_in(ana)


@pytest.fixture
def shown(shop):
    """Thirty lists of yesterday, half of them to tea drinkers; the first place is clicked most."""
    for number in range(30):
        who, taste = (f"t-{number}", shops.TEA) if number % 2 else (f"y-{number}", shops.TOY)
        clicked = taste[: 1 + number % 4]
        ask(shop, taste[:4], customer=who, at=yesterday(shop) + timedelta(seconds=number))
        show(shop, taste[:4], customer=who, at=yesterday(shop), clicked=clicked)
    return shop


def simulated(client, path, given, **values):
    answer = client.post(path, given | values, headers={"hx-request": "true"})
    page = unescape(answer.content.decode())
    assert answer.status_code == 200, page[:2000]
    assert page.lstrip().startswith('<div id="simulation"')
    return re.sub(r"<[^>]+>", "", page)


def rule(client, **values):
    return simulated(client, f"{RULES}/new/simulate", RULE | {"name": ""}, **values)


def test_it_says_which_products_come_and_go(owner, shown):
    page = rule(owner, action="exclude", products=["tea-0", "tea-1", "tea-2"])
    assert "of 30 lists change." in page
    assert "30 lists at random from 30 that your shop asked for yesterday" in page
    left = page[page.index("Shown in fewer lists") :]
    assert "The tea-" in left
    assert "The toy-" not in left
    pin = rule(owner, action="pin", products=["tea-0"], position="1")
    assert "The tea-0" in pin[pin.index("Shown in more lists") :]
    assert not shown.rules.exists()


def test_a_rule_that_changes_nothing_says_so(owner, shown):
    shown.products.filter(external_id="tea-0").update(stock=0)
    page = rule(owner, action="boost", products=["tea-0"])
    assert "0 of 30 lists change." in page


def test_it_says_what_it_costs_in_expected_clicks(owner, shown):
    assert "Too little data for expected clicks: 73 of 100 clicks" in rule(owner, action="exclude", products=["tea-0"])
    before = yesterday(shown) - timedelta(days=4)
    for number in range(50):
        show(shown, shops.TEA[:4], customer=f"t-{number}", at=before, clicked=shops.TEA[:3])
        show(shown, shops.TEA[4:], customer=f"t-{number}", at=before, clicked=shops.TEA[4:7])
        show(shown, shops.TOY, customer=f"t-{number}", at=before)
    page = rule(owner, action="exclude", products=shops.TEA)
    assert "Fewer clicks expected: −" in page
    assert "373 clicks, the usual fall from place to place" in page
    assert "Expected clicks without" in page


def test_it_follows_the_fitted_curve_once_there_are_enough_clicks(owner, shown):
    for number in range(200):
        show(
            shown,
            shops.TEA[:4],
            customer=f"t-{number}",
            at=yesterday(shown) - timedelta(days=4),
            clicked=shops.TEA[: 1 + number % 4],
        )
    assert "places as your shoppers look at them" in rule(owner, action="exclude", products=shops.TEA)


def test_without_reported_lists_the_answered_ones_count(owner, shop):
    for number in range(60):
        at = yesterday(shop) + timedelta(seconds=number)
        listed = ask(shop, shops.TEA[:4], customer=f"t-{2 * (number // 4) + 1}", at=at)
        for name in shops.TEA[:2]:
            shop.events.create(
                id=uuid.uuid4(), kind="click", occurred_at=at, product_external_id=name, recommendation_id=listed
            )
    page = rule(owner, action="exclude", products=shops.TEA)
    assert "120 clicks on answered lists (none was reported as shown)" in page


def test_it_looks_at_the_placements_of_the_rule(owner, shown):
    shown.placements.create(code="cart", name="Cart", count=4)
    ask(shown, shops.TOY[:4], customer="y-2", at=yesterday(shown), placement="cart")
    assert "of 1 lists change" in rule(owner, action="exclude", placements=["cart"], products=["toy-1"])


def test_it_asks_as_the_shop_asked(owner, shown):
    """Beside a product, with the limit of the call; a request that cannot be read any more is left out."""
    shown.placements.create(code="beside", name="Beside", kind="similar", count=4)
    ask(shown, [], customer="", at=yesterday(shown), placement="beside", product_ids=["tea-3"], limit=2)
    ask(shown, [], customer="", at=yesterday(shown), placement="beside", product_ids=["tea-4"], filter="gone == 1")
    page = rule(owner, action="pin", placements=["beside"], products=["toy-1"], position="1")
    assert "1 of 1 lists change" in page
    assert "1 lists at random from 2" in page
    left = page[page.index("Shown in fewer lists") :]
    assert left.count("The tea-") == 1


def test_it_takes_the_last_seven_days_or_says_that_there_is_nothing(owner, shop):
    page = rule(owner, action="exclude", products=["tea-0"])
    assert "There is nothing to replay" in page
    assert "Look at single shoppers instead" in page
    ask(shop, shops.TEA[:4], customer="t-1", at=timezone.now() - timedelta(days=4))
    assert "in the last 7 days" in rule(owner, action="exclude", products=["tea-0"])


def test_a_saved_rule_is_held_against_none(owner, shown):
    owner.post(f"{RULES}/new", RULE | {"action": "exclude", "products": ["tea-0", "tea-1"]})
    saved = shown.rules.get()
    page = simulated(owner, f"{RULES}/{saved.pk}/simulate", RULE, action="exclude", products=["tea-0", "tea-1"])
    assert "Shown in fewer lists" in page
    ends = (timezone.now() - timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    over = simulated(owner, f"{RULES}/{saved.pk}/simulate", RULE, action="exclude", products=["tea-0"], ends_at=ends)
    assert "Shown in fewer lists" in over  # as if it held now


def test_it_stops_in_time_and_says_so(owner, shown, monkeypatch):
    monkeypatch.setattr(simulation, "SECONDS", 0.0)
    page = rule(owner, action="exclude", products=["tea-0"])
    assert "of 1 lists change" in page
    assert "(all that fitted into 0 s, of 30 picked)" in page


def test_it_simulates_a_placements_settings(owner, shown):
    def asked(**values):
        given = PLACEMENT | {"count": "4", "name": "Home", "bought": "show"}
        return simulated(owner, f"{PLACEMENTS}/simulate/home", given, **values)

    assert "0 of 30 lists change." in asked()
    page = asked(filter='title contains "toy"')
    assert "The tea-" in page[page.index("Shown in fewer lists") :]
    assert "30 lists get shorter" in asked(count="2")
    assert "Column 8" in asked(filter="price <")
    assert shown.placements.get().count == 4


def test_what_is_missing_is_said(owner, shown):
    assert "Choose products, or write an expression." in rule(owner, products=[])


def test_without_scripts_the_button_draws_it(owner, shown):
    answer = owner.post(f"{RULES}/new", RULE | {"simulate": "1", "action": "exclude", "products": ["tea-0"]})
    assert answer.status_code == 200
    assert "of 30 lists change." in unescape(answer.content.decode())
    assert not shown.rules.exists()


def test_an_analyst_does_not_simulate(signed_in, ben, shown):
    assert signed_in(ben).post(f"{RULES}/new/simulate", RULE).status_code == 403
    page = unescape(signed_in(ben).post(f"{PLACEMENTS}/preview/home", {"try_customer": "t-1"}).content.decode())
    assert "The tea-" in page
