"""Results of experiments: figures by metric, day and segment, the verdict, and what ends by itself."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from modelregistry import experiment_facts, experiments, results, verdicts, versions
from modelregistry.models import Experiment
from modelregistry.statistics.stopping import Verdict
from tenants import work
from tests import make

START = date(2026, 11, 1)


def running(tenant: Any, **facts: Any) -> Experiment:
    """A running experiment without its start being checked: these tests are of figures."""
    now = timezone.now()
    values: dict[str, Any] = {
        "name": "Newer model", "key": "newer-model", "number": 1, "unit": "version", "a": {"version": 1},
        "b": {"version": 2}, "state": "running", "started_at": now, "phase_started_at": now, "minimum_subjects": 4000,
    }  # fmt: skip
    return tenant.experiments.create(**values | facts)


def count(one: Experiment, *, a: tuple[int, int], b: tuple[int, int], days: int = 10, segment: str = "") -> None:
    """`a`, `b`: (subjects, buyers) at the end, growing evenly day by day; each buyer spends 40."""
    for day in range(1, days + 1):
        for arm, (subjects, buyers) in (("A", a), ("B", b)):
            n, hits = subjects * day // days, buyers * day // days
            one.tenant.experiment_days.create(
                experiment=one, phase=one.phase, arm=arm, segment=segment,
                day=START + timedelta(days=day - 1), subjects=n, impressions=2 * n, impressions_squared=4 * n,
                clicks=3 * hits, clicks_squared=9 * hits, clicks_impressions=6 * hits, clickers=hits, orders=hits,
                orders_squared=hits, buyers=hits, revenue=Decimal(40 * hits), revenue_squared=Decimal(1600 * hits),
            )  # fmt: skip


def test_it_gives_the_published_lift_from_counted_days(acme: Any) -> None:
    """500 of 10,000 against 580 of 10,000 with 5,000 planned subjects, as GrowthBook computes it."""
    with make.inside(acme) as tenant:
        one = running(tenant, minimum_subjects=2500)
        count(one, a=(10_000, 500), b=(10_000, 580))
        goal = results.read(one).goal
    assert goal.kind.key == "conversion"
    assert (round(goal.a.value, 4), round(goal.b.value, 4), round(goal.lift, 6)) == (0.05, 0.058, 0.16)
    assert goal.interval == pytest.approx((-0.0553417172445743, 0.3753417172445743), abs=2e-4)
    assert 0.98 < goal.chance < 0.995


def test_it_says_too_little_data_with_what_is_missing(acme: Any) -> None:
    with make.inside(acme) as tenant:
        one = running(tenant)
        assert "Nobody has been shown" in verdicts.sentence(results.read(one))
        count(one, a=(300, 12), b=(280, 11))
        result = results.read(one)
        goal, shown = result.goal, experiment_facts.context(result)
    assert goal.lift is None
    assert goal.missing == "A has 12 of 50 buyers"
    assert result.verdict == Verdict.EARLY
    assert "Too early to say: A has 12 of 50 buyers" in verdicts.sentence(result)
    assert shown["chart"].is_empty


def test_it_hides_nothing_but_trusts_nothing_when_shares_are_not_kept(acme: Any) -> None:
    with make.inside(acme) as tenant:
        one = running(tenant)
        count(one, a=(10_000, 500), b=(9_000, 700))
        result = results.read(one)
    assert result.is_mismatched
    assert result.verdict == Verdict.MISMATCH
    assert not result.decision.stop


def test_it_shows_days_segments_and_how_long_it_takes(acme: Any) -> None:
    with make.inside(acme) as tenant:
        one = running(tenant, minimum_subjects=8000)
        count(one, a=(4000, 200), b=(4000, 210))
        count(one, a=(3000, 190), b=(3000, 195), segment="shopper:customer")
        count(one, a=(1000, 10), b=(1000, 15), segment="placement:home")
        result = results.read(one)
    assert [day.new for day in result.days][:2] == [(400, 400), (400, 400)]
    assert [one.label for one in result.segments] == ["Placement home", "Signed-in shoppers"]
    assert result.segments[0].goal.missing == "A has 10 of 50 buyers"
    assert result.days_left == 10
    assert result.verdict == Verdict.OPEN


def test_it_tells_what_personal_lists_brought(acme: Any) -> None:
    """A holdout: revenue per subject with personal lists minus without, times who had them."""
    with make.inside(acme) as tenant:
        one = running(tenant, unit="holdout", a={}, b={}, share_b=10, goal="revenue", minimum_subjects=1000)
        count(one, a=(90_000, 4500), b=(10_000, 300))
        result = results.read(one)
        low, seen, high = result.incremental
        tile = experiment_facts.tiles(result)[-1]
    assert seen == pytest.approx((4500 * 40 / 90_000 - 300 * 40 / 10_000) * 90_000)
    assert 0 < low < seen < high
    assert tile["value"] == "€72,000"


def test_it_compares_click_through_by_subjects(acme: Any) -> None:
    """The interval of a ratio is wider than that of as many independent lists."""
    with make.inside(acme) as tenant:
        one = running(tenant, goal="clicks")
        count(one, a=(10_000, 500), b=(10_000, 580))
        result = results.read(one)
    by_key = {found.kind.key: found for found in result.comparisons}
    assert by_key["ctr"].a.value == pytest.approx(0.075)
    assert by_key["ctr"].lift == pytest.approx(0.16)
    assert by_key["clicks"].lift == pytest.approx(0.16)
    assert result.goal.kind.key == "clicks"


@pytest.mark.parametrize(
    ("automatic", "b", "state", "winner"),
    [
        ("conclude", (10_000, 800), "concluded", "B"),
        ("conclude", (10_000, 250), "concluded", "A"),
        ("stop", (10_000, 250), "stopped", ""),
        ("nothing", (10_000, 250), "running", ""),
        ("conclude", (10_000, 510), "running", ""),
    ],
)
def test_it_ends_by_itself_where_it_may(
    acme: Any, register: Any, automatic: str, b: Any, state: str, winner: str
) -> None:
    first, second = register(acme), register(acme)
    versions.activate(first, by=None)
    with make.inside(acme) as tenant:
        one = experiments.set_up(
            tenant, by=None, name="Newer", unit="version", a={"version": 1}, b={"version": 2}, automatic=automatic,
            minimum_subjects=5000,
        )  # fmt: skip
        experiments.start(one, by=None)
        count(one, a=(10_000, 500), b=b)
        results.decide(one)
        one = experiments.find(tenant, 1)
        assert (one.state, one.winner) == (state, winner)
        assert versions.champion(tenant) == (second if winner == "B" else first)
        if state != "running":
            assert "By the stop rules" in one.conclusion
            assert one.result["subjects"] == [10_000, 10_000]


def test_it_leaves_a_holdout_that_earns_more_without_personal_lists_to_people(acme: Any) -> None:
    with make.inside(acme) as tenant:
        one = running(tenant, unit="holdout", a={}, b={}, automatic="conclude", minimum_subjects=5000)
        count(one, a=(10_000, 500), b=(10_000, 800))
        results.decide(one)
        one.refresh_from_db()
    assert (one.state, one.winner) == ("stopped", "")


def test_it_ends_on_its_planned_day_though_nothing_arrives(acme: Any) -> None:
    """The count that the beat makes due asks the stop rules, with news or without."""
    with make.inside(acme) as tenant:
        running(tenant, automatic="stop", unit="holdout", a={}, b={}, planned_end=date(2026, 1, 1))
        running(tenant, automatic="stop", number=2, key="open")
    work.enqueue(acme, "recommendations.count_experiments", key="experiments")
    work.run_due(tasks={"recommendations.count_experiments"})
    assert dict(acme.experiments.values_list("number", "state")) == {1: "stopped", 2: "running"}
    assert "Nobody has been shown" in acme.experiments.get(number=1).conclusion
