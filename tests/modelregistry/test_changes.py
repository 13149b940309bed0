"""Changes of what serves: undone, looked up by time, never of the facts, and known to every process at once."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from luxebrain.lib.problems import Conflict
from modelregistry import damages, lineage, versions
from modelregistry.models import ModelVersion
from tests import make
from tests.recommendations import shops
from tests.recommendations.api.test_freshness import OtherProcess

SECONDS = 10.0  # each answer below is the first one after a change; on a busy machine it may take long


def named(tenant: Any, name: str) -> Any:
    row = tenant.model_aliases.filter(name=name).select_related("version").first()
    return row.version if row else None


def test_it_undoes_an_activation_and_a_rollback(acme: Any, ana: Any, register: Any) -> None:
    """R42: undo is offered for the latest change, whichever it was."""
    one, two, three = (register(acme) for _ in range(3))
    with pytest.raises(Conflict, match="nothing to undo"):
        versions.undo(acme, by=ana)
    versions.activate(one, by=ana)
    with pytest.raises(Conflict, match="no other version served"):
        versions.undo(acme, by=ana)
    versions.activate(two, by=ana)
    versions.activate(three, by=ana)
    versions.rollback(acme, by=ana)
    assert (versions.champion(acme), named(acme, "previous")) == (two, one)
    assert versions.undo(acme, by=ana).version == three
    assert (named(acme, "champion"), named(acme, "previous")) == (three, two)
    assert versions.rollback(acme, by=ana).version == two
    assert versions.rollback(acme, by=ana).version == one
    assert named(acme, "previous") is None
    assert versions.undo(acme, by=ana).version == two
    assert versions.previous(acme) == one
    reasons = list(acme.audit_entries.filter(actor=ana).order_by("-id").values_list("action", "reason")[:1])
    assert reasons == [("version.activated", "Undid the rollback of v1")]


def test_it_does_not_undo_what_somebody_else_did_since(acme: Any, ana: Any, register: Any) -> None:
    one, two, three = (register(acme) for _ in range(3))
    versions.activate(one, by=ana)
    offered = versions.activate(two, by=ana)
    versions.activate(three, by=None)
    with pytest.raises(Conflict, match="v3 is in service"):
        versions.undo(acme, move=offered.pk, by=ana)
    assert versions.champion(acme) == three


def test_it_knows_what_was_live_at_any_time(acme: Any, globex: Any, register: Any) -> None:
    """One query, for this shop alone."""
    one, two = register(acme), register(acme)
    moments = [timezone.now()]
    for version in (one, two):
        versions.activate(version, by=None)
        moments.append(timezone.now())
    versions.rollback(acme, by=None)
    moments.append(timezone.now())
    versions.activate(register(globex), by=None)
    with make.inside(acme) as tenant:
        assert [versions.live_at(tenant, moment) for moment in moments] == [None, one, two, one]
        assert versions.live_at(tenant, timezone.now() - timedelta(days=365)) is None
        spells = lineage.spells(tenant)
    assert [spell.version.number for spell in spells] == [1, 2, 1]
    assert spells[0].until is None
    assert [spell.until for spell in spells[1:]] == [spell.since for spell in spells[:-1]]


def test_the_database_keeps_the_facts_as_they_were(acme: Any, register: Any) -> None:
    """R28: neither a program nor an operator changes what a version is."""
    version = register(acme)
    for change in ({"metrics": {"ndcg@10": 0.9}}, {"algorithm": "als"}, {"counts": {}}, {"number": 7}):
        for rows in (acme.model_versions, ModelVersion.objects.across_tenants().using("owner")):
            with pytest.raises(IntegrityError, match="do not change"), transaction.atomic(using=rows.db):
                rows.filter(pk=version.pk).update(**change)
    versions.retire(version, by=None)
    with pytest.raises(IntegrityError), transaction.atomic(using="ops"):
        acme.model_aliases.create(name="favourite", version=version, moved_at=timezone.now())


def test_it_keeps_one_active_version_whatever_a_program_writes(acme: Any, register: Any) -> None:
    """R28: the constraint, asked of the database itself."""
    one, two = register(acme), register(acme)
    versions.activate(one, by=None)
    with pytest.raises(IntegrityError, match="alias_once"), transaction.atomic(using="ops"):
        acme.model_aliases.create(name="champion", version=two, moved_at=timezone.now())


def test_it_does_not_retire_what_is_being_tried(acme: Any, ana: Any, register: Any) -> None:
    one, two = register(acme), register(acme)
    versions.activate(one, by=ana)
    versions.point(acme, "shadow", two, by=ana)
    with pytest.raises(Conflict, match="tried as shadow"):
        versions.retire(two, by=ana)
    versions.point(acme, "shadow", None, by=ana, reason="enough seen")
    versions.retire(two, by=ana)
    with pytest.raises(ValueError, match="not an alias"):
        versions.point(acme, "champion", two, by=ana)
    assert versions.live_at(acme, timezone.now()) == one
    assert acme.audit_entries.filter(action="version.pointed").count() == 2


def test_every_process_follows_within_two_seconds(acme: Any, api: Any) -> None:
    """R34, R41: activation, rollback and undo, asked of this process and of another one."""
    shops.stock(acme)
    shops.sell(acme)
    first, second = shops.fit(acme), shops.fit(acme)
    other = OtherProcess(api.secret)
    ways = [lambda path: api.get(path).json(), other.get]
    path = "/api/v1/recommendations?customer_id=t-1"
    try:
        assert [ask(path)["model_version"] for ask in ways] == ["v2", "v2"]
        for change, expected in (
            (lambda: versions.activate(first, by=None), "v1"),
            (lambda: versions.activate(second, by=None), "v2"),
            (lambda: versions.rollback(acme, by=None), "v1"),
            (lambda: versions.undo(acme, by=None), "v2"),
        ):
            change()
            since = time.monotonic()
            assert [ask(path)["model_version"] for ask in ways] == [expected, expected]
            assert time.monotonic() - since < SECONDS
    finally:
        other.stop()


def test_serving_falls_back_to_what_served_before_and_says_so_once(acme: Any, api: Any) -> None:
    """R76: the champion's files are gone; the version before it answers, and the watch can read why."""
    shops.stock(acme)
    shops.sell(acme)
    first, second, third = (shops.fit(acme) for _ in range(3))
    for version in (first, second, first, third):
        if versions.champion(acme) != version:
            versions.activate(version, by=None)
    for file in (settings.MODELS_DIR / third.artifact_path).glob("*.npy"):
        file.unlink()
    other = OtherProcess(api.secret)
    try:
        path = "/api/v1/recommendations?customer_id=t-1"
        for answer in (api.get(path).json(), other.get(path)):
            assert (answer["model_version"], answer["degraded"]) == ("v1", True)
            assert answer["items"]
    finally:
        other.stop()
    happened = acme.occurrences.filter(kind=damages.KIND)
    assert [(row.subject, row.facts["in_service"]) for row in happened] == [("version 3", True)]
    with pytest.raises(versions.NotActivatable, match="damaged"):
        versions.check(third)


def test_it_refuses_a_model_of_another_catalogue(acme: Any, globex: Any, register: Any) -> None:
    """R41: the shop's own requests are asked before a version may serve."""
    foreign = register(acme)
    shops.stock(acme)
    shops.sell(acme)
    good = shops.fit(acme)
    with pytest.raises(versions.NotActivatable, match="none of the products"):
        versions.activate(foreign, by=None)
    assert versions.champion(acme) == good
    assert not acme.audit_entries.filter(action="version.activated").exists()
