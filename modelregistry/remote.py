"""Artefacts in a remote store: sent whole, fetched and verified, listed and deleted; any Django storage will do.

The manifest is sent last and deleted first: an artefact without one does not exist. Every sending has a folder of
its own, so that two at a time never mix their files.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.core.exceptions import ImproperlyConfigured
from django.core.files import File
from django.core.files.storage import Storage

from modelregistry import artefact_places, artifacts
from modelregistry.arrays import FileFacts
from modelregistry.artifacts import MANIFEST, ArtifactDamaged, ArtifactError, ArtifactMissing, ArtifactUnreachable

_PIECE = 1024 * 1024


@dataclass(frozen=True)
class Remote:
    """Every method raises ArtifactUnreachable if the store does not answer as it should, whatever the reason."""

    storage: Storage

    def send(self, folder: Path, place: str) -> None:
        """A finished artefact; what was sent is removed again if not all of it can be sent."""
        files = sorted(folder.iterdir(), key=lambda file: file.name == MANIFEST)
        try:
            with _answering():
                for file in files:
                    self._send(file, f"{place}/{file.name}")
        except ArtifactUnreachable:
            self._take_back(place, files)
            raise

    def has(self, place: str) -> bool:
        """Whether a whole artefact lies there."""
        with _answering():
            return self.storage.exists(f"{place}/{MANIFEST}")

    def fetch(self, place: str, into: Path, *, tenant: str | None, digest: str) -> None:
        """Fills the empty folder; every byte was held against the digest that the registry noted.

        Raises ArtifactMissing, ArtifactDamaged, ArtifactForeign.
        """
        with _answering():
            try:
                self._fetch(f"{place}/{MANIFEST}", into / MANIFEST, most=artifacts.MAX_MANIFEST_BYTES)
            except FileNotFoundError as error:
                raise ArtifactMissing("the store has no such artefact") from error
            for name, facts in artifacts.contents(into, tenant=tenant, expected_digest=digest).items():
                self._fetch_array(place, name, facts, into)

    def versions(self, home: str) -> list[str]:
        """The places under a tenant's folder, those half sent or half deleted included."""
        return [place for name in self.folders(home) if artefact_places.is_place(place := f"{home}/{name}")]

    def folders(self, path: str) -> list[str]:
        """The names of the folders in a folder."""
        with _answering():
            try:
                return sorted(self.storage.listdir(path)[0])
            except FileNotFoundError:  # a storage with real folders has none yet
                return []

    def came_at(self, place: str) -> float:
        """When one of its files came, in seconds since 1970; now where there is none."""
        with _answering():
            for name in self.storage.listdir(place)[1]:
                return self.storage.get_modified_time(f"{place}/{name}").timestamp()
        return time.time()

    def delete(self, place: str) -> bool:
        """Everything under the place, the manifest first. False if there was nothing."""
        with _answering():
            try:
                _, names = self.storage.listdir(place)
            except FileNotFoundError:
                return False
            for name in sorted(names, key=lambda name: name != MANIFEST):
                self.storage.delete(f"{place}/{name}")
        return bool(names)

    def _send(self, file: Path, name: str) -> None:
        with file.open("rb") as opened:
            kept = self.storage.save(name, File(opened, name=file.name))
        if kept != name:
            self.storage.delete(kept)
            raise ArtifactUnreachable("the store did not take the file under its name")

    def _take_back(self, place: str, files: list[Path]) -> None:
        for file in reversed(files):
            try:
                self.storage.delete(f"{place}/{file.name}")
            except Exception:  # noqa: BLE001  (what stays has no manifest; the sweep finds it)
                return

    def _fetch_array(self, place: str, name: str, facts: FileFacts, into: Path) -> None:
        try:
            size, sha256 = self._fetch(f"{place}/{name}.npy", into / f"{name}.npy", most=facts.size)
        except FileNotFoundError as error:
            raise ArtifactDamaged(f"{name} is missing in the store") from error
        if (size, sha256) != (facts.size, facts.sha256):
            raise ArtifactDamaged(f"{name}: the store holds other bytes than were saved")

    def _fetch(self, name: str, into: Path, *, most: int) -> tuple[int, str]:
        """How many bytes came, at most one more than `most`, and their sha256."""
        found, left = hashlib.sha256(), most + 1
        source: IO[bytes]
        with self.storage.open(name, "rb") as source, into.open("xb") as target:
            while left and (piece := source.read(min(_PIECE, left))):
                left -= len(piece)
                found.update(piece)
                target.write(piece)
        return most + 1 - left, found.hexdigest()


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except (ArtifactError, ImproperlyConfigured):
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"[:200]
        raise ArtifactUnreachable(f"The store of models does not answer ({reason}).") from error
