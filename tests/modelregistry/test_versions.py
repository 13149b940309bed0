"""Versions: numbered, checked before they serve, and undone one by one."""

import threading
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, connections, transaction

from luxebrain.lib import redis
from luxebrain.lib.problems import Conflict
from modelregistry import artifacts, versions
from modelregistry.models import ModelVersion
from tenants import epochs, work
from tests import make


def damage(version: ModelVersion) -> None:
    path = next((settings.MODELS_DIR / version.artifact_path).glob("_packed.npy"))
    content = bytearray(path.read_bytes())
    content[-1] ^= 0xFF
    path.chmod(0o600)
    path.write_bytes(content)


def test_it_numbers_versions_and_keeps_each_number_once(acme: Any, globex: Any, register: Any) -> None:
    """R28."""
    assert [register(acme).number, register(acme).number, register(globex).number] == [1, 2, 1]
    facts = {"algorithm": "als", "artifact_path": "x", "digest": "x"}
    with pytest.raises(IntegrityError), transaction.atomic(using="ops"):
        acme.model_versions.create(number=2, **facts)
    assert {path.name for path in (settings.MODELS_DIR / f"tenant_models/recommendation/{acme.pk}").iterdir()} == {
        "1",
        "2",
    }


def test_it_moves_the_alias_and_leaves_a_trail(acme: Any, ana: Any, register: Any) -> None:
    """R29."""
    first, second = register(acme), register(acme)
    before = redis.client().hget(epochs.name(acme.pk), "model")
    with make.inside(acme) as tenant:
        assert versions.champion(tenant) is None
        versions.activate(tenant.model_versions.get(number=1), by=ana, reason="good figures")
        manager = versions.ModelVersionManager(tenant)
        manager.activate_version(2, by=ana)
        assert manager.get_active_version() == second
    moves = list(acme.alias_moves.values_list("previous__number", "version__number", "moved_by", "reason"))
    assert moves == [(1, 2, ana.pk, ""), (None, 1, ana.pk, "good figures")]
    assert acme.audit_entries.filter(action="version.activated", target="v2", actor=ana).count() == 1
    assert redis.client().hget(epochs.name(acme.pk), "model") != before
    assert first.state == ModelVersion.State.READY
    with pytest.raises(Conflict, match="in service already"):
        versions.activate(second, by=ana)


def test_it_refuses_a_version_that_would_not_answer(acme: Any, globex: Any, register: Any) -> None:
    """R41: missing files, changed files, another shop's files and retired versions say why."""
    good, damaged, missing, retired, foreign = (register(acme) for _ in range(5))
    versions.activate(good, by=None)
    damage(damaged)
    artifacts.discard(settings.MODELS_DIR / missing.artifact_path)
    versions.retire(retired, by=None)
    strange = register(globex)
    foreign.artifact_path, foreign.digest = strange.artifact_path, strange.digest
    foreign.save()
    for version, reason in (
        (damaged, "damaged"),
        (missing, "missing"),
        (retired, "retired"),
        (foreign, "another tenant"),
    ):
        with pytest.raises(versions.NotActivatable, match=reason):
            versions.activate(version, by=None)
    assert versions.champion(acme) == good
    assert acme.alias_moves.count() == 1


def test_it_refuses_an_artefact_that_is_whole_but_no_model(acme: Any) -> None:
    """R41: the load test."""
    saved = artifacts.save(
        settings.MODELS_DIR,
        tenant=versions.owner_of(acme),
        model="recommendation",
        version=1,
        arrays={},
        manifest={"schema": 1},
    )
    version = versions.register(
        acme, artifact=saved, algorithm="als", parameters={}, metrics={}, counts={}, window=(None, None), by=None
    )
    with pytest.raises(versions.NotActivatable, match="does not load"):
        versions.activate(version, by=None)


def test_it_rolls_back_one_further_each_time(acme: Any, ana: Any, register: Any) -> None:
    """R42."""
    one, two, three = (register(acme) for _ in range(3))
    for version in (one, two, three):
        versions.activate(version, by=ana)
    assert versions.previous(acme) == two
    assert versions.rollback(acme, by=ana, reason="fewer clicks").version == two
    assert versions.rollback(acme, by=ana).version == one
    with pytest.raises(Conflict, match="no earlier version"):
        versions.rollback(acme, by=ana)
    versions.activate(three, by=ana)
    assert versions.rollback(acme, by=ana).version == one
    assert acme.audit_entries.filter(action="version.rolled_back").count() == 3


def test_it_passes_over_a_broken_version_when_rolling_back(acme: Any, register: Any) -> None:
    one, two, three = (register(acme) for _ in range(3))
    for version in (one, two, three):
        versions.activate(version, by=None)
    damage(two)
    assert versions.rollback(acme, by=None).version == one
    with pytest.raises(Conflict, match="no earlier version"):
        versions.rollback(acme, by=None)


def test_it_goes_back_to_the_version_chosen_by_hand_before(acme: Any, register: Any) -> None:
    one, two, three = (register(acme) for _ in range(3))
    for version in (one, two, three, one):
        versions.activate(version, by=None)
    assert [versions.rollback(acme, by=None).version for _ in range(2)] == [three, two]


def test_it_keeps_one_champion_when_two_people_activate_at_once(acme: Any, register: Any) -> None:
    """R28: the first one's transaction is still open when the second one comes."""
    two, three = register(acme), register(acme)
    entered, outcome = threading.Event(), []

    def second() -> None:
        try:
            with make.inside(acme) as tenant:
                entered.set()
                outcome.append(versions.activate(versions.find(tenant, three.number), by=None).previous)
        finally:
            connections.close_all()

    with make.inside(acme) as tenant:
        versions.activate(versions.find(tenant, two.number), by=None)
        thread = threading.Thread(target=second)
        thread.start()
        assert entered.wait(5)
    thread.join(10)
    assert outcome == [two]  # it waited, and saw what the first one did
    assert versions.champion(acme) == three
    assert acme.model_aliases.filter(name="champion").count() == 1
    assert work.run_due() >= 0
