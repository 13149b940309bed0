"""What a shop decides about its lists, seen over HTTP: filters, boosts, placements, rules, several lists in a call."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from recommendations import candidates
from tenants import epochs
from tests import make
from tests.recommendations import shops

PATH = "/api/v1/recommendations"


@pytest.fixture(autouse=True)
def _fresh_process() -> None:
    candidates.forget()


@pytest.fixture
def shop(acme: Any) -> Any:
    """Teas and toys with prices, brands and categories, and a model."""
    for number, name in enumerate([*shops.TEA, *shops.TOY]):
        taste = name.partition("-")[0]
        make.product(
            acme,
            name,
            title=f"The {name}",
            price=Decimal(5 + number),
            brand=("Acme", "Bolt")[number % 2],
            categories=[taste.title()],
            tags=["wool"] if number % 3 == 0 else [],
            attributes={"colour": ("red", "blue")[number % 2]},
        )
    shops.sell(acme)
    shops.fit(acme)
    return acme


def ask(api: Any, *, status: int = 200, **body: Any) -> Any:
    response = api.post(PATH, body)
    assert response.status_code == status, response.content
    return response.json()


def names(answer: Any) -> list[str]:
    return [item["product_id"] for item in answer["items"]]


def placement(shop: Any, code: str = "home", **fields: Any) -> Any:
    row = shop.placements.create(code=code, name=code.title(), **fields)
    epochs.bump_now(shop.pk, "control")
    return row


def rule(shop: Any, action: str, **fields: Any) -> Any:
    row = shop.rules.create(name=fields.pop("name", f"A {action}"), action=action, **fields)
    epochs.bump_now(shop.pk, "control")
    return row


def told(answer: Any) -> dict[str, str]:
    return {error["field"]: error["message"] for error in answer["errors"]}


def test_a_filter_holds_for_every_product(shop: Any, api: Any) -> None:
    found = ask(api, customer_id="t-1", limit=16, filter='price < 9 and brand == "acme"')
    assert set(names(found)) == {"tea-0", "tea-2"}
    assert any("Only 2 of 16" in warning for warning in found["warnings"])
    get = api.get(f"{PATH}?customer_id=t-1&filter=price+%3C+9").json()
    assert set(names(get)) == {"tea-0", "tea-1", "tea-2", "tea-3"}


def test_a_filter_knows_the_product_of_the_page(shop: Any, api: Any) -> None:
    found = ask(api, type="similar", product_id="tea-3", limit=10, filter="price < context.price")
    assert set(names(found)) == {"tea-0", "tea-1", "tea-2"}


@pytest.mark.parametrize(
    ("text", "column"), [("price <", 8), ("pric < 3", 1), ("price < 'x'", 9), ("in_stock and", 13), ("(price < 3", 11)]
)
def test_a_wrong_filter_points_at_its_column(text: str, column: int, shop: Any, api: Any) -> None:
    message = told(ask(api, status=400, filter=text))["filter"]
    assert message.startswith(f"Column {column}: ")


def test_a_filter_that_nothing_passes_is_an_honest_short_list(shop: Any, api: Any) -> None:
    found = ask(api, customer_id="t-1", filter="price > 1000 and price < 3")
    assert found["items"] == []
    assert "Only 0 of 10 products can be shown." in found["warnings"]


def test_a_boost_lifts_and_lowers(shop: Any, api: Any) -> None:
    plain = names(ask(api, customer_id="t-1", limit=6))
    last = plain[-1]
    lifted = ask(api, customer_id="t-1", limit=6, boosts=[{"filter": f'id == "{last}"', "factor": 100}])
    assert names(lifted)[0] == last
    lowered = ask(api, customer_id="t-1", limit=6, boosts=[{"filter": f'id == "{plain[0]}"', "factor": 0}])
    assert names(lowered)[0] != plain[0]


def test_it_ranks_the_products_that_it_is_given(shop: Any, api: Any) -> None:
    given = ["toy-1", "tea-2", "toy-3", "tea-4", "gone"]
    found = ask(api, customer_id="t-1", candidates=given)
    assert set(names(found)) == set(given) - {"gone"}
    assert {*names(found)[:2]} == {"tea-2", "tea-4"}
    assert found["missing_ids"] == ["gone"]


def test_it_lists_fewer_rather_than_weak_ones(shop: Any, api: Any) -> None:
    strong = ask(api, customer_id="t-1", limit=16, min_relevance=0.9, fallback="none")
    assert 0 < len(strong["items"]) < 8
    top = strong["items"][0]["score"]
    assert all(item["score"] >= 0.9 * top - 1e-6 for item in strong["items"])


def test_validate_only_says_what_is_wrong_and_recommends_nothing(shop: Any, api: Any) -> None:
    found = ask(api, product_id=["tea-1", "gone"], type="similar", validate_only=True)
    assert found["valid"] is True
    assert found["missing_ids"] == ["gone"]
    assert "items" not in found
    assert "filter" in told(ask(api, status=400, filter="nonsense >", validate_only=True))


def test_a_placement_decides_what_the_call_leaves_open(shop: Any, api: Any) -> None:
    placement(shop, "home", kind="popular", count=3, filter='"toy" in categories')
    found = ask(api, placement="home", customer_id="t-1")
    assert found["type"] == "popular"
    assert len(found["items"]) == 3
    assert all(name.startswith("toy") for name in names(found))
    own = ask(api, placement="home", customer_id="t-1", type="personalised", limit=2)
    assert (own["type"], len(own["items"])) == ("personalised", 2)
    assert all(name.startswith("toy") for name in names(own))


def test_a_placement_that_is_switched_off_shows_nothing(shop: Any, api: Any) -> None:
    placement(shop, "home", is_active=False)
    found = ask(api, placement="home")
    assert (found["items"], found["strategy_reason"]) == ([], "placement_off")


def test_a_filter_that_cannot_be_read_any_more_is_told(shop: Any, api: Any) -> None:
    placement(shop, "home", filter="gone_field == 1", count=2)
    found = ask(api, placement="home")
    assert len(found["items"]) == 2
    assert any("filter" in warning for warning in found["warnings"])


def test_an_unknown_placement_follows_the_request_and_is_told(shop: Any, api: Any) -> None:
    placement(shop, "home")
    found = ask(api, placement="hoem", limit=2)
    assert len(found["items"]) == 2
    assert any("hoem" in warning for warning in found["warnings"])


def test_several_placements_show_no_product_twice(shop: Any, api: Any) -> None:
    placement(shop, "top", count=4)
    placement(shop, "cart", kind="bought_together", count=4)
    found = ask(
        api,
        customer_id="t-1",
        product_id="tea-1",
        details=True,
        placements=[{"placement": "top"}, {"placement": "cart"}, {"placement": "more", "type": "popular", "limit": 4}],
    )
    lists = {name: names(answer) for name, answer in found["placements"].items()}
    assert list(lists) == ["top", "cart", "more"]
    shown = [name for one in lists.values() for name in one]
    assert len(shown) == len(set(shown)) == 12
    assert len({answer["recommendation_id"] for answer in found["placements"].values()}) == 3


@pytest.mark.parametrize(
    ("placements", "field"),
    [
        ([], "placements"),
        ("top", "placements"),
        ([{}], "placements.0.placement"),
        ([{"placement": "a"}, {"placement": "a"}], "placements.1.placement"),
        (["a"], "placements.0"),
        ([{"placement": "a", "limit": -1}], "placements.0.limit"),
        ([{"placement": "a", "filter": "x"}], "placements.0.filter"),
        ([{"placement": "a"}] * 11, "placements"),
        ([{"placement": "a", "customer_id": "x"}], "placements.0.customer_id"),
    ],
)
def test_a_wrong_list_of_a_call_is_named(placements: Any, field: str, shop: Any, api: Any) -> None:
    assert field in told(ask(api, status=400, placements=placements))


def test_rules_pin_exclude_boost_and_bury(shop: Any, api: Any) -> None:
    plain = names(ask(api, customer_id="t-1", limit=6))
    rule(shop, "pin", products=["toy-7"], position=2)
    pinned = ask(api, customer_id="t-1", limit=6)
    assert names(pinned)[1] == "toy-7"
    assert pinned["items"][1]["source"] == "rule"
    assert pinned["items"][1]["reason"] == "Selected by the shop"
    rule(shop, "exclude", filter=f'id == "{plain[0]}"')
    assert plain[0] not in names(ask(api, customer_id="t-1", limit=16))
    rule(shop, "bury", products=[plain[1]], factor=0.001)
    assert names(ask(api, customer_id="t-1", limit=6))[0] not in plain[:2]
    rule(shop, "exclude", products=["toy-7"], name="Recall")
    assert "toy-7" not in names(ask(api, customer_id="t-1", limit=16)), "exclude stands before pin"


def test_a_rule_has_its_place_its_time_and_its_people(shop: Any, api: Any) -> None:
    now = timezone.now()
    placement(shop, "home")
    rule(shop, "exclude", products=["tea-0"], placements=["home"])
    rule(shop, "exclude", products=["tea-1"], starts_at=now + timedelta(hours=1))
    rule(shop, "exclude", products=["tea-2"], ends_at=now - timedelta(hours=1))
    rule(shop, "exclude", products=["tea-3"], segment="shopper.is_known")
    known = set(names(ask(api, customer_id="t-1", limit=16, placement="home")))
    assert not {"tea-0", "tea-3"} & known
    assert {"tea-1", "tea-2"} <= known
    guest = set(names(ask(api, session_id="guest", limit=16)))
    assert {"tea-0", "tea-3"} <= guest


def test_a_decision_is_followed_by_the_next_call(shop: Any, api: Any) -> None:
    first = names(ask(api, customer_id="t-1", limit=3))[0]
    row = rule(shop, "exclude", products=[first])
    assert first not in names(ask(api, customer_id="t-1", limit=16))
    row.delete()
    epochs.bump_now(shop.pk, "control")
    assert first in names(ask(api, customer_id="t-1", limit=16))


def test_what_was_bought_is_shown_by_the_placement_s_switch(shop: Any, api: Any) -> None:
    lines = shop.order_lines.filter(order__customer__external_id="t-1")
    bought = set(lines.values_list("product_external_id", flat=True))
    placement(shop, "show", bought="show")
    placement(shop, "hide", bought="hide")
    placement(shop, "again", bought="again")
    shop.merchandising.create(bought_again=["tea"])
    epochs.bump_now(shop.pk, "control")
    assert bought & set(names(ask(api, customer_id="t-1", placement="show", limit=16)))
    assert not bought & set(names(ask(api, customer_id="t-1", placement="hide", limit=16)))
    assert bought & set(names(ask(api, customer_id="t-1", placement="again", limit=16)))


def test_reasons_are_in_the_shop_s_language(shop: Any, api: Any) -> None:
    assert "Because you bought The " in " ".join(item["reason"] for item in ask(api, customer_id="t-1")["items"])
    shop.merchandising.create(language="de")
    epochs.bump_now(shop.pk, "control")
    german = ask(api, type="popular")["items"]
    assert german[0]["reason"] == "Beliebt in diesem Shop"
    assert ask(api, type="popular", language="fr")["items"][0]["reason"] == "Populaire dans cette boutique"


def test_a_stranger_s_placements_and_rules_do_nothing(shop: Any, globex: Any, api: Any) -> None:
    before = names(ask(api, customer_id="t-1", limit=6))
    placement(globex, "home", count=1)
    rule(globex, "exclude", products=before)
    assert names(ask(api, customer_id="t-1", limit=6, placement="home")) == before


def test_a_look_is_completed_from_other_categories_by_what_fits(acme: Any, api: Any) -> None:
    for name, category, colour in (
        ("coat", "Coats", "red"),
        ("coat-2", "Coats", "red"),
        ("hat-red", "Hats", "red"),
        ("hat-blue", "Hats", "blue"),
        ("shoe", "Shoes", "red"),
        ("bag", "Bags", "blue"),
    ):
        make.product(acme, name, title=f"The {name}", categories=[category], attributes={"colour": colour})
    for number in range(24):
        bought = ["coat", "hat-red" if number % 2 else "hat-blue", "shoe", "coat-2", "bag"][: 3 + number % 3]
        make.order(acme, bought, customer=make.customer(acme, f"k-{number}"), days_ago=30 - number)
    shops.fit(acme)
    found = ask(api, type="complete-the-look", product_id="coat", limit=4, fallback="none", details=True)
    listed = names(found)
    assert "coat-2" not in listed, "of the same category"
    assert len([name for name in listed if name.startswith("hat")]) == 1
    assert "hat-red" in listed, "as often bought as the blue one, and of the coat's colour"
    assert {"shoe", "bag"} <= set(listed)
    assert {item["reason"] for item in found["items"]} == {"Completes the look with The coat"}
    by_address = api.get(f"{PATH}/outfit/coat?limit=4&fallback=none").json()
    assert names(by_address) == listed


def test_variants_of_one_product_are_listed_once(shop: Any, api: Any) -> None:
    for name in shops.TEA[:4]:
        shop.products.filter(external_id=name).update(attributes={"item_group_id": "g"}, updated_at=timezone.now())
    epochs.bump_now(shop.pk, "catalogue")
    listed = names(ask(api, customer_id="t-1", limit=16))
    assert len(set(shops.TEA[:4]) & set(listed)) == 1


def test_a_placement_spreads_brands_and_categories(shop: Any, api: Any) -> None:
    placement(shop, "mixed", count=6, most_of_category=3)
    placement(shop, "brands", count=4, most_of_brand=2)
    placement(shop, "diverse", count=6, diversity=0.9)
    mixed = names(ask(api, customer_id="t-1", placement="mixed"))
    assert len([name for name in mixed if name.startswith("tea")]) == 3
    brands = [item["product_id"] for item in ask(api, customer_id="t-1", placement="brands")["items"]]
    numbers = [[*shops.TEA, *shops.TOY].index(name) % 2 for name in brands]
    assert numbers.count(0) == numbers.count(1) == 2
    plain = names(ask(api, customer_id="t-1", limit=6))
    assert len({name[:3] for name in plain}) == 1
    assert len({name[:3] for name in names(ask(api, customer_id="t-1", placement="diverse"))}) == 2


def test_rotation_changes_the_order_from_hour_to_hour_and_not_within(shop: Any, api: Any) -> None:
    import time_machine

    placement(shop, "home", rotation=1.0, count=6)
    now = timezone.now().replace(minute=5)
    seen = []
    for hour in range(4):
        for minute in (0, 30):
            with time_machine.travel(now + timedelta(hours=hour, minutes=minute), tick=False):
                seen.append(names(ask(api, customer_id="t-1", placement="home")))
    assert all(seen[2 * hour] == seen[2 * hour + 1] for hour in range(4))
    assert len({tuple(one) for one in seen}) > 1
