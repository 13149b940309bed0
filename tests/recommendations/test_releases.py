"""Guarded activation: shadow, canary, full; a breach takes the version back by itself, with its reason."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from luxebrain.lib.problems import Conflict, Problem
from modelregistry import bucketing, releases, versions
from modelregistry.guardrails import Limits, Sample, breaches
from modelregistry.models import Release
from recommendations import answer_log, canary_faults, releasing
from recommendations.algorithms.bundle import Bundle
from tenants import work
from tests.recommendations import shops

PATH = "/api/v1/recommendations?customer_id={}"
NAMES = [f"{letter}-{number}" for number in range(60) for letter in "ty"]


@pytest.fixture
def two(acme: Any) -> Any:
    """acme with v1 in service, by a move as people make it, and v2 ready."""
    shops.stock(acme)
    shops.sell(acme)
    one, two = shops.fit(acme), shops.fit(acme)
    acme.model_aliases.all().delete()
    versions.activate(one, by=None)
    return two


def ask(api: Any, names: Any = NAMES) -> list[str]:
    """Which version answered each, once what was answered is in the log."""
    found = [api.get(PATH.format(name)).json()["model_version"] for name in names]
    answer_log.flush()
    return found


def begin(version: Any, **options: Any) -> Release:
    return releases.begin(version, by=None, **{"stage_hours": 0.0, "least_lists": 20, **options})


def look() -> None:
    """What the beat does every minute."""
    work.tick(releasing.TASK, int(timezone.now().timestamp() * 1000))
    work.run_due(tasks={releasing.TASK})


def test_it_goes_from_shadow_to_full_by_itself(acme: Any, api: Any, two: Any) -> None:
    """R155: nobody sees a shadow; the share is that of the step; at the end it serves everybody."""
    release = begin(two, shares=(5_000,))
    assert set(ask(api)) == {"v1"}
    for _ in range(3):
        look()
        release.refresh_from_db()
    assert release.state == "canary"
    rows = list(release.shadow_lists.all())
    assert len(rows) >= 40
    assert all(row.products and len(row.scores) == len(row.products) and not row.error for row in rows)
    assert {row.overlap for row in rows} == {1.0}  # the same data gave the same lists
    taken = {name for name in NAMES if bucketing.bucket(f"release-{release.pk}", name, buckets=10_000) < 5_000}
    served = dict(zip(NAMES, ask(api), strict=True))
    assert {name for name, version in served.items() if version == "v2"} == taken
    look()
    release.refresh_from_db()
    assert (release.state, versions.champion(acme)) == ("full", two)
    assert set(ask(api)) == {"v2"}
    look()
    release.refresh_from_db()
    assert release.state == "done"
    trail = acme.audit_entries.filter(action__startswith="release.").order_by("id")
    actions = list(trail.values_list("action", flat=True))
    assert actions == ["release.began", "release.advanced", "release.advanced", "release.done"]
    assert not acme.model_aliases.filter(name__in=["shadow", "challenger"]).exists()


def test_it_gives_nobody_back_when_the_share_grows(acme: Any, two: Any) -> None:
    release = begin(two, shares=(500, 2_500))
    releases.advance(release, by=None)
    small = releases.canary(acme)
    releases.advance(release, by=None)
    large = releases.canary(acme)
    assert small and large
    names = [f"c-{number}" for number in range(10_000)]
    taken = {name for name in names if small.takes(name)}
    assert taken < {name for name in names if large.takes(name)}
    assert abs(len(taken) / 10_000 - 0.05) < 0.02


def test_a_canary_that_fails_answers_nobody_and_is_taken_back(
    acme: Any, api: Any, two: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shoppers get the champion's list; the errors break a guardrail; the reason is kept and can be read."""
    release = begin(two, shares=(9_000,))
    releases.advance(release, by=None)
    assert "v2" in ask(api, NAMES[:10])
    whole = Bundle.stages

    def broken(self: Bundle, *args: Any, **options: Any) -> Any:
        if self is not champion.bundle:
            raise FloatingPointError("not a number")
        return whole(self, *args, **options)

    from recommendations import candidates

    champion = candidates.peek(acme.pk)
    assert champion
    monkeypatch.setattr(Bundle, "stages", broken)
    assert set(ask(api)) == {"v1"}
    assert canary_faults.count(acme.pk, 2) > 50
    look()
    release.refresh_from_db()
    assert release.state == "rolled_back"
    assert "lists failed" in release.conclusion
    assert releases.canary(acme) is None
    happened = acme.occurrences.get(kind="guard.breached")
    assert (happened.subject, happened.facts["stage"]) == ("version 2", "canary")
    assert versions.champion(acme).number == 1
    assert canary_faults.count(acme.pk, 2) == 0


def test_a_breach_after_everybody_got_it_brings_the_old_one_back(acme: Any, api: Any, two: Any) -> None:
    """R155: rolled back and closed in one transaction."""
    ask(api)
    release = begin(two, shares=())
    releases.advance(release, by=None)
    assert (Release.objects.across_tenants().get().state, versions.champion(acme)) == ("full", two)
    good = Sample(lists=5_000, shown=5_000, clicked=500)
    bad = Sample(lists=900, shown=900, clicked=20)
    found = releases.judge(release, bad, good)
    assert [one["guard"] for one in found] == ["ctr"]
    release.refresh_from_db()
    assert (release.state, versions.champion(acme).number) == ("rolled_back", 1)
    assert "2.22% of 900, before 10.00% of 5000" in release.conclusion
    assert set(ask(api, NAMES[:4])) == {"v1"}
    assert acme.audit_entries.filter(action="version.rolled_back", actor_label="guardrails").exists()
    assert releases.judge(release, bad, good) == []


def test_a_damaged_shadow_is_taken_back(acme: Any, api: Any, two: Any) -> None:
    release = begin(two)
    ask(api, NAMES[:4])
    for file in (settings.MODELS_DIR / two.artifact_path).glob("*.npy"):
        file.unlink()
    look()
    release.refresh_from_db()
    assert release.state == "rolled_back"
    assert "cannot be loaded" in release.conclusion


def test_it_waits_for_time_and_lists(acme: Any, api: Any, two: Any) -> None:
    release = begin(two, stage_hours=1.0)
    ask(api, NAMES[:30])
    look()
    release.refresh_from_db()
    assert (release.state, release.checks.count()) == ("shadow", 1)
    acme.releases.update(stage_at=timezone.now() - timedelta(hours=2), least_lists=31)
    look()
    release.refresh_from_db()
    assert release.state == "shadow"
    acme.releases.update(least_lists=30)
    look()
    release.refresh_from_db()
    assert release.state == "canary"


def test_a_persons_decision_ends_a_release(acme: Any, ana: Any, two: Any, register: Any) -> None:
    """R42: whoever activates or rolls back decides; a release never fights a person."""
    release = begin(two)
    with pytest.raises(Conflict, match="on its way"):
        begin(two)
    third = shops.fit(acme)
    acme.model_aliases.filter(name="champion").update(version=release.baseline)
    versions.activate(third, by=ana)
    release.refresh_from_db()
    assert (release.state, release.conclusion) == ("cancelled", "v3 was put into service instead")
    with pytest.raises(Conflict, match="is over"):
        releases.advance(release, by=ana)
    again = begin(two)
    assert releases.cancel(again, by=ana, reason="not now").state == "cancelled"
    assert versions.champion(acme) == third


def test_it_refuses_what_makes_no_sense(acme: Any, globex: Any, two: Any, register: Any) -> None:
    with pytest.raises(Conflict, match="Nothing serves yet"):
        begin(register(globex))
    with pytest.raises(Conflict, match="in service already"):
        begin(versions.champion(acme))
    for options in (
        {"shares": (2_500, 500)},
        {"shares": (0,)},
        {"stage_hours": -1},
        {"least_lists": 0},
        {"limits": {"ctr_loss": "much"}},
        {"limits": {"mood": 1}},
    ):
        with pytest.raises(Problem) as caught:
            begin(two, **options)
        assert caught.value.errors
    assert not acme.releases.exists()


@pytest.mark.parametrize(("new", "old", "guards"), [
    (Sample(lists=49, errors=0), Sample(lists=49), []),
    (Sample(lists=100, errors=2), Sample(lists=100), ["errors"]),
    (Sample(lists=100, p95_seconds=0.19), Sample(lists=100, p95_seconds=0.1), ["latency"]),
    (Sample(lists=100, p95_seconds=0.02), Sample(lists=100, p95_seconds=0.01), []),
    (Sample(lists=100, fallbacks=31), Sample(lists=100, fallbacks=20), ["fallbacks"]),
    (Sample(lists=100, listed=20, of_lists=100), Sample(lists=100, listed=50, of_lists=100), ["coverage"]),
    (Sample(lists=100, shown=1_000, clicked=90), Sample(lists=100, shown=1_000, clicked=100), []),
    (Sample(shown=9_000, clicked=450), Sample(shown=9_000, clicked=900), ["ctr"]),
    (Sample(shown=900, clicked=900, converted=90), Sample(shown=900, clicked=900, converted=300), ["conversion"]),
    (Sample(damage="gone"), Sample(), ["artefact"]),
])  # fmt: skip
def test_its_guardrails_say_what_is_worse(new: Sample, old: Sample, guards: list[str]) -> None:
    assert [one["guard"] for one in breaches(new, old, Limits())] == guards


def test_equal_versions_are_seldom_called_worse() -> None:
    """Looked at a hundred times in a release, equal click rates break no guardrail in 200 simulated releases."""
    import numpy as np

    random = np.random.default_rng(5)
    for _ in range(200):
        clicks = random.random((2, 100, 60)) < 0.1
        new, old = clicks.sum(axis=2).cumsum(axis=1)
        for step in range(100):
            shown = 60 * (step + 1)
            mine = Sample(shown=shown, clicked=int(new[step]))
            assert not breaches(mine, Sample(shown=shown, clicked=int(old[step])), Limits())
