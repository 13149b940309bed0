"""Experiments: what may be compared, one at a time, and every change with its trail."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from luxebrain.lib import redis
from luxebrain.lib.problems import Conflict, NotFound, Problem
from modelregistry import experiments, routing, running, versions
from modelregistry.models import Experiment
from tenants import epochs
from tests import make
from tests.modelregistry.test_versions import damage


@pytest.fixture
def two(acme: Any, register: Any) -> Any:
    """Versions 1 and 2, the first in service."""
    first, second = register(acme), register(acme)
    versions.activate(first, by=None)
    return first, second


def draft(tenant: Any, by: Any = None, **facts: Any) -> Experiment:
    values: dict[str, Any] = {"name": "Newer model", "unit": "version", "a": {"version": 1}, "b": {"version": 2}}
    return experiments.set_up(tenant, by=by, **values | facts)


def reasons(caught: Any) -> dict[str, str]:
    return {one["field"]: one["message"] for one in caught.value.errors}


def test_it_sets_up_starts_and_concludes_with_a_trail(acme: Any, ana: Any, two: Any) -> None:
    """R29, R38: B gets everything by being activated."""
    before = redis.client().hget(epochs.name(acme.pk), "model")
    with make.inside(acme) as tenant:
        one = draft(tenant, ana, share_b=10)
        assert (one.number, one.key, one.state, one.shares) == (1, "newer-model", "draft", (90, 10))
        assert not routing.of(tenant).decides
        experiments.start(one, by=ana)
        assert routing.of(tenant).versions == {1, 2}
        assert running.versions(tenant) == {1, 2}
    assert redis.client().hget(epochs.name(acme.pk), "model") != before
    with make.inside(acme) as tenant:
        experiments.conclude(experiments.find(tenant, 1), winner="B", by=ana, reason="more orders")
        assert versions.champion(tenant) == two[1]
        assert not routing.of(tenant).decides
    ended = acme.experiments.get()
    assert (ended.state, ended.winner, ended.conclusion) == ("concluded", "B", "more orders")
    assert ended.ended_at is not None
    trail = acme.audit_entries.filter(action__startswith="experiment.").order_by("id").values_list("action", "actor")
    assert list(trail) == [(f"experiment.{verb}", ana.pk) for verb in ("set_up", "started", "concluded")]
    assert acme.occurrences.filter(kind="experiment.concluded", subject="experiment 1").count() == 1


@pytest.mark.parametrize(
    ("facts", "field", "words"),
    [
        ({"b": {"version": 1}}, "b", "nothing to compare"),
        ({"b": {"version": 9}}, "b", "no version 9"),
        ({"b": {"version": 10**30}}, "b", "no version"),
        ({"a": {"version": "1"}}, "a", "by its number"),
        ({"a": {}}, "a", "by its number"),
        ({"a": {"version": True}}, "a", "by its number"),
        ({"share_b": 0}, "share_b", "from 1 to 99"),
        ({"share_b": 100}, "share_b", "from 1 to 99"),
        ({"share_b": 12.5}, "share_b", "from 1 to 99"),
        ({"name": " "}, "name", "name"),
        ({"unit": "colour"}, "unit", "One of"),
        ({"goal": "luck"}, "goal", "One of"),
        ({"minimum_subjects": 1}, "minimum_subjects", "from 10"),
        ({"placements": ["a b"]}, "placements", "codes"),
        ({"planned_end": timezone.now().date() - timedelta(days=2)}, "planned_end", "after today"),
        ({"planned_end": timezone.now().date() + timedelta(days=4000)}, "planned_end", "At most"),
        ({"unit": "holdout"}, "a", "nothing to set"),
        ({"unit": "holdout", "a": {}, "b": {}, "placements": ["home"]}, "placements", "whole shop"),
    ],
)
def test_it_refuses_what_cannot_be_compared(acme: Any, two: Any, facts: Any, field: str, words: str) -> None:
    """R38: A = B, unknown versions, a split outside 1-99."""
    with pytest.raises(Problem) as caught:
        draft(acme, **facts)
    assert words in reasons(caught)[field]
    assert not acme.experiments.exists()


def test_it_runs_one_test_at_a_time_on_the_same_lists(acme: Any, two: Any) -> None:
    """R38: a second test on the same model is a conflict, unless its placements are others."""
    first = experiments.start(draft(acme, placements=["home"]), by=None)
    second = draft(acme, name="Second", placements=["home", "cart"])
    with pytest.raises(Conflict, match="Newer model runs on the same lists"):
        experiments.start(second, by=None)
    experiments.start(draft(acme, name="Third", placements=["cart"]), by=None)
    everywhere = draft(acme, name="Fourth")
    with pytest.raises(Conflict, match="same lists"):
        experiments.start(everywhere, by=None)
    holdout = experiments.start(draft(acme, name="Held out", unit="holdout", a={}, b={}, share_b=5), by=None)
    with pytest.raises(Conflict, match="Held out runs"):
        experiments.start(draft(acme, name="Again", unit="holdout", a={}, b={}), by=None)
    with pytest.raises(Conflict, match="it is running"):
        experiments.start(first, by=None)
    assert [one.number for one in running.now_running(acme)] == [1, 3, holdout.number]


def test_it_starts_once_however_many_ask(acme: Any, two: Any) -> None:
    """Two drafts on the same lists, started at once by eight threads: one runs."""
    numbers = [draft(acme, name=f"Draft {n}").number for n in range(8)]
    outcomes: list[str] = []

    def begin(number: int) -> None:
        try:
            with make.inside(acme) as tenant:
                experiments.start(experiments.find(tenant, number), by=None)
            outcomes.append("started")
        except Conflict:
            outcomes.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=begin, args=[number]) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused"] * 7 + ["started"]
    assert running.now_running(acme).count() == 1


def test_it_does_not_start_with_a_version_that_cannot_serve(acme: Any, two: Any) -> None:
    damage(two[1])
    one = draft(acme)
    with pytest.raises(Conflict, match="damaged"):
        experiments.start(one, by=None)
    assert acme.experiments.get().state == "draft"


def test_it_goes_on_where_the_winner_cannot_be_put_into_service(acme: Any, two: Any) -> None:
    with make.inside(acme) as tenant:
        experiments.start(draft(tenant), by=None)
    damage(two[1])
    with pytest.raises(Conflict, match="damaged"), make.inside(acme) as tenant:
        experiments.conclude(experiments.find(tenant, 1), winner="B", by=None)
    assert acme.experiments.get().state == "running"
    assert versions.champion(acme) == two[0]


def test_it_stops_keeping_what_was_there_and_may_conclude_later(acme: Any, two: Any, ana: Any) -> None:
    one = experiments.start(draft(acme), by=None)
    experiments.stop(one, by=ana, reason="enough")
    assert versions.champion(acme) == two[0]
    with pytest.raises(Conflict, match="does not run"):
        experiments.stop(one, by=ana)
    with pytest.raises(Problem):
        experiments.conclude(one, winner="C", by=ana)
    ended = acme.experiments.get().ended_at
    experiments.conclude(one, winner="B", by=ana)
    assert versions.champion(acme) == two[1]
    assert acme.experiments.get().ended_at == ended
    with pytest.raises(Conflict, match="cannot be concluded"):
        experiments.conclude(one, winner="A", by=ana)
    with pytest.raises(Conflict, match="has ended"):
        experiments.change_share(one, share_b=20, by=ana)
    with pytest.raises(Conflict, match="has been started"):
        experiments.discard(one, by=ana)


def test_it_begins_a_new_phase_when_the_share_moves(acme: Any, two: Any, ana: Any) -> None:
    one = draft(acme, share_b=10)
    experiments.change_share(one, share_b=20, by=ana)
    assert acme.experiments.get().phase == 1
    experiments.start(one, by=ana)
    began = acme.experiments.get().phase_started_at
    experiments.change_share(one, share_b=50, by=ana)
    now = acme.experiments.get()
    assert (now.phase, now.share_b) == (2, 50)
    assert now.phase_started_at > began
    assert now.started_at == began
    with pytest.raises(Problem):
        experiments.change_share(one, share_b=100, by=ana)
    with pytest.raises(Conflict, match="already"):
        experiments.change_share(one, share_b=50, by=ana)


def test_it_knows_only_its_own_experiments(acme: Any, globex: Any, two: Any) -> None:
    draft(acme)
    with pytest.raises(NotFound), make.inside(globex) as tenant:
        experiments.find(tenant, 1)
    with pytest.raises(Problem):
        draft(globex)


def test_it_keeps_keys_apart_and_discards_drafts(acme: Any, two: Any) -> None:
    assert [draft(acme).key, draft(acme).key] == ["newer-model", "newer-model-2"]
    with pytest.raises(Conflict, match="key newer-model already"):
        draft(acme, key="newer-model")
    experiments.discard(experiments.find(acme, 2), by=None)
    assert acme.experiments.count() == 1


def test_a_rollback_ends_a_running_test_of_versions(acme: Any, two: Any, ana: Any) -> None:
    """R42: who rolls back wants one version for everybody; a holdout goes on."""
    versions.activate(two[1], by=None)
    experiments.start(draft(acme), by=None)
    experiments.start(draft(acme, name="Held out", unit="holdout", a={}, b={}, share_b=5), by=None)
    versions.rollback(acme, by=ana, reason="worse")
    assert dict(acme.experiments.values_list("unit", "state")) == {"version": "stopped", "holdout": "running"}
    assert versions.champion(acme) == two[0]


def test_a_rollback_and_a_conclusion_at_once_both_have_an_answer(acme: Any, two: Any) -> None:
    """They take their locks in one order: none dies of the other, and one version serves."""
    versions.activate(two[1], by=None)
    outcomes: list[str] = []
    for _ in range(3):
        with make.inside(acme) as tenant:
            number = experiments.start(draft(tenant), by=None).number

        def conclude(number: int = number) -> None:
            with make.inside(acme) as tenant:
                experiments.conclude(experiments.find(tenant, number), winner="B", by=None)

        def roll_back() -> None:
            with make.inside(acme) as tenant:
                versions.rollback(tenant, by=None)

        def attempt(act: Any) -> None:
            try:
                act()
                outcomes.append("done")
            except Conflict:
                outcomes.append("refused")
            finally:
                connections.close_all()

        threads = [threading.Thread(target=attempt, args=[act]) for act in (conclude, roll_back)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(outcomes) == 6
    assert not running.now_running(acme).exists()
    assert versions.champion(acme) is not None
