"""Restart, watchdog and ordered stop of programs."""

import os
import signal
import sys
import time

import pytest

from luxebrain.embedded import processes, supervisor
from luxebrain.embedded.supervisor import Program, StartFailed, Supervisor

SLEEP = "import time; print('up', flush=True); time.sleep(60)"


@pytest.fixture
def make(tmp_path):
    def build(name, code, **more):
        return Program(
            name=name,
            argv=[sys.executable, "-S", "-c", code],
            env=dict(os.environ),
            log=tmp_path / f"{name}.log",
            record=tmp_path / f"{name}.json",
            **more,
        )

    return build


@pytest.fixture
def keeper():
    said = []
    keeper = Supervisor(report=said.append)
    keeper.said = said
    yield keeper
    keeper.stop()


def watch(keeper, condition, seconds=8):
    until = time.monotonic() + seconds
    keeper.watch(lambda: condition() or time.monotonic() > until, interval=0.02)
    assert condition()


def test_it_starts_a_killed_program_again_within_two_seconds(keeper, make):
    one = keeper.start(make("one", SLEEP))
    first = one.pid
    os.kill(first, signal.SIGKILL)
    watch(keeper, lambda: one.alive and one.pid != first, seconds=2.5)
    assert one.restarts == 1
    assert "one ended (code -9)" in keeper.said[0]


def test_it_kills_the_children_that_a_dead_program_left(keeper, make, tmp_path):
    note = tmp_path / "child"
    code = (
        "import subprocess, sys, time; "
        "child = subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(60)']); "
        f"open({str(note)!r}, 'w').write(str(child.pid)); time.sleep(60)"
    )
    one = keeper.start(make("one", code, ready=lambda: note.exists() and note.read_text() != ""))
    orphan = int(note.read_text())
    os.kill(one.pid, signal.SIGKILL)
    watch(keeper, lambda: not alive(orphan))


def test_it_restarts_a_program_that_is_alive_but_deaf(keeper, make, tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "HEARTBEAT_GRACE", 0.2)
    monkeypatch.setattr(supervisor, "HEARTBEAT_LIMIT", 0.4)
    heartbeat = tmp_path / "heartbeat"
    heartbeat.touch()
    one = keeper.start(make("one", SLEEP, heartbeat=heartbeat))
    first = one.pid
    watch(keeper, lambda: one.alive and one.pid != first)
    assert "no sign of life" in keeper.said[0]


def test_it_leaves_a_program_alone_whose_heart_beats(keeper, make, tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "HEARTBEAT_GRACE", 0.0)
    heartbeat = tmp_path / "heartbeat"
    heartbeat.touch()
    one = keeper.start(make("one", SLEEP, heartbeat=heartbeat))
    first, until = one.pid, time.monotonic() + 0.5
    keeper.watch(lambda: time.monotonic() > until, interval=0.02)
    assert one.pid == first


def test_it_stops_the_higher_stage_first_and_kills_what_does_not_stop(keeper, make, tmp_path):
    stubborn = "import signal; signal.signal(15, signal.SIG_IGN); " + SLEEP
    base = make("base", SLEEP)
    upper = make(
        "upper",
        stubborn,
        stage=1,
        stop_timeout=0.3,
        ready=lambda: (tmp_path / "upper.log").stat().st_size > 0,
    )
    pids = [keeper.start(program).pid for program in (base, upper)]
    keeper.stop()
    assert all(gone(pid) for pid in pids)
    assert keeper.said == ["upper did not stop in 0 s: killed"]


def test_it_shows_the_end_of_the_log_of_a_program_that_does_not_start(keeper, make):
    with pytest.raises(StartFailed, match="no such luck"):
        keeper.start(make("one", "print('no such luck'); raise SystemExit(3)", ready=lambda: False))


def gone(pid):
    return processes.wait_until(lambda: not alive(pid), timeout=3)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
