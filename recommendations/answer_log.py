"""The log of answers: a request leaves references in this process, a thread writes them a moment later.

Nothing is waited for: no SQL and no call of the cache server is made in the request. While the database is
away the newest rows are kept up to a bound; what is dropped is counted, and the page of requests says so.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
from collections import Counter, deque
from collections.abc import Sequence
from itertools import islice
from multiprocessing import util
from typing import Any

from django.db import connections

from luxebrain.lib import logs, redis
from recommendations import answer_rows
from recommendations.answer_rows import Noted, Worded
from recommendations.composing import Served

SECONDS = 1.0  # at most until a list is written
ENOUGH = 200  # lists that are written at once, in one round trip
MOST_NOTED = 4_000  # lists that wait to be put into words; each holds its answer
MOST_ROWS = 10_000  # rows that wait for the database
REST_SECONDS = 30.0  # without a list, until the thread's connection is closed
LOST_DAYS = 30
log = logs.get(__name__)


class _Log:
    """What waits in this process, and the thread that writes it; started with the first list."""

    def __init__(self) -> None:
        self.noted: deque[Noted] = deque()
        self.rows: deque[Worded] = deque()
        self.lost: Counter[int] = Counter()
        self.writing = threading.Lock()
        self.wake = threading.Event()
        self.starting = threading.Lock()
        self.thread: threading.Thread | None = None

    def add(self, noted: Noted) -> None:
        self.noted.append(noted)
        waiting = len(self.noted)
        if waiting > MOST_NOTED:
            with contextlib.suppress(IndexError):
                self.lost[self.noted.popleft().tenant_id] += 1
        if waiting >= ENOUGH and not self.wake.is_set():
            self.wake.set()
        if self.thread is None:
            self.start()

    def start(self) -> None:
        with self.starting:
            if self.thread is None:
                self.thread = threading.Thread(target=self.keep_writing, name="answer-log", daemon=True)
                self.thread.start()

    def keep_writing(self) -> None:
        idle = 0.0
        while True:
            self.wake.wait(SECONDS)
            self.wake.clear()
            if self.noted or self.rows or self.lost:
                idle = 0.0
                try:
                    self.flush()
                except Exception:
                    log.exception("answers.not_written")
            else:
                idle += SECONDS
                if idle == REST_SECONDS:
                    connections.close_all()

    def flush(self) -> None:
        """Writes all that waits. While the database is away it stays, up to the bound."""
        with self.writing:
            self.put_into_words()
            try:
                while self.rows:
                    self.write(list(islice(self.rows, ENOUGH)))
            except answer_rows.AWAY as error:
                connections.close_all()
                log.warning("answers.wait", rows=len(self.rows), reason=str(error)[:200])
            self.tell_lost()

    def write(self, lists: list[Worded]) -> None:
        """Writes these, the first of what waits, and takes them off; they stay while the database is away."""
        try:
            self.lost.update(answer_rows.write(lists))
        except answer_rows.AWAY:
            raise
        except Exception:
            log.exception("answers.dropped", rows=len(lists))
            self.lost.update(one.tenant_id for one in lists)
        for _ in lists:
            self.rows.popleft()

    def put_into_words(self) -> None:
        while self.noted:
            noted = self.noted.popleft()
            try:
                self.rows.append(noted.worded())
            except Exception:
                log.exception("answers.not_worded", tenant_id=noted.tenant_id)
                self.lost[noted.tenant_id] += 1
            if len(self.rows) > MOST_ROWS:
                self.lost[self.rows.popleft().tenant_id] += 1

    def tell_lost(self) -> None:
        """Counts what was dropped where the page can read it; kept until the cache server is there."""
        for tenant_id, count in list(self.lost.items()):
            if count:
                try:
                    name = _lost_key(tenant_id)
                    client = redis.client()
                    client.incrby(name, count)
                    client.expire(name, LOST_DAYS * 86400)
                except redis.Unreachable:
                    return
                log.warning("answers.lost", tenant_id=tenant_id, lists=count)
            self.lost[tenant_id] -= count
            if not self.lost[tenant_id]:
                del self.lost[tenant_id]


_log = _Log()


def note(
    tenant_id: int, served: Sequence[Served], answers: Sequence[dict[str, Any]], *, request_id: str,
    epochs: Sequence[bytes] | None, seconds: float, is_test: bool,
) -> None:
    """Keeps what was answered, one entry per list. Costs the request some appends."""
    for one, answer in zip(served, answers, strict=True):
        _log.add(Noted(tenant_id, request_id, one, answer, epochs, seconds, is_test))


def flush() -> None:
    """Writes what waits in this process, now."""
    _log.flush()


def forget() -> None:
    """Drops what waits; a write that is under way is waited for."""
    with _log.writing:
        _log.noted.clear()
        _log.rows.clear()
        _log.lost.clear()


def lost(tenant_id: int) -> int:
    """How many of the shop's lists of the last weeks were answered and not recorded."""
    try:
        return int(redis.client().get(_lost_key(tenant_id)) or 0)
    except redis.Unreachable:
        return 0


def _lost_key(tenant_id: int) -> str:
    return redis.key(tenant_id, "answers-lost")


def _at_exit() -> None:
    if _log.noted or _log.rows:
        with contextlib.suppress(Exception):
            _log.flush()


def _after_fork() -> None:
    """A child has none of the parent's threads, and its lists are written by the parent."""
    global _log
    _log = _Log()


def _in_child(_: object) -> None:
    util.Finalize(None, _at_exit, exitpriority=10)


atexit.register(_at_exit)
util.register_after_fork(_Log, _in_child)  # children that multiprocessing forked leave without atexit
os.register_at_fork(after_in_child=_after_fork)
