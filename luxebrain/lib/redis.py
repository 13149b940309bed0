"""The one door to the cache server: a shared client with short timeouts, and JSON for Django's cache."""

from functools import lru_cache
from typing import Any

import orjson
import redis
from django.conf import settings


class JsonSerializer:
    """Django's Redis cache pickles by default; code must never come out of a cache."""

    def dumps(self, value: Any) -> bytes | int:
        return value if type(value) is int else orjson.dumps(value)

    def loads(self, data: bytes) -> Any:
        try:
            return int(data)
        except ValueError:
            return orjson.loads(data)


@lru_cache(maxsize=1)
def client() -> redis.Redis:
    """The client of this process; 250 ms is all that a request may wait for the cache server."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=0.25,
        socket_connect_timeout=0.25,
        socket_keepalive=True,
        protocol=3,
    )


def key(tenant_id: int, *parts: object) -> str:
    """Every key of a tenant is built here; the braces keep a tenant's keys on one cluster slot."""
    return ":".join((f"t:{{{tenant_id}}}", *map(str, parts)))


Unreachable = (redis.ConnectionError, redis.TimeoutError)
