"""What a budget lets a search try."""

from __future__ import annotations

import pytest

from recommendations.evaluation import budget
from recommendations.evaluation.grid import Nature


def nature(products: int = 2_000, events: int = 50_000) -> Nature:
    return Nature(products=products, events=events, ordered=True, timed=True, repeats=True, primary=0, sides=())


def planned(found: budget.Affordable, of: Nature) -> float:
    return sum(budget.cost(family.name, of) * (len(family.params) + 1) for family in found.families)


@pytest.mark.parametrize("events", [2_000, 200_000])
def test_it_tries_more_for_more_time_and_keeps_within_it(events: int) -> None:
    of = nature(events=events)
    counts = []
    for seconds in (10.0, 60.0, 600.0):
        found = budget.affordable(of, seconds, described=True)
        counts.append(sum(len(family.params) for family in found.families))
        assert planned(found, of) <= seconds + 1e-6
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]


def test_it_leaves_out_what_a_live_request_could_not_afford() -> None:
    found = budget.affordable(nature(products=50_000), 600.0, described=True)
    tried = {family.name for family in found.families}
    assert not tried & (budget.DENSE | budget.NOT_LIVE)
    assert "scores all of more than 20,000 products" in found.left_out["als"]
    assert max(option.get("keep", 0) for family in found.families for option in family.params) <= budget.SHORT
    small = {family.name for family in budget.affordable(nature(), 600.0, described=True).families}
    assert {"als", "content", "popularity", "local_ease"} <= small
    assert not small & budget.NOT_LIVE


def test_it_says_what_takes_too_long_and_always_leaves_something() -> None:
    found = budget.affordable(nature(events=5_000_000, products=1_000_000), 20.0, described=True)
    assert "does not bear it" in found.left_out["local_ease"]
    assert "neighbours" in {family.name for family in found.families}


def test_it_tries_real_visits_only_where_moments_are_real() -> None:
    timed = next(f for f in budget.affordable(nature(), 60.0, described=False).families if f.name == "transitions")
    assert [option.get("gap", 0) for option in timed.params[:2]] == [0, 1_800]


def test_the_usual_parts_take_after_the_habits_of_the_shop() -> None:
    """What is not bought again stands behind all else, which needs best sellers in the sum."""
    parts = {part["name"]: part["weight"] for part in budget.usual(500, described=True, again=-1.0)}
    assert parts["repurchase"] < 0 < parts["popularity"]
    assert "content" in parts
    assert "repurchase" not in {part["name"] for part in budget.usual(500, again=0.0)}
    large = {part["name"]: part["weight"] for part in budget.usual(50_000, again=-1.0)}
    assert set(large) == {"local_ease"}
