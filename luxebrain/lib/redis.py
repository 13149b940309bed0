"""The one door to the cache server: a shared client with short timeouts, scripts, and JSON for Django's cache."""

import hashlib
import os
import threading
from collections.abc import Sequence
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


class Script:
    """A Lua script, asked over one connection that the thread keeps.

    The client's own layers (pool, retries, hooks) cost as much processor time as the call itself; what
    is left of them here is one more try over a new connection, since a kept one may have been closed.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.digest = hashlib.sha1(text.encode()).hexdigest()  # noqa: S324  (the server's name for it)

    def __call__(self, keys: Sequence[str | bytes], args: Sequence[Any]) -> Any:
        """The script's answer. Raises Unreachable."""
        try:
            return self._ask(_connection(), keys, args)
        except redis.ConnectionError:
            drop_connection()
            return self._ask(_connection(), keys, args)

    def _ask(self, connection: Any, keys: Sequence[str | bytes], args: Sequence[Any]) -> Any:
        command = ("EVALSHA", self.digest, len(keys), *keys, *args)
        connection.send_packed_command(connection.pack_command(*command))
        try:
            return connection.read_response()
        except redis.exceptions.NoScriptError:
            connection.send_packed_command(connection.pack_command("EVAL", self.text, *command[2:]))
            return connection.read_response()


_kept = threading.local()


def _connection() -> Any:
    """This thread's own, of this process's client."""
    whose = client()
    if getattr(_kept, "of", None) != (os.getpid(), id(whose)):
        _kept.connection = whose.connection_pool.get_connection()
        _kept.of = (os.getpid(), id(whose))
    return _kept.connection


def drop_connection() -> None:
    """Closes this thread's connection: it is broken, or what came over it cannot be trusted."""
    connection, _kept.of = getattr(_kept, "connection", None), None
    if connection is not None:
        connection.disconnect()
