"""The door to the cache server: keys carry the tenant, values are JSON, waiting is short."""

import time

import pytest
from django.conf import settings
from django.core.cache import cache

from luxebrain.lib import redis


def test_a_key_begins_with_its_tenant():
    """R21: no key is shared between tenants."""
    assert redis.key(7, "popular", "v1") == "t:{7}:popular:v1"
    assert redis.key(71, "x") != redis.key(7, "1x")


@pytest.mark.parametrize("value", [0, 7, -1, "7", "text", [1, "a"], {"a": None}, 1.5, True, None])
def test_the_cache_keeps_values_without_pickle(db, value):
    cache.set("value", value)
    assert cache.get("value", "missing") == value
    assert b"\x80" not in (redis.client().get(":1:value") or redis.client().get("dj:1:value") or b"")


def test_it_waits_a_quarter_of_a_second_at_most(monkeypatch):
    """Promise 1: a cache server that hangs costs 250 ms, not the request."""
    import socket

    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(1)
        redis.client.cache_clear()
        monkeypatch.setattr(settings, "REDIS_URL", f"redis://127.0.0.1:{deaf.getsockname()[1]}/0")
        began = time.monotonic()
        with pytest.raises(redis.Unreachable):
            redis.client().ping()
        assert time.monotonic() - began < 10
    redis.client.cache_clear()
