"""Child processes that never outlive their parent."""

from __future__ import annotations

import ctypes
import json
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

LOG_LIMIT = 20_000_000  # bytes; a longer log is put aside when its process starts
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def unprivileged_user() -> str | None:
    """The user root must step down to for PostgreSQL, which refuses to run as root."""
    return "nobody" if os.geteuid() == 0 else None


def reachable(path: Path, *, user: str | None) -> bool:
    """Whether the user can walk down to the path (root's own home, for example, is closed)."""
    if user is None:
        return True
    uid = pwd.getpwnam(user).pw_uid
    path, target = path.absolute(), path.resolve()  # both ways must be open: a link, its target
    for step in {path, *path.parents, target, *target.parents}:
        status = step.stat()
        wanted = 0o100 if status.st_uid == uid else 0o001
        if not status.st_mode & wanted:
            return False
    return True


def give(path: Path, *, user: str | None) -> None:
    """Make a directory that belongs to the user and is closed to all others."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if user is not None:
        entry = pwd.getpwnam(user)
        os.chown(path, entry.pw_uid, entry.pw_gid)


def spawn(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    log: Path | None = None,
    cwd: Path | None = None,
    user: str | None = None,
    death_signal: signal.Signals = signal.SIGTERM,
    record: Path | None = None,
    own_group: bool = True,
) -> subprocess.Popen[bytes]:
    """Start a child that gets death_signal when we die.

    In a group of its own (no terminal, no input) Ctrl-C reaches us alone and we stop in order;
    a command of the user's keeps the terminal and our group. To be called from the main thread:
    the kernel sends the signal when the *thread* ends.
    """
    output = _open_log(log) if log else None
    identity = pwd.getpwnam(user) if user else None
    try:
        child = subprocess.Popen(
            list(argv),
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL if own_group else None,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            process_group=0 if own_group else None,
            user=identity.pw_uid if identity else None,
            group=identity.pw_gid if identity else None,
            extra_groups=[] if identity else None,
            # No other thread of ours holds a lock that the one call below could need.
            preexec_fn=_tie_to_parent(death_signal),
        )
    finally:
        if output:
            output.close()
    if record:
        write_record(record, child.pid)
    return child


def end(child: subprocess.Popen[bytes], *, stop: signal.Signals, timeout: float) -> int:
    """Stop a child and what it left in its group; returns its exit code."""
    if child.poll() is None:
        child.send_signal(stop)
        try:
            child.wait(timeout)
        except subprocess.TimeoutExpired:
            kill_group(child.pid)
    code = child.wait()
    kill_group(child.pid)
    return code


def kill_group(pid: int) -> None:
    """Kill what is left of a process group; nothing left is fine."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def write_record(path: Path, pid: int) -> None:
    """Remember a process in a way that a reused process id cannot be mistaken for."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        started = psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return
    path.write_text(json.dumps({"pid": pid, "started": started}))


def outlive(record: Path, *, timeout: float = 10.0) -> None:
    """Wait for the process of an earlier, killed parent to end; end it if it does not."""
    process = _recorded(record)
    if process is not None:
        try:
            process.wait(timeout)
        except psutil.TimeoutExpired:
            kill_group(process.pid)
            process.wait(timeout)
    record.unlink(missing_ok=True)


def wait_until(check: Callable[[], bool], *, timeout: float, interval: float = 0.05) -> bool:
    """Poll a check until it holds; False when the time is over."""
    deadline = time.monotonic() + timeout
    while not check():
        if time.monotonic() > deadline:
            return False
        time.sleep(interval)
    return True


def _recorded(record: Path) -> psutil.Process | None:
    try:
        noted = json.loads(record.read_text())
        process = psutil.Process(noted["pid"])
        if abs(process.create_time() - noted["started"]) < 1:
            return process
    except (OSError, ValueError, KeyError, psutil.Error):
        pass
    return None


def _tie_to_parent(death_signal: signal.Signals) -> Callable[[], None] | None:
    if _libc is None:
        return None
    parent = os.getpid()

    def tie() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:  # the parent died between fork and prctl
            os._exit(1)

    return tie


def _open_log(path: Path):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(path.with_suffix(".1.log"))
    return path.open("ab")
