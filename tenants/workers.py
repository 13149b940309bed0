"""Which worker processes there are, when each was last alive, and when it last took a piece of work.

A worker's main process says every few seconds which of its processes live, also while nothing is to be
done; each process says by itself when it takes work.
"""

import os
import socket
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from celery import bootsteps

from luxebrain.lib import logs, redis

KEY = "workers:seen"
WORKED_KEY = "workers:worked"
EVERY_SECONDS = 5.0  # of one process
FORGOTTEN_SECONDS = 3600
log = logs.get(__name__)
_last = 0.0


@dataclass(frozen=True, slots=True)
class Worker:
    """`age`: seconds since it was last alive, `idle`: since it last took work (None: not within the last hour
    of its life). Both by this host's clock."""

    name: str
    age: int
    idle: int | None = None


class Beats(bootsteps.StartStopStep):
    """The part of a Celery worker that beats by the timer of its main process (luxebrain/celery.py names it)."""

    requires = ("celery.worker.components:Timer", "celery.worker.components:Pool")

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self.beaten: set[int] = set()

    def start(self, worker: Any) -> None:
        self.beat(worker)
        worker.timer.call_repeatedly(EVERY_SECONDS, self.beat, (worker,))

    def stop(self, worker: Any) -> None:
        gone(self.beaten)

    def beat(self, worker: Any) -> None:
        living = set(worker.pool.info.get("processes") or [os.getpid()])
        alive(living)
        gone(self.beaten - living)  # replaced after their share of work
        self.beaten = living


def alive(pids: Collection[int]) -> None:
    """Says that these processes of this host live. Never raises: work matters more than what is said of it."""
    _say(KEY, pids)


def gone(pids: Collection[int]) -> None:
    """Forgets processes of this host that ended in order. Never raises."""
    names = [_name(pid) for pid in pids]
    try:
        if names:
            redis.client().hdel(KEY, *names)
            redis.client().hdel(WORKED_KEY, *names)
    except redis.Unreachable:
        log.warning("worker.not_said")


def seen() -> None:
    """Says that this process takes a piece of work. Never raises."""
    global _last
    if time.monotonic() - _last < EVERY_SECONDS:
        return
    _last = time.monotonic()
    alive([os.getpid()])
    _say(WORKED_KEY, [os.getpid()])


def _say(key: str, pids: Collection[int]) -> None:
    now = int(time.time())
    try:
        redis.client().hset(key, mapping={_name(pid): now for pid in pids})
        redis.client().expire(key, FORGOTTEN_SECONDS)
    except redis.Unreachable:
        log.warning("worker.not_said")


def _name(pid: int) -> str:
    return f"{socket.gethostname()}:{pid}"


def all_seen() -> list[Worker] | None:
    """The latest first; None while the cache server is away. What was silent for an hour is forgotten."""
    now = time.time()
    try:
        raw, worked = redis.client().hgetall(KEY), redis.client().hgetall(WORKED_KEY)
        idle = {name: max(0, round(now - int(at))) for name, at in worked.items()}
        found = [Worker(name.decode(), max(0, round(now - int(at))), idle.get(name)) for name, at in raw.items()]
        over = [one.name for one in found if one.age > FORGOTTEN_SECONDS]
        if over:
            redis.client().hdel(KEY, *over)
            redis.client().hdel(WORKED_KEY, *over)
    except redis.Unreachable:
        return None
    return sorted((one for one in found if one.age <= FORGOTTEN_SECONDS), key=lambda one: (one.age, one.name))
