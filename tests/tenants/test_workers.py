"""Worker processes are seen alive while they have nothing to do, by real processes of Celery."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings

from luxebrain.lib import redis
from tenants import workers


def until(is_so: Any, *, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "It did not happen in time."
        time.sleep(0.1)


@pytest.fixture
def idle_worker(db: None) -> Iterator[subprocess.Popen]:
    """A worker with two processes on a queue in which nothing ever is."""
    redis.client().delete(workers.KEY, workers.WORKED_KEY)
    environ = {**os.environ, "REDIS_URL": settings.REDIS_URL, "BROKER_URL": settings.BROKER_URL}
    argv = [sys.executable, "-m", "celery", "-A", "luxebrain", "worker", "--queues", "nothing", "--concurrency", "2",
            "-n", "idle@%h", "--without-gossip", "--without-mingle", "--loglevel", "ERROR"]  # fmt: skip
    process = subprocess.Popen(argv, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield process
    if process.poll() is None:
        process.kill()
        process.wait(20)


def children(of: int) -> set[str]:
    text = (f"/proc/{of}/task/{of}/children",)
    with open(text[0]) as file:
        return {f"{socket.gethostname()}:{pid}" for pid in file.read().split()}


def test_an_idle_worker_is_seen_alive_and_forgotten_when_it_stops(idle_worker: subprocess.Popen) -> None:
    """R12: each process of a worker beats every few seconds, though no work is there."""
    until(workers.all_seen)
    found = workers.all_seen()
    assert {one.name for one in found} == children(idle_worker.pid) and len(found) == 2
    assert all(one.age < 5 and one.idle is None for one in found)
    name = found[0].name
    redis.client().hset(workers.KEY, name, int(time.time()) - 600)
    until(lambda: all(one.age < 30 for one in workers.all_seen()), seconds=20)  # beaten again
    idle_worker.send_signal(signal.SIGTERM)
    idle_worker.wait(30)
    assert workers.all_seen() == []


def test_a_process_that_was_replaced_is_forgotten(db: None) -> None:
    redis.client().delete(workers.KEY, workers.WORKED_KEY)

    class Pool:
        info = {"processes": [11, 12]}

    class Main:
        pool = Pool()

    beats = workers.Beats(Main())
    beats.beat(Main())
    Main.pool.info = {"processes": [12, 13]}
    beats.beat(Main())
    assert sorted(one.name.rpartition(":")[2] for one in workers.all_seen()) == ["12", "13"]


def test_taking_work_is_told_from_being_alive(db: None, monkeypatch: Any) -> None:
    redis.client().delete(workers.KEY, workers.WORKED_KEY)
    workers.alive([7])
    assert workers.all_seen()[0].idle is None
    monkeypatch.setattr(workers, "_last", 0.0)
    workers.seen()
    worked = {one.name: one.idle for one in workers.all_seen()}
    assert worked[f"{socket.gethostname()}:{os.getpid()}"] < 5


def test_loops_and_routes_are_loaded_before_processes_are_forked(db: None) -> None:
    """The first list and the first link of a process cost no more than the next."""
    code = (
        "import sys, django; from luxebrain import celery; django.setup(); celery.Loaded(None);"
        "print([name in sys.modules for name in ('recommendations.algorithms.folding', 'luxebrain.urls')])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, text=True)
    assert done.stdout.splitlines()[-1] == "[True, True]"
