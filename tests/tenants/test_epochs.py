"""Epochs: how every process learns that keys, model or catalogue changed."""

import pytest
from django.db import connections

from luxebrain.lib import redis
from tenants import epochs, gate, work
from tests import make
from tests.tenants.test_gate import credential


def current(tenant):
    return dict(zip(epochs.KINDS, gate.enter(credential(tenant, per_minute=1000), meter="m").epochs, strict=True))


def moved(before, after):
    return {kind for kind in epochs.KINDS if before[kind] != after[kind]}


def make_due():
    with connections["ops"].cursor() as cursor:
        cursor.execute("update tenants_work set due_at = now()")


def unreachable():
    raise redis.Unreachable("nobody listens")


def test_it_moves_the_epoch_of_this_kind_alone(acme, globex):
    before, stranger = current(acme), current(globex)
    with acme.atomic():
        epochs.bump(acme, "model")
    after = current(acme)
    assert moved(before, after) == {"model"}
    assert current(globex) == stranger


def test_it_says_nothing_of_a_change_that_was_rolled_back(acme):
    before = current(acme)
    with pytest.raises(ZeroDivisionError), make.inside(acme) as tenant:
        epochs.bump(tenant, "model")
        1 / 0  # noqa: B018
    assert current(acme) == before
    assert work.run_due() == 0


def test_it_is_repaired_by_the_row_when_the_process_died(acme, monkeypatch):
    """Between commit and bump the process may die: the row says it again a second later."""
    with monkeypatch.context() as patch:
        patch.setattr(epochs, "bump_now", lambda *args: None)
        with acme.atomic():
            epochs.bump(acme, "catalogue")
    before = current(acme)
    make_due()
    assert work.run_due() == 1
    assert moved(before, current(acme)) == {"catalogue"}


def test_it_is_said_again_until_the_cache_server_is_there_to_hear_it(acme, monkeypatch):
    before = current(acme)
    with monkeypatch.context() as patch:
        patch.setattr(redis, "client", unreachable)
        with acme.atomic():
            epochs.bump(acme, "model")
        make_due()
        work.run_due()
    assert current(acme) == before
    make_due()
    assert work.run_due() == 1
    assert moved(before, current(acme)) == {"model"}


def test_a_cache_server_that_was_emptied_gives_out_no_epoch_of_before(acme):
    """Or a copy made before the first change would count as fresh after it."""
    first = current(acme)
    assert all(first.values())
    assert current(acme) == first
    assert epochs.read(acme.pk) == tuple(first.values())
    redis.client().delete(epochs.name(acme.pk))
    assert moved(first, dict(zip(epochs.KINDS, epochs.read(acme.pk), strict=True))) == set(epochs.KINDS)
    with acme.atomic():
        epochs.bump(acme, "model")
    assert moved(first, current(acme)) == set(epochs.KINDS)


def test_it_drops_the_cold_flag_with_the_popular_list(acme):
    """R21: ingest switches the cold start off at once."""
    redis.client().set(redis.key(acme.pk, "cold"), b"1")
    with acme.atomic():
        epochs.bump(acme, "popular")
    assert redis.client().get(redis.key(acme.pk, "cold")) is None


def test_it_lets_a_revoked_key_in_no_more(acme):
    """A12, D10: revocation is seen by the next call of every process that knew the key."""
    from tenants import api_keys

    api = make.Api(make.key(acme))
    assert api.get("/api/limits/status").status_code == 200
    api_keys.revoke(acme.api_keys.get(), by=None)
    assert api.get("/api/limits/status").status_code == 401
