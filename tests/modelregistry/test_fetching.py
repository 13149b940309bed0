"""Files come from a remote store before the lock of a tenant's versions is taken: nobody waits for them in it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.storage import storages
from django.db import connections

from luxebrain.lib.problems import Conflict
from modelregistry import experiments, moving, releases, results, versions
from tests import make
from tests.modelregistry.test_experiments_api import BASE
from tests.s3server import Bucket


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each object that is opened in the store: was the lock of some tenant's versions held?"""
    seen: list[bool] = []
    kind = type(storages["models"])
    plain = kind.open

    def watched(self: Any, *args: Any, **options: Any) -> Any:
        with connections["ops"].cursor() as cursor:
            cursor.execute(
                "select count(*) from pg_locks where locktype = 'advisory' and classid = %s and granted "
                "and database = (select oid from pg_database where datname = current_database())",
                [moving._LOCK],
            )
            seen.append(cursor.fetchone()[0] > 0)
        return plain(self, *args, **options)

    monkeypatch.setattr(kind, "open", watched)
    return seen


def draft(of: Any, a: int, b: int) -> None:
    """In a transaction of its own: the lock goes with it."""
    with make.inside(of) as tenant:
        arms = {"a": {"version": a}, "b": {"version": b}}
        experiments.set_up(tenant, by=None, name="Test", unit="version", **arms)


@pytest.fixture
def two(acme: Any, bucket: Bucket, register: Any) -> Any:
    first, second = register(acme), register(acme)
    versions.activate(first, by=None)
    versions.activate(second, by=None)
    bucket.host("two")
    return first, second


def undone(tenant: Any, first: Any, second: Any) -> None:
    assert versions.undo(tenant, by=None).version == first


def released(tenant: Any, first: Any, second: Any) -> None:
    assert releases.begin(first, by=None).state == "shadow"


def started(tenant: Any, first: Any, second: Any) -> None:
    experiments.start(experiments.find(tenant, 1), by=None)


@pytest.mark.parametrize("change", [undone, released, started])
def test_it_fetches_before_the_lock(
    acme: Any, bucket: Bucket, two: Any, opened: list[bool], change: Callable[..., None]
) -> None:
    draft(acme, 1, 2)
    with make.inside(acme) as tenant:
        rows = [versions.find(tenant, number) for number in (1, 2)]
        change(tenant, *rows)
    assert len(opened) >= 2
    assert not any(opened)


def test_the_next_stage_and_a_winner_are_fetched_before_the_lock(
    acme: Any, bucket: Bucket, two: Any, opened: list[bool]
) -> None:
    with make.inside(acme) as tenant:
        release = releases.begin(versions.find(tenant, 1), by=None, shares=[1_000])
    bucket.host("three")
    with make.inside(acme) as tenant:
        releases.advance(tenant.releases.get(pk=release.pk), by=None)
    with make.inside(acme) as tenant:
        releases.cancel(tenant.releases.get(pk=release.pk), by=None)
    draft(acme, 2, 1)
    with make.inside(acme) as tenant:
        experiments.start(experiments.find(tenant, 1), by=None)
    bucket.host("four")
    with make.inside(acme) as tenant:
        results.conclude(experiments.find(tenant, 1), winner="B", by=None)
        assert versions.champion(tenant).number == 1  # type: ignore[union-attr]
    assert len(opened) >= 6
    assert not any(opened)


def test_the_staffs_test_is_fetched_before_the_lock(
    acme: Any, bucket: Bucket, two: Any, opened: list[bool], sam: Any, signed_in: Any
) -> None:
    body = {"tenant": "acme", "a": 1, "b": 2, "split": 50}
    made = signed_in(sam).post(BASE, body, content_type="application/json")
    assert made.status_code == 201, made.content
    assert len(opened) >= 2
    assert not any(opened)


def test_what_was_fetched_is_checked_again_in_the_lock(acme: Any, bucket: Bucket, two: Any) -> None:
    """The copy on this host is no pass: a version that was retired meanwhile is refused."""
    with make.inside(acme) as tenant:
        stale = versions.find(tenant, 1)
        tenant.model_versions.filter(number=1).update(state="retired")
        with pytest.raises(Conflict, match="it is retired"):
            releases.begin(stale, by=None)
        with pytest.raises(Conflict, match="it is retired"):
            versions.undo(tenant, by=None)
