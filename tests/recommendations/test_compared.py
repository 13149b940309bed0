"""Blend weights and rule sets under comparison: what a shopper of each arm gets, and what the winner changes."""

from typing import Any

import pytest

from luxebrain.lib.problems import Problem
from modelregistry import experiments
from recommendations import candidates, placements, rules
from tests import make
from tests.recommendations import shops
from tests.recommendations.test_arms import who
from tests.recommendations.test_serving import ask, names


@pytest.fixture(autouse=True)
def _fresh_process() -> None:
    candidates.forget()


@pytest.fixture
def shop(acme: Any) -> Any:
    shops.stock(acme)
    shops.sell(acme)
    shops.fit(acme)
    with make.inside(acme) as tenant:
        placements.begin(tenant, by=None)
    return acme


def begin(tenant: Any, **facts: Any) -> Any:
    with make.inside(tenant) as inside:
        return experiments.start(experiments.set_up(inside, by=None, name="Trial", **facts), by=None)


def conclude(tenant: Any, winner: str) -> None:
    with make.inside(tenant) as inside:
        experiments.conclude(experiments.find(inside, 1), winner=winner, by=None)


@pytest.mark.parametrize("winner", ["A", "B"])
def test_it_tries_rules_on_an_arm_and_switches_the_losers_off(shop: Any, api: Any, winner: str) -> None:
    with make.inside(shop) as tenant:
        first = rules.create(tenant, by=None, name="Pin tea", action="pin", products=["tea-7"], placements=["home"])
        other = rules.create(tenant, by=None, name="Pin toy", action="pin", products=["toy-7"], placements=["home"])
        both = rules.create(tenant, by=None, name="Never", action="exclude", products=["toy-1"])
    begin(shop, unit="rules", a={"rules": [first.pk]}, b={"rules": [other.pk]}, placements=["home"])
    a, b = who("trial", "A"), who("trial", "B")
    assert names(ask(api, session_id=a, placement="home"))[0] == "tea-7"
    assert names(ask(api, session_id=b, placement="home"))[0] == "toy-7"
    assert "toy-1" not in names(ask(api, session_id=b, placement="home", limit=16))
    conclude(shop, winner)
    on = set(shop.rules.filter(is_active=True).values_list("pk", flat=True))
    assert on == {both.pk, first.pk if winner == "A" else other.pk}
    pinned = {names(ask(api, session_id=one, placement="home"))[0] for one in (a, b)}
    assert pinned == {"tea-7" if winner == "A" else "toy-7"}


def test_it_tries_weights_and_writes_the_winners_into_the_placement(shop: Any, api: Any) -> None:
    begin(shop, unit="weights", b={"weights": {"neighbours": 3}}, placements=["home"])
    a = ask(api, customer_id=who("trial", "A", like="t"), placement="home")
    b = ask(api, customer_id=who("trial", "B", like="t"), placement="home")
    assert (a["arm"], b["arm"]) == ("A", "B")
    conclude(shop, "B")
    assert shop.placements.get(code="home").weights == {"neighbours": 3.0}
    assert shop.placements.get(code="cart").weights == {}
    assert shop.audit_entries.filter(action="placements.update", target="home").exists()


@pytest.mark.parametrize(
    ("facts", "field", "words"),
    [
        ({"unit": "weights", "b": {"weights": {"neighbours": 2}}}, "placements", "Name the placements"),
        ({"unit": "weights", "b": {"weights": {"luck": 2}}, "placements": ["home"]}, "b", "no part"),
        ({"unit": "weights", "b": {"weights": {"neighbours": -1}}, "placements": ["home"]}, "b", ""),
        ({"unit": "weights", "b": {"weights": {"neighbours": 1}}, "placements": ["home"]}, "b", "nothing to compare"),
        ({"unit": "weights", "b": {"weights": 3}, "placements": ["home"]}, "b", "under weights"),
        ({"unit": "weights", "b": {"weights": {"neighbours": 2}}, "placements": ["attic"]}, "placements", "attic"),
        ({"unit": "rules", "a": {"rules": []}, "b": {"rules": []}}, "b", "nothing to compare"),
        ({"unit": "rules", "b": {"rules": [10**9]}}, "b", "No rule that is on"),
        ({"unit": "rules", "b": {"rules": "7"}}, "b", "under rules"),
        ({"unit": "rules", "b": {"rules": [True]}}, "b", "under rules"),
        ({"unit": "rules", "b": {"rules": [7, 7]}}, "b", "each once"),
        ({"unit": "rules", "b": {"version": 2}}, "b", "under rules"),
    ],
)
def test_it_says_what_cannot_be_compared(shop: Any, facts: Any, field: str, words: str) -> None:
    with pytest.raises(Problem) as caught, make.inside(shop) as tenant:
        experiments.set_up(tenant, by=None, name="Trial", **facts)
    assert words in {one["field"]: one["message"] for one in caught.value.errors}[field]


def test_a_rule_of_a_stranger_is_no_rule(shop: Any, globex: Any) -> None:
    make.product(globex, "x")
    with make.inside(globex) as tenant:
        foreign = rules.create(tenant, by=None, name="Pin", action="pin", products=["x"])
    with pytest.raises(Problem), make.inside(shop) as tenant:
        experiments.set_up(tenant, by=None, name="Trial", unit="rules", b={"rules": [foreign.pk]})
