"""Epochs: how every process learns that keys, model or catalogue changed."""

import pytest

from luxebrain.lib import redis
from tenants import epochs, gate, work
from tests import make
from tests.tenants.test_gate import credential


def current(tenant):
    return dict(zip(epochs.KINDS, gate.enter(credential(tenant, per_minute=1000), meter="m").epochs, strict=True))


def test_it_moves_the_epoch_of_this_kind_alone(acme, globex):
    before, stranger = current(acme), current(globex)
    with acme.atomic():
        epochs.bump(acme, "model")
    after = current(acme)
    assert {kind for kind in epochs.KINDS if before[kind] != after[kind]} == {"model"}
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
    assert current(acme)["catalogue"] == b""
    from django.db import connections

    with connections["ops"].cursor() as cursor:
        cursor.execute("update tenants_work set due_at = now()")
    assert work.run_due() == 1
    assert current(acme)["catalogue"] != b""


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
