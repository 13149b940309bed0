"""Routing: one route per subject and list, the same in every process."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelregistry import bucketing, routing
from modelregistry.models import Experiment
from modelregistry.routing import CHAMPION, Canary, Routes

SUBJECTS = [f"customer-{number}" for number in range(2000)]
HOLDOUT = Experiment(number=1, key="held-out", unit="holdout", share_b=10)
TEST = Experiment(number=2, key="newer", unit="version", a={"version": 3}, b={"version": 4}, share_b=50)
WEIGHTS = Experiment(number=3, key="bolder", unit="weights", b={"weights": {"neighbours": 2}}, placements=["home"])
RULES = Experiment(number=4, key="rules", unit="rules", a={"rules": [7]}, b={"rules": [8, 9]}, placements=["cart"])


def routes(*experiments: Experiment, holdout: Experiment | None = None, canary: Canary | None = None) -> Routes:
    compiled = tuple(routing.trial(one) for one in experiments)
    return Routes(routing.trial(holdout) if holdout else None, compiled, canary)


def test_it_sends_everybody_to_the_champion_without_an_experiment() -> None:
    assert {routes().choose(one, "home") for one in map(str, range(50))} == {CHAMPION}
    assert CHAMPION.is_usual


def test_it_splits_by_the_hash_of_key_and_subject() -> None:
    """R35."""
    both = routes(TEST)
    for subject in SUBJECTS:
        found = both.choose(subject, "anywhere")
        expected = "AB"[bucketing.arm("newer", subject, (50, 50))]
        assert (found.experiment, found.arm, found.version) == (2, expected, 3 if expected == "A" else 4)
    assert both.choose("", "anywhere") == CHAMPION


def test_it_covers_only_its_placements() -> None:
    some = routes(WEIGHTS, RULES)
    for subject in SUBJECTS[:50]:
        home, cart = some.choose(subject, "home"), some.choose(subject, "cart")
        assert home.weights == ({"neighbours": 2.0} if home.arm == "B" else {})
        assert cart.without == ({7} if cart.arm == "B" else {8, 9})
        assert some.choose(subject, "search") == CHAMPION


def test_it_keeps_who_is_held_out_of_every_test() -> None:
    both = routes(TEST, holdout=HOLDOUT)
    found = [both.choose(subject, "") for subject in SUBJECTS]
    held = [one for one in found if one.held_out]
    assert {(one.experiment, one.arm, one.version) for one in held} == {(1, "B", 0)}
    assert 0.07 < len(held) / len(found) < 0.13
    assert {one.experiment for one in found if not one.held_out} == {2}
    alone = routes(holdout=HOLDOUT)
    assert {(one.experiment, one.arm) for one in (alone.choose(s, "") for s in SUBJECTS)} == {(1, "A"), (1, "B")}


def test_it_gives_a_canary_its_share_of_those_in_no_test_of_versions() -> None:
    some = routes(canary=Canary(9, "release-9", 100))
    taken = [some.choose(subject, "").is_canary for subject in SUBJECTS]
    assert 0.004 < sum(taken) / len(taken) < 0.02
    assert not any(routes(TEST, canary=Canary(9, "release-9", 9999)).choose(s, "").is_canary for s in SUBJECTS)
    beside = routes(WEIGHTS, canary=Canary(9, "release-9", 10_000)).choose("x", "home")
    assert (beside.version, beside.experiment, beside.is_canary) == (9, 3, True)


def test_it_leaves_out_whole_tests_that_cannot_be_served() -> None:
    """Both arms get the champion and count for nothing: half a test would say something false."""
    some = routes(TEST, RULES, canary=Canary(4, "r", 10_000)).lacking({4})
    assert {some.choose(subject, "") for subject in SUBJECTS} == {CHAMPION}
    assert some.versions == frozenset()
    assert some.choose("x", "cart").experiment == 4


@given(st.text(min_size=1, max_size=64), st.sampled_from("AB"), st.integers(1, 99))
def test_it_keeps_an_arm_that_was_seen(subject: str, arm: str, share: int) -> None:
    """A guest who signs in keeps the arm; one seen before the phase began does not bind."""
    test = routing.Trial(5, "sticky", (100 - share, share), frozenset(), 1000.0, routing.trial(TEST).routes)
    some = Routes(tests=(test,))
    assert some.choose(subject, "", {5: [(arm, 1000.0)]}).arm == arm
    usual = some.choose(subject, "").arm
    assert some.choose(subject, "", {5: [(arm, 999.9)]}).arm == usual
    assert some.choose(subject, "", {6: [(arm, 2000.0)]}).arm == usual
    assert some.choose(subject, "", {5: [("Z", 2000.0)]}).arm == usual
    assert some.choose(subject, "", {5: [("Z", 1.0), (arm, 1001.0), ("A", 1002.0)]}).arm == arm


@given(st.text(min_size=1, max_size=64), st.integers(1, 99), st.integers(1, 99))
def test_it_moves_nobody_out_of_the_growing_arm(subject: str, one: int, other: int) -> None:
    """R35."""
    small, large = sorted((one, other))
    arms = [
        routes(Experiment(number=1, key="k", unit="version", a={"version": 1}, b={"version": 2}, share_b=share))
        .choose(subject, "")
        .arm
        for share in (small, large)
    ]
    assert arms != ["B", "A"]


def test_it_reads_the_running_ones_of_its_tenant(acme: Any, globex: Any) -> None:
    from django.utils import timezone

    for tenant, state in ((acme, "running"), (acme, "draft"), (globex, "running")):
        tenant.experiments.create(
            number=tenant.experiments.count() + 1,
            key=f"k-{state}",
            name="x",
            unit="holdout",
            state=state,
            phase_started_at=timezone.now(),
        )
    assert routing.of(acme).holdout.number == 1  # type: ignore[union-attr]
    assert routing.of(acme, model="other") == routing.NOTHING


@pytest.mark.parametrize("name", ["is_canary", "held_out"])
def test_it_marks_what_is_not_usual(name: str) -> None:
    assert getattr(CHAMPION, name) is False
