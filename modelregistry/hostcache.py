"""Copies of artefacts that this host fetched from a remote store: shared by its processes, bounded in size.

A copy lies at {place}-{digest}, so that it can only ever be the version and the content that was asked for. It is
made aside and renamed into place. Whoever looks at a copy shares a lock, whoever makes or removes it has it alone;
the system lets go of the locks of a process that dies.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from luxebrain.lib import logs
from modelregistry import artefact_places, artifacts

_LOCKS, _ARRIVING, _SLOTS = ".locks", ".arriving", 256
_DIGEST = 64  # characters
STALE_SECONDS = 3_600.0  # until a copy that somebody was making counts as left behind
log = logs.get(__name__)


@dataclass(frozen=True)
class HostCache:
    """root    a directory of this host alone; removing it whole is harmless
    most_bytes    what is kept; more only while a single artefact is larger, or everything is in use"""

    root: Path
    most_bytes: int

    def folder(self, place: str, digest: str) -> Path:
        return self.root / f"{place}-{digest}"

    @contextlib.contextmanager
    def looking(self, place: str) -> Iterator[None]:
        """Nobody removes the copies of this place meanwhile."""
        with self._locked(place, fcntl.LOCK_SH):
            yield

    @contextlib.contextmanager
    def alone(self, place: str) -> Iterator[None]:
        """Nobody else makes, reads or removes the copies of this place meanwhile, in any process of the host."""
        with self._locked(place, fcntl.LOCK_EX):
            yield

    @contextlib.contextmanager
    def arriving(self) -> Iterator[Path]:
        """A folder to make a copy in; gone afterwards, unless it was published."""
        home = self.root / _ARRIVING
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = home / f"{os.getpid()}-{secrets.token_hex(8)}"
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def publish(self, made: Path, place: str, digest: str) -> Path:
        """The finished copy gets its place, if nobody was faster; then there is room again for the next."""
        folder = self.folder(place, digest)
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            made.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
        self.used(folder)
        self._make_room(folder)
        return folder

    def used(self, folder: Path) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.utime(folder)

    def is_due(self, what: str, *, seconds: float) -> bool:
        """True for one process of this host within so many seconds: the chore is its own. Never without copies."""
        if not self.root.is_dir():
            return False
        locks = self.root / _LOCKS
        locks.mkdir(parents=True, exist_ok=True, mode=0o700)
        done = locks / what
        with done.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            is_due = file.tell() == 0 or time.time() - _used_at(done) >= seconds
            if is_due:
                file.truncate(0)
                file.write(str(os.getpid()))
            return is_due

    def copies(self) -> dict[Path, str]:
        """Every copy on this host, with the place it was fetched from."""
        found = {}
        for home in artefact_places.HOMES:
            for path in self.root.glob(f"{home}/*-*"):
                place = path.relative_to(self.root).as_posix()[: -_DIGEST - 1]
                if artefact_places.is_place(place):
                    found[path] = place
        return found

    def drop(self, place: str) -> int:
        """Removes the copies of a place, as its original is gone; how many. Who has one mapped keeps reading."""
        with self.alone(place):
            return sum(map(_remove, self.root.glob(f"{place}-*")))

    def _make_room(self, newest: Path) -> None:
        """Removes the copies used longest ago until the rest is within the bound; never what is in use."""
        self._sweep()
        copies = self.copies()
        facts = {path: (_used_at(path), _size(path)) for path in copies}
        total = sum(size for _, size in facts.values())
        for path in sorted(facts, key=lambda path: facts[path][0]):
            if total <= self.most_bytes:
                return
            if path != newest and self._evict(path, copies[path]):
                total -= facts[path][1]
        if total > self.most_bytes:
            log.warning("models.cache_over_bound", bytes=total, bound=self.most_bytes)

    def _evict(self, path: Path, place: str) -> bool:
        try:
            with self._locked(place, fcntl.LOCK_EX | fcntl.LOCK_NB):
                return not artifacts.is_held(path) and _remove(path)
        except BlockingIOError:  # it is being read or made this moment
            return False

    def _sweep(self) -> None:
        for left in (self.root / _ARRIVING).glob("*"):
            if _used_at(left) < time.time() - STALE_SECONDS:
                shutil.rmtree(left, ignore_errors=True)

    @contextlib.contextmanager
    def _locked(self, place: str, how: int) -> Iterator[None]:
        slot = int.from_bytes(hashlib.sha256(place.encode()).digest()[:4]) % _SLOTS
        locks = self.root / _LOCKS
        locks.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(locks / f"{slot:03}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, how)
            yield
        finally:
            os.close(lock)


def _remove(path: Path) -> bool:
    try:
        return artifacts.discard(path)
    except OSError as error:
        log.warning("models.copy_not_removed", copy=path.name, reason=str(error))
        return False


def _used_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()


def _size(path: Path) -> int:
    try:
        return sum(file.stat().st_size for file in path.iterdir())
    except FileNotFoundError:
        return 0
