"""One embedded installation: PostgreSQL, two Valkeys, their state, and how to reach them."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from luxebrain.embedded import postgres, processes, valkey
from luxebrain.embedded.state import AlreadyRunning, State, write_private
from luxebrain.embedded.supervisor import Supervisor
from luxebrain.lib import roles

__all__ = ["AlreadyRunning", "Instance", "data_directory", "temporary"]

DATABASE = "luxebrain"
_TEMPORARY = "luxebrain-servers-"
CHECKOUT = Path(__file__).resolve().parents[2]  # the checkout


def data_directory() -> Path:
    """LUX_DATA_DIR, or var in the checkout."""
    return Path(os.environ.get("LUX_DATA_DIR") or CHECKOUT / "var").absolute()


class Instance:
    """The servers below one data directory; a context manager that starts and stops them."""

    def __init__(
        self,
        data_dir: Path,
        *,
        fast: bool = False,
        with_postgres: bool = True,
        with_valkey: bool = True,
        report: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.data_dir = data_dir.absolute()
        self.directory = self.data_dir / "embedded"
        self.logs = self.data_dir / "logs"
        self.records = self.directory / "processes"
        self.supervisor = Supervisor(report=report)
        self.with_postgres = with_postgres
        self.with_valkey = with_valkey
        self._fast = fast
        self._user = processes.unprivileged_user()
        self._prepare_directories()
        self.state = State(self.directory)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the servers and see to the roles; AlreadyRunning if somebody else did."""
        self.state.acquire()
        try:
            self.state.load()
            self._outlive_earlier()
            self.state.choose_ports()
            if self.with_postgres:
                self._start_postgres()
            if self.with_valkey:
                self._start_valkey("broker")
                self._start_valkey("cache")
            self.publish({})
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop everything that was started here, the servers last."""
        self.supervisor.stop()
        if self.state.held:  # else the file is another's
            (self.directory / "environ.json").unlink(missing_ok=True)
            self.state.release()

    @property
    def environ(self) -> dict[str, str]:
        """Every variable that a program needs to reach these servers."""
        return self.environ_for(DATABASE)

    def environ_for(self, database: str) -> dict[str, str]:
        """The same for another database (made by roles.bootstrap_database)."""
        found = {"LUX_SECRET_KEY": self.state.secrets["secret_key"]}
        if self.with_postgres:
            for name, role in (("", roles.APP), ("_OPS", roles.OPS), ("_OWNER", roles.OWNER)):
                found[f"DATABASE{name}_URL"] = postgres.url(
                    self.state.ports["postgres"],
                    self.state.secrets[role],
                    role=role,
                    database=database,
                )
            found["DATABASE_ADMIN_URL"] = self.admin_url
        if self.with_valkey:
            found["REDIS_URL"] = self._valkey_url("cache")
            found["BROKER_URL"] = self._valkey_url("broker")
        return found

    @property
    def admin_url(self) -> str:
        """The superuser's address: for setting up, never for the product."""
        return postgres.url(self.state.ports["postgres"], self.state.secrets["postgres"])

    def publish(self, more: Mapping[str, str]) -> None:
        """Let `python -m luxebrain.embedded env` show how to reach what is running."""
        write_private(
            self.directory / "environ.json",
            json.dumps(self.environ | {"LUX_DATA_DIR": str(self.data_dir)} | dict(more)),
        )

    def _start_postgres(self) -> None:
        password = self.state.secrets["postgres"]
        binaries = postgres.find_binaries(user=self._user)
        data = postgres.find_data(self.directory, user=self._user)
        postgres.initialise(data, binaries=binaries, password=password, user=self._user)
        self.supervisor.start(
            postgres.program(
                data=data,
                binaries=binaries,
                port=self.state.ports["postgres"],
                password=password,
                fast=self._fast,
                user=self._user,
                records=self.records,
                logs=self.logs,
            )
        )
        roles.bootstrap(self.admin_url, database=DATABASE, passwords=self.state.secrets)

    def _start_valkey(self, role: str) -> None:
        self.supervisor.start(
            valkey.program(
                role,
                directory=self.directory,
                port=self.state.ports[role],
                password=self.state.secrets["valkey"],
                fast=self._fast,
                records=self.records,
                logs=self.logs,
            )
        )

    def _outlive_earlier(self) -> None:
        # Before the ports are chosen: servers of a killed run still hold theirs for a moment.
        for record in sorted(self.records.glob("*.json")):
            processes.outlive(record)

    def _valkey_url(self, role: str) -> str:
        return f"redis://:{self.state.secrets['valkey']}@127.0.0.1:{self.state.ports[role]}/0"

    def _prepare_directories(self) -> None:
        for path in (self.data_dir, self.logs, self.records):
            path.mkdir(parents=True, exist_ok=True)
        # As root, PostgreSQL runs as another user who has to pass through here.
        self.directory.chmod(0o711 if self._user else 0o700)
        self.records.chmod(0o700)


def running_environ(data_dir: Path) -> dict[str, str] | None:
    """The variables of the installation that is running on this directory, if one is."""
    directory = data_dir.absolute() / "embedded"
    if not directory.is_dir():
        return None
    state = State(directory)
    try:
        state.acquire()
    except AlreadyRunning:
        published = directory / "environ.json"
        return json.loads(published.read_text()) if published.exists() else None
    state.release()
    return None


@contextmanager
def temporary(fast: bool = True, *, report: Callable[[str], None] = lambda line: None) -> Iterator[Instance]:
    """Servers of one's own, with the roles and an empty database, gone at the end."""
    directory = Path(tempfile.mkdtemp(prefix=_TEMPORARY))
    directory.chmod(0o711)
    _sweep(directory.parent)
    try:
        with Instance(directory, fast=fast, report=report) as instance:
            yield instance
    finally:
        forget(directory)


def forget(data_dir: Path) -> None:
    """Delete a data directory, and PostgreSQL's where it had to live elsewhere."""
    if not (data_dir / "embedded").is_dir():
        return  # not one of ours
    data = data_dir / "embedded" / "postgres"
    if data.is_symlink():
        shutil.rmtree(data.readlink().parent, ignore_errors=True)
    shutil.rmtree(data_dir, ignore_errors=True)


def _sweep(parent: Path) -> None:
    """Delete what killed runs left behind: nobody holds it, and it is older than an hour."""
    for left in parent.glob(f"{_TEMPORARY}*"):
        try:
            ours = left.is_dir() and left.stat().st_uid == os.geteuid()
            old = time.time() - left.stat().st_mtime > 3600
            if ours and old and not left.is_symlink() and running_environ(left) is None:
                forget(left)
        except OSError:
            continue  # somebody else is sweeping too
