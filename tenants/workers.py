"""Which worker processes there are, and when each was last seen with a piece of work."""

import os
import socket
import time
from dataclasses import dataclass

from luxebrain.lib import logs, redis

KEY = "workers:seen"
EVERY_SECONDS = 5.0  # of one process
FORGOTTEN_SECONDS = 3600
log = logs.get(__name__)
_last = 0.0


@dataclass(frozen=True, slots=True)
class Worker:
    """`age` is in seconds, by this host's clock."""

    name: str
    age: float


def seen() -> None:
    """Says that this process is at work. Never raises: work matters more than what is said of it."""
    global _last
    if time.monotonic() - _last < EVERY_SECONDS:
        return
    _last = time.monotonic()
    try:
        client = redis.client()
        client.hset(KEY, f"{socket.gethostname()}:{os.getpid()}", int(time.time()))
        client.expire(KEY, FORGOTTEN_SECONDS)
    except redis.Unreachable:
        log.warning("worker.not_said")


def all_seen() -> list[Worker] | None:
    """The latest first; None while the cache server is away. What was silent for an hour is forgotten."""
    try:
        raw = redis.client().hgetall(KEY)
        found = [Worker(name.decode(), max(0.0, time.time() - int(at))) for name, at in raw.items()]
        over = [one.name for one in found if one.age > FORGOTTEN_SECONDS]
        if over:
            redis.client().hdel(KEY, *over)
    except redis.Unreachable:
        return None
    return sorted((one for one in found if one.age <= FORGOTTEN_SECONDS), key=lambda one: one.age)
