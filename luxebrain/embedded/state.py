"""What an embedded installation keeps between runs: passwords, ports, and who holds it."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import socket
from pathlib import Path

_SECRETS = ("postgres", "lux_owner", "lux_app", "lux_ops", "valkey", "secret_key")
_BELOW_OUTGOING, _OUTGOING = 20_000, 32_768  # Linux gives 32768 and up to outgoing connections, others higher ones
_PORTS = ("postgres", "broker", "cache")


class AlreadyRunning(RuntimeError):
    """Another process holds this data directory."""


class State:
    """The file embedded/state.json (0600) and the lock beside it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.secrets: dict[str, str] = {}
        self.ports: dict[str, int] = {}
        self._file = directory / "state.json"
        self._lock: int | None = None

    def acquire(self) -> None:
        """Take the lock; the kernel gives it back when we die, however we die."""
        held = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(held, 32, 0).decode() or "unknown"
            os.close(held)
            raise AlreadyRunning(f"LuxeBrain is running already on {self.directory} (process {holder})") from None
        os.ftruncate(held, 0)
        os.pwrite(held, str(os.getpid()).encode(), 0)
        self._lock = held

    @property
    def held(self) -> bool:
        return self._lock is not None

    def release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def load(self) -> None:
        """Read what an earlier run left, make up what is missing, and keep it."""
        kept = json.loads(self._file.read_text()) if self._file.exists() else {}
        self.secrets = {name: secrets.token_hex(24) for name in _SECRETS} | kept.get("secrets", {})
        self.ports = dict(kept.get("ports", {}))
        self.save()

    def save(self) -> None:
        write_private(self._file, json.dumps({"secrets": self.secrets, "ports": self.ports}))

    def choose_ports(self) -> None:
        """Keep the ports of the last run as far as they are still free."""
        chosen: dict[str, int] = {}
        for name in _PORTS:
            port = self.ports.get(name)
            while port is None or port in chosen.values() or not is_free(port):
                port = any_port()
            chosen[name] = port
        self.ports = chosen
        self.save()


def is_free(port: int) -> bool:
    """Whether we could listen on this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step; nobody but its owner can ever read it."""
    draft = path.with_name(path.name + ".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def any_port() -> int:
    """A free one that no outgoing connection takes before we listen: below what systems give to those."""
    while True:
        port = _BELOW_OUTGOING + secrets.randbelow(_OUTGOING - _BELOW_OUTGOING)
        if is_free(port):
            return port
