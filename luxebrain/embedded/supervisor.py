"""Keeps a list of programs running: ordered start, restart, watchdog, ordered stop."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from luxebrain.embedded import processes

BACKOFF = (0.1, 0.5, 1.0, 2.0)  # seconds before the 1st, 2nd, … restart in a row
CALM = 30.0  # a program that ran this long starts again with the shortest back-off
HEARTBEAT_LIMIT = 60.0
HEARTBEAT_GRACE = 90.0


class StartFailed(RuntimeError):
    """A program did not become ready."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """What to run and how to tell that it is well."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log: Path
    record: Path
    cwd: Path | None = None
    user: str | None = None
    ready: Callable[[], bool] = lambda: True
    ready_timeout: float = 30.0
    before: Callable[[], None] = lambda: None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGTERM
    stop_timeout: float = 10.0
    heartbeat: Path | None = None
    stage: int = 0  # a higher stage is stopped first; programs of one stage stop together


class Running:
    """One program and its present process."""

    def __init__(self, program: Program, *, report: Callable[[str], None]) -> None:
        self.program = program
        self.restarts = 0
        self._report = report
        self._child: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._failures = 0
        self._due: float | None = None
        self._kill_at: float | None = None

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    @property
    def alive(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def start(self) -> None:
        program = self.program
        program.before()
        self._child = processes.spawn(
            program.argv,
            env=program.env,
            log=program.log,
            cwd=program.cwd,
            user=program.user,
            death_signal=program.death_signal,
            record=program.record,
        )
        self._started, self._due, self._kill_at = time.time(), None, None

    def wait_ready(self) -> None:
        """Return when the program is ready; StartFailed with the end of its log otherwise."""
        done = processes.wait_until(lambda: not self.alive or self.program.ready(), timeout=self.program.ready_timeout)
        if not (done and self.alive):
            raise StartFailed(
                f"{self.program.name} did not start; the end of {self.program.log}:\n" + tail(self.program.log)
            )

    def tick(self) -> None:
        """One look: start again what has ended, restart what is alive but deaf."""
        if self._due is not None:
            if time.time() >= self._due:
                self._restart()
        elif self._child is not None and self._child.poll() is not None:
            self._schedule_restart(self._child.returncode)
        elif self._kill_at is not None:
            if time.time() > self._kill_at:
                processes.kill_group(self._child.pid)
        elif self._deaf():
            self._report(f"{self.program.name} has given no sign of life for too long: restarting")
            self._child.send_signal(self.program.stop_signal)
            self._kill_at = time.time() + 10

    def signal_stop(self) -> None:
        self._due = None
        if self.alive:
            self._child.send_signal(self.program.stop_signal)

    def wait_stopped(self, *, timeout: float) -> int | None:
        """Wait for the end, killing the whole group when the time is over."""
        if self._child is None:
            return None
        try:
            self._child.wait(timeout)
        except subprocess.TimeoutExpired:
            self._report(f"{self.program.name} did not stop in {timeout:.0f} s: killed")
            processes.kill_group(self._child.pid)
        code = self._child.wait()
        processes.kill_group(self._child.pid)
        self.program.record.unlink(missing_ok=True)
        self._child = None
        return code

    def _restart(self) -> None:
        self.restarts += 1
        try:
            self.start()
        except OSError as error:  # out of memory or processes: a reason to wait, not to give up
            self._due = time.time() + BACKOFF[-1]
            self._report(f"{self.program.name} cannot be started ({error}): trying again")

    def _schedule_restart(self, code: int) -> None:
        processes.kill_group(self._child.pid)  # its own children, if it left any
        ran = time.time() - self._started
        self._failures = 0 if ran > CALM else self._failures + 1
        delay = BACKOFF[min(self._failures, len(BACKOFF) - 1)]
        self._due = time.time() + delay
        self._report(f"{self.program.name} ended (code {code}): starting again in {delay} s (log: {self.program.log})")

    def _deaf(self) -> bool:
        heartbeat = self.program.heartbeat
        if heartbeat is None or self._child is None:
            return False
        fresh_until = self._started + HEARTBEAT_GRACE
        if heartbeat.exists():
            fresh_until = max(fresh_until, heartbeat.stat().st_mtime + HEARTBEAT_LIMIT)
        return time.time() > fresh_until


class Supervisor:
    """Programs in the order in which they start; to be used from the main thread."""

    def __init__(self, *, report: Callable[[str], None] = lambda line: None) -> None:
        self.running: dict[str, Running] = {}
        self._report = report

    def start(self, program: Program, *, wait: bool = True) -> Running:
        """Start one more program and, if wanted, wait until it is ready."""
        added = Running(program, report=self._report)
        self.running[program.name] = added
        added.start()
        if wait:
            added.wait_ready()
        return added

    def tick(self) -> None:
        """Look after every program once; call it a few times a second."""
        for one in self.running.values():
            one.tick()

    def watch(self, until: Callable[[], bool], *, interval: float = 0.2) -> None:
        """Look after the programs until the condition holds."""
        while not until():
            self.tick()
            time.sleep(interval)

    def stop(self) -> None:
        """Stop everything, the highest stage first."""
        for stage in sorted({one.program.stage for one in self.running.values()}, reverse=True):
            group = [one for one in self.running.values() if one.program.stage == stage]
            asked = time.monotonic()
            for one in reversed(group):
                one.signal_stop()
            for one in reversed(group):
                left = one.program.stop_timeout - (time.monotonic() - asked)
                one.wait_stopped(timeout=max(left, 0.1))
        self.running.clear()


def tail(path: Path, *, lines: int = 20) -> str:
    """The last lines of a log."""
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return "(no log)"
