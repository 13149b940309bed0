"""Counting experiments: exposed at the impression, what followed, who crossed; against a count by hand."""

import itertools
import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from modelregistry import experiments
from modelregistry.models import ExperimentDay
from recommendations import exposures, identity, inbox
from tenants import work
from tests import make

_SINCE = timedelta(days=6)


@pytest.fixture
def trial(acme: Any) -> Any:
    """A running weights-like experiment whose phase began six days ago."""
    row = acme.experiments.create(
        number=3,
        key="trial",
        name="Trial",
        unit="holdout",
        state="running",
        share_b=50,
        started_at=timezone.now() - _SINCE,
        phase_started_at=timezone.now() - _SINCE,
    )
    acme.experiments.filter(pk=row.pk).update(unit="weights")
    row.refresh_from_db()
    return row


def listed(at: datetime, *, number: int = 3, arm: str = "A") -> str:
    """The id of a list that was answered at a moment."""
    name = identity.make(1, experiment=number, arm=arm)
    return f"rec_{int(at.timestamp() * 1000):012x}{name[16:]}"


def event(tenant: Any, kind: str, at: datetime, *, customer: str = "", session: str = "", **facts: Any) -> None:
    inbox.ensure_partitions([at.astimezone(UTC).date()])
    tenant.events.create(
        id=uuid4(), kind=kind, occurred_at=at, customer_external_id=customer, session_id=session, **facts
    )


def shown(tenant: Any, at: datetime, *, arm: str = "A", number: int = 3, placement: str = "", **who: str) -> str:
    name = listed(at - timedelta(seconds=1), number=number, arm=arm)
    event(tenant, "impression", at, recommendation_id=name, placement=placement, **who)
    return name


def counted(trial: Any, segment: str = "") -> dict[str, ExperimentDay]:
    """The newest row of each arm."""
    exposures.count(trial)
    return {row.arm: row for row in trial.days.filter(segment=segment, phase=trial.phase).order_by("day")}


def test_it_counts_from_the_impression_on(acme: Any, trial: Any) -> None:
    """Exposure is the impression; orders before it, and other experiments' lists, count for nothing."""
    start = trial.phase_started_at
    kim, lee = make.customer(acme, "kim"), make.customer(acme, "lee")
    name = shown(acme, start + timedelta(hours=5), customer="kim", placement="home")
    event(acme, "click", start + timedelta(hours=6), customer="kim", recommendation_id=name, product_external_id="a")
    event(acme, "click", start + timedelta(hours=7), customer="kim", recommendation_id=name, product_external_id="b")
    event(acme, "cart", start + timedelta(hours=1), customer="kim", product_external_id="a")
    event(acme, "cart", start + timedelta(hours=8), customer="kim", product_external_id="a")
    shown(acme, start + timedelta(hours=5), arm="B", session="s-1")
    shown(acme, start + timedelta(hours=5), number=4, session="s-2")
    event(acme, "impression", start + timedelta(hours=5), session="s-3", recommendation_id=identity.make(1))
    shown(acme, start + timedelta(hours=5))
    make.order(acme, ["a", "b"], customer=kim, days_ago=10)
    make.order(acme, ["a"], customer=kim, days_ago=5.9)
    make.order(acme, ["a", "b", "c"], customer=kim, days_ago=2)
    make.order(acme, ["a"], customer=kim, days_ago=2, state="cancelled")
    make.order(acme, ["a"], customer=lee, days_ago=2)
    rows = counted(trial)
    a, b = rows["A"], rows["B"]
    assert (a.subjects, a.impressions, a.clicks, a.clickers, a.carts) == (1, 1, 1, 1, 1)
    assert (a.orders, a.buyers, a.revenue, a.revenue_squared) == (1, 1, Decimal(30), Decimal(900))
    assert (a.before_orders, a.before_revenue, a.before_revenue_revenue) == (1, Decimal(20), Decimal(600))
    assert (b.subjects, b.impressions, b.orders, b.revenue) == (1, 1, 0, 0)
    assert counted(trial, "placement:home")["A"].subjects == 1
    assert counted(trial, "shopper:guest")["B"].subjects == 1


def test_a_guest_who_signs_in_is_one_subject(acme: Any, trial: Any) -> None:
    start = trial.phase_started_at
    kim = make.customer(acme, "kim")
    shown(acme, start + timedelta(hours=1), arm="B", session="s-1")
    shown(acme, start + timedelta(hours=3), arm="B", session="s-1", customer="kim")
    make.order(acme, ["a"], customer=kim, days_ago=5.92)  # after the guest's impression, before the customer's
    rows = counted(trial)
    assert (rows["B"].subjects, rows["B"].impressions, rows["B"].orders, rows["B"].crossed) == (1, 2, 1, 0)
    assert counted(trial, "shopper:customer")["B"].subjects == 1
    assert counted(trial, "shopper:guest") == {}


def test_it_leaves_out_who_saw_both_from_that_day_on(acme: Any, trial: Any) -> None:
    start = trial.phase_started_at
    kim = make.customer(acme, "kim")
    shown(acme, start + timedelta(hours=1), arm="A", customer="kim")
    make.order(acme, ["a"], customer=kim, days_ago=4.9)
    shown(acme, start + timedelta(days=3), arm="B", customer="kim")
    exposures.count(trial)
    rows = list(trial.days.filter(segment="", arm="A").order_by("day"))
    seen = [row.subjects for row in rows if row.day > start.date()]  # the first day may end within the hour
    assert seen[:1] == [1]
    assert (rows[-1].subjects, rows[-1].orders, rows[-1].revenue_squared, rows[-1].crossed) == (0, 0, 0, 1)
    assert (max(row.orders for row in rows), counted(trial)["B"].subjects) == (1, 0)


def test_a_holdout_takes_in_the_lists_of_every_test(acme: Any, trial: Any) -> None:
    acme.experiments.filter(pk=trial.pk).update(unit="holdout")
    trial.refresh_from_db()
    start = trial.phase_started_at
    shown(acme, start + timedelta(hours=1), number=9, arm="B", customer="in-a-test")
    shown(acme, start + timedelta(hours=1), arm="A", customer="in-none")
    shown(acme, start + timedelta(hours=1), arm="B", customer="held-out")
    event(acme, "impression", start + timedelta(hours=1), session="s-3", recommendation_id=identity.make(1))
    rows = counted(trial)
    assert (rows["A"].subjects, rows["B"].subjects) == (2, 1)


def test_it_counts_purchase_events_once_and_foreign_money_as_orders(acme: Any, trial: Any) -> None:
    start = trial.phase_started_at
    shown(acme, start + timedelta(hours=1), session="s-1")
    later = start + timedelta(hours=2)
    for product in "ab":
        event(
            acme,
            "purchase",
            later,
            session="s-1",
            order_external_id="o-x",
            product_external_id=product,
            value=Decimal("2.50"),
            quantity=2,
            currency=acme.currency,
        )
    event(acme, "purchase", later, session="s-1", order_external_id="o-y", value=Decimal(9), currency="XXX")
    make.order(acme, ["a"], session_id="s-1", external_id="o-x", days_ago=5.5)
    a = counted(trial)["A"]
    assert (a.orders, a.revenue, a.orders_squared, a.buyers) == (2, Decimal(10), 4, 1)


def test_it_ends_with_the_experiment_and_counts_what_comes_late(acme: Any, trial: Any) -> None:
    start = trial.phase_started_at
    acme.experiments.filter(pk=trial.pk).update(state="stopped", ended_at=timezone.now() - timedelta(hours=3))
    shown(acme, start + timedelta(hours=1), customer="kim")
    with make.inside(acme) as tenant:
        assert [one.number for one in exposures.count_due(tenant)] == [3]
        assert [one.number for one in exposures.count_due(tenant)] == [3]  # news of the last two minutes
    shown(acme, timezone.now() - timedelta(hours=2), customer="lee")
    with make.inside(acme) as tenant:
        exposures.count_due(tenant)
    trial.refresh_from_db()
    assert counted(trial)["A"].subjects == 1
    acme.experiments.filter(pk=trial.pk).update(ended_at=timezone.now() - timedelta(days=3))
    with make.inside(acme) as tenant:
        assert exposures.count_due(tenant) == []


def test_it_keeps_the_days_of_the_phase_before(acme: Any, trial: Any) -> None:
    shown(acme, trial.phase_started_at + timedelta(hours=1), customer="kim")
    exposures.count(trial)
    before = trial.days.count()
    with make.inside(acme) as tenant:
        experiments.change_share(experiments.find(tenant, 3), share_b=60, by=None)
    trial.refresh_from_db()
    exposures.count(trial)
    assert trial.days.filter(phase=1).count() == before
    assert {row.subjects for row in trial.days.filter(phase=2)} == {0}


def test_it_agrees_with_a_count_by_hand(acme: Any, trial: Any) -> None:
    """Four hundred random acts of thirty subjects: every sum of every day is that of a plain loop."""
    chance = random.Random(7)
    start, zone = trial.phase_started_at, acme.zone
    people = {f"c-{n}": make.customer(acme, f"c-{n}") for n in range(20)}
    names = [*people, *(f"s-{n}" for n in range(10))]
    arm_of = {name: chance.choice("AB") for name in names}
    acts: dict[str, list[tuple[datetime, str, Any]]] = defaultdict(list)
    for _ in range(400):
        name = chance.choice(names)
        at = start + timedelta(minutes=chance.randrange(1, 6 * 24 * 60 - 60))
        who = {"customer": name} if name in people else {"session": name}
        kind = chance.choice(["impression", "impression", "click", "cart", "order"])
        if kind == "impression":
            arm = arm_of[name] if chance.random() < 0.97 else "A"
            made = shown(acme, at, arm=arm, **who)
            acts[name].append((at, "impression", (made, arm)))
        elif kind == "click":
            lists = [fact[0] for _, what, fact in acts[name] if what == "impression"]
            if lists:
                chosen = chance.choice(lists)
                event(acme, "click", at, recommendation_id=chosen, product_external_id="a", **who)
                acts[name].append((at, "click", chosen))
        elif kind == "cart":
            event(acme, "cart", at, product_external_id="a", **who)
            acts[name].append((at, "cart", None))
        else:
            products = ["a"] * 1 if chance.random() < 0.5 else ["a", "b"]
            make.order(
                acme,
                products,
                customer=people.get(name),
                session_id="" if name in people else name,
                days_ago=(timezone.now() - at).total_seconds() / 86400,
            )
            acts[name].append((at, "order", 10 * len(products)))
    exposures.count(trial)
    for day, arm in itertools.product(sorted({row.day for row in trial.days.all()}), "AB"):
        row = trial.days.get(segment="", day=day, arm=arm)
        found = [sums(acts[name], arm, day, zone, at_end=row.day) for name in names]
        found = [one for one in found if one]
        for place, field in enumerate(("impressions", "clicks", "carts", "orders", "revenue")):
            values = [one[place] for one in found]
            assert getattr(row, field) == sum(values), (day, arm, field)
            assert getattr(row, f"{field}_squared") == sum(value**2 for value in values), (day, arm, field)
        assert row.subjects == len(found)
        assert row.clicks_impressions == sum(one[0] * one[1] for one in found)
        assert (row.clickers, row.buyers) == (sum(one[1] > 0 for one in found), sum(one[3] > 0 for one in found))


def sums(acts: Any, arm: str, day: Any, zone: Any, at_end: Any) -> tuple[int, ...] | None:
    """(impressions, clicks, carts, orders, revenue) of one subject up to a day; None: not in this arm then."""
    lists = sorted((at, fact) for at, what, fact in acts if what == "impression" and at.astimezone(zone).date() <= day)
    if not lists or {fact[1] for _, fact in lists} != {arm}:
        return None
    first = lists[0][0]
    ours = [(at, what, fact) for at, what, fact in acts if at >= first and at.astimezone(zone).date() <= day]
    clicks: dict[str, datetime] = {}
    for at, _, fact in sorted((a for a in acts if a[1] == "click"), key=lambda act: act[0]):
        clicks.setdefault(fact, at)
    clicked = sum(at >= first and at.astimezone(zone).date() <= day for at in clicks.values())
    count = lambda kind: sum(what == kind for _, what, _ in ours)
    return len(lists), clicked, count("cart"), count("order"), sum(fact for _, what, fact in ours if what == "order")


def run_round(tenant: Any) -> None:
    """The beat's chore, and the work that it makes due."""
    exposures.fan_out()
    work.run_due()


def test_the_beat_ends_what_is_decided_and_keeps_the_figures(acme: Any, trial: Any) -> None:
    """At its planned end an experiment stops by itself where it was told to; its result stays."""
    yesterday = (timezone.now() - timedelta(days=1)).date()
    acme.experiments.filter(pk=trial.pk).update(planned_end=yesterday, automatic="stop")
    shown(acme, trial.phase_started_at + timedelta(hours=1), customer="kim")
    run_round(acme)
    trial.refresh_from_db()
    assert trial.state == "stopped"
    assert trial.result["subjects"] == [1, 0]
    assert acme.audit_entries.filter(action="experiment.stopped", actor_label="automatic").count() == 1


def test_the_beat_leaves_what_is_told_to_go_on(acme: Any, trial: Any) -> None:
    yesterday = (timezone.now() - timedelta(days=1)).date()
    acme.experiments.filter(pk=trial.pk).update(planned_end=yesterday)
    shown(acme, trial.phase_started_at + timedelta(hours=1), customer="kim")
    run_round(acme)
    trial.refresh_from_db()
    assert (trial.state, trial.result) == ("running", {})
    assert trial.days.exists()


def test_the_beat_stops_what_outlives_its_impressions(acme: Any, trial: Any) -> None:
    long_ago = timezone.now() - timedelta(days=experiments.longest(acme) + 1)
    acme.experiments.filter(pk=trial.pk).update(started_at=long_ago, phase_started_at=long_ago)
    run_round(acme)
    trial.refresh_from_db()
    assert (trial.state, "no longer kept" in trial.conclusion) == ("stopped", True)


def test_what_a_person_ends_keeps_its_last_figures(acme: Any, trial: Any) -> None:
    shown(acme, trial.phase_started_at + timedelta(hours=1), customer="kim")
    with make.inside(acme) as tenant:
        experiments.stop(experiments.find(tenant, 3), by=None, reason="enough")
    run_round(acme)
    trial.refresh_from_db()
    assert (trial.state, trial.result["subjects"]) == ("stopped", [1, 0])
