"""What contradicts what among rules, and which never hold: a pure function over rules and what they reach."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from recommendations import conflicts
from recommendations.conflicts import Reached
from recommendations.models import Placement, Rule

NOW = datetime(2030, 1, 10, tzinfo=UTC)
TITLES = ["Tea", "Cup", "Pot", "Jar", "Can"]
HOME = Placement(code="home", name="Home", count=4)
CART = Placement(code="cart", name="Cart", count=8, is_active=False)


def reached(pk, action, products=(0,), *, missing=(), unseen=(), count=None, **values):
    """A rule about the products of these numbers."""
    mask = np.zeros(len(TITLES), np.bool_)
    mask[list(products)] = True
    rule = Rule(pk=pk, name=f"r{pk}", action=action, products=[TITLES[n] for n in products], **values)
    return Reached(rule, np.packbits(mask), len(products) if count is None else count, missing, unseen)


def codes(*rules):
    found = conflicts.of_rules(rules, [HOME, CART], TITLES.__getitem__, now=NOW)
    return sorted((conflict.code, conflict.rules) for conflict in found)


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        ("exclude", "pin", "pinned-excluded"),
        ("exclude", "boost", "boosted-excluded"),
        ("exclude", "bury", "buried-excluded"),
        ("pin", "bury", "pinned-buried"),
        ("boost", "bury", "boosted-buried"),
    ],
)
def test_it_finds_two_rules_that_contradict_each_other(first, second, code):
    assert codes(reached(1, first), reached(2, second)) == [(code, (1, 2))]
    assert codes(reached(1, second), reached(2, first)) == [(code, (2, 1))]
    assert codes(reached(1, first, [0]), reached(2, second, [1])) == []


@pytest.mark.parametrize(
    ("first", "second"), [("boost", "boost"), ("bury", "bury"), ("exclude", "exclude"), ("pin", "boost")]
)
def test_rules_that_go_together_are_no_conflict(first, second):
    assert codes(reached(1, first), reached(2, second, position=3)) == []


def test_it_finds_pins_at_the_same_place():
    one = reached(1, "pin", [0, 1], position=2)
    assert codes(one, reached(2, "pin", [2], position=3)) == [("same-place", (1, 2))]
    assert codes(one, reached(2, "pin", [2], position=4)) == []
    assert codes(one, reached(2, "pin", [2], position=1)) == []


def test_rules_that_never_meet_do_not_conflict():
    boost, day = reached(1, "boost", placements=["home"]), timedelta(days=1)
    assert codes(boost, reached(2, "exclude", placements=["home"])) == [("boosted-excluded", (2, 1))]
    assert codes(boost, reached(2, "exclude")) == [("boosted-excluded", (2, 1))]
    assert codes(boost, reached(2, "exclude", is_active=False)) == []
    assert codes(reached(1, "boost", placements=["home"]), reached(2, "exclude", placements=["cart", "x"])) == [
        ("no-placement", (2,)),
        ("placement-off", (2,)),
    ]
    earlier, later = reached(1, "boost", ends_at=NOW + day), reached(2, "exclude", starts_at=NOW + day)
    assert codes(earlier, later) == []
    assert codes(earlier, reached(2, "exclude", starts_at=NOW)) == [("boosted-excluded", (2, 1))]


def test_it_finds_rules_that_never_hold():
    assert codes(reached(1, "boost", ends_at=NOW)) == [("expired", (1,))]
    assert codes(reached(1, "boost", [], filter="price < 0")) == [("nothing", (1,))]
    assert codes(reached(1, "boost", missing=("x",))) == [("missing", (1,))]
    assert codes(reached(1, "boost", unseen=(("Tea", "out of stock"),))) == [("unseen", (1,))]
    assert codes(reached(1, "boost", placements=["cart"])) == [("placement-off", (1,))]
    assert codes(reached(1, "boost", placements=["none"])) == [("no-placement", (1,))]
    assert codes(reached(1, "pin", [0, 1], position=4, placements=["home"])) == [("beyond", (1,))]
    assert codes(reached(1, "boost", is_active=False, missing=("x",))) == []


def test_it_says_it_in_words():
    [found] = conflicts.of_rules(
        [reached(1, "exclude", [0, 1, 2, 3, 4]), reached(2, "boost", [0, 1, 2, 3])], [], TITLES.__getitem__, now=NOW
    )
    assert found.text == "“r2” boosts what “r1” excludes; it is not shown: Tea, Cup, Pot and 1 more."


def test_it_finds_placements_left_with_too_little():
    def found(count, **values):
        row = Placement(code="home", count=count, filter="price < 5")
        return [conflict.code for conflict in conflicts.of_placement(row, for_sale=100, **values)]

    assert found(4, matching=3, left=3) == ["filter-leaves-few"]
    assert found(4, matching=4, left=3) == ["rules-leave-few"]
    assert found(4, matching=4, left=4) == []
