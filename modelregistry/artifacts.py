"""Trained models on disk: plain arrays with a manifest, published whole, checked before use."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NotRequired, TypedDict, Unpack

import numpy as np

from modelregistry import artefact_places, manifests, packing
from modelregistry.arrays import SMALL_BYTES, ArrayDamaged, FileFacts, map_array, write_array
from modelregistry.manifests import (
    MANIFEST,
    MAX_MANIFEST_BYTES,
    ArtifactDamaged,
    ArtifactError,
    ArtifactExists,
    ArtifactForeign,
    ArtifactMissing,
    ArtifactUnreachable,
)

__all__ = [
    "MANIFEST", "MAX_MANIFEST_BYTES", "Artefact", "ArtifactDamaged", "ArtifactError", "ArtifactExists",
    "ArtifactForeign", "ArtifactMissing", "ArtifactUnreachable", "FileFacts", "Loaded", "Saved", "contents", "discard",
    "folders", "is_held", "load", "save", "save_again", "sweep",
]

_TEMPORARY = ".tmp-"


class Artefact(TypedDict):
    """What `save` takes: whose it is (tenant None: everybody's), which version, and what is in it."""

    tenant: str | None
    model: str
    version: int
    arrays: dict[str, np.ndarray]
    manifest: dict[str, Any]
    scope: NotRequired[str]  # of artefact_places.SCOPES; "tenant" where it is not named
    is_packed: NotRequired[bool]  # False: a file for each array, however small, as it was before they were packed


@dataclass(frozen=True)
class Saved:
    path: Path  # the folder on this host
    place: str  # where it lies in the store, as the registry notes it
    version: int
    digest: str  # hex sha256 over everything in the artefact
    size_bytes: int


@dataclass(frozen=True)
class Loaded:
    manifest: dict[str, Any]  # as handed to `save`
    arrays: dict[str, np.ndarray]  # mapped from the files, read-only
    digest: str
    size_bytes: int
    model: str
    version: int


def save(root: Path, **artefact: Unpack[Artefact]) -> Saved:
    """Publish an artefact: complete and on the disk when its folder appears, or not at all."""
    return _publish(root, _path(root, artefact), artefact)


def save_again(root: Path, **artefact: Unpack[Artefact]) -> Saved:
    """A changed copy of a version, in a folder of its own beside it: whoever reads the old one goes on.

    For what the law takes out of a version; `discard` the old folder once the registry names the new.
    """
    path = _path(root, artefact)
    return _publish(root, path.with_name(f"{path.name}.{secrets.token_hex(8)}"), artefact)


def _path(root: Path, artefact: Artefact) -> Path:
    return artefact_places.path_of(
        root, tenant=artefact["tenant"], model=artefact["model"], version=artefact["version"],
        scope=artefact.get("scope", "tenant"),
    )  # fmt: skip


def discard(path: Path) -> bool:
    """Delete a version's folder; whoever has it mapped keeps reading. False if there was none."""
    doomed = path.parent / f"{_TEMPORARY}{os.getpid()}-{secrets.token_hex(8)}"
    try:
        path.rename(doomed)
    except FileNotFoundError:
        return False
    shutil.rmtree(doomed)
    return True


def folders(home: Path) -> list[Path]:
    """The folders of versions, changed copies included, that lie in a tenant's folder."""
    return [path for path in home.glob("[0-9]*") if path.is_dir() and not path.is_symlink()]


def _publish(root: Path, path: Path, artefact: Artefact) -> Saved:
    model, version, arrays = artefact["model"], artefact["version"], artefact["arrays"]
    for name in arrays:
        artefact_places.check_name("array", name)
    if packing.NAME in arrays:
        raise ValueError(f"array {packing.NAME}: the name is taken")
    if path.exists():
        raise ArtifactExists(f"{path.name} of {model} has been saved already")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.parent / f"{_TEMPORARY}{os.getpid()}-{secrets.token_hex(8)}"
    temporary.mkdir(mode=0o700)
    try:
        is_packed = artefact.get("is_packed", True)
        held, packed = packing.packed(arrays) if is_packed else (arrays, {})
        schema = manifests.SCHEMA if is_packed else manifests.PLAIN_SCHEMA
        head = {"schema": schema, "tenant": artefact["tenant"], "model": model, "version": version}
        # As it will be read: tuples are lists and keys are texts from here on.
        manifest = json.loads(json.dumps(artefact["manifest"], allow_nan=False))
        files = {name: write_array(temporary / f"{name}.npy", array) for name, array in held.items()}
        digest = manifests.digest_of(head, manifest, files, packed)
        content = {name: facts.as_json() for name, facts in sorted(files.items())}
        whole = {**head, "digest": digest, "files": content, "packed": packed, "content": manifest}
        manifests.write(temporary / MANIFEST, whole)
        _sync_folder(temporary)
        _rename(temporary, path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    _sync_folder(path.parent)
    size = sum(facts.size for facts in files.values())
    return Saved(path, path.relative_to(root).as_posix(), version, digest, size)


def load(
    path: Path, *, tenant: str | None, expected_digest: str | None = None, verify: bool = True, hold: bool = False
) -> Loaded:
    """Map a saved artefact after checking whose it is and that nothing was changed.

    `expected_digest` is what the registry noted at saving. `verify=False` leaves out reading every
    byte (sizes, types and shapes are checked all the same): for files checked before by this host.
    `hold` marks the mapped files as in use, for as long as the arrays live (`is_held`).
    """
    with manifests.opened(path) as folder:
        whole = manifests.read(folder)
        files = manifests.described(whole, tenant, expected_digest)
        arrays = {name: _map(folder, name, facts, verify=verify, hold=hold) for name, facts in files.items()}
    if whole["packed"]:
        arrays |= _unpacked(arrays.pop(packing.NAME, None), whole["packed"])
    size = sum(facts.size for facts in files.values())
    return Loaded(whole["content"], arrays, whole["digest"], size, whole["model"], whole["version"])


def contents(path: Path, *, tenant: str | None, expected_digest: str | None = None) -> dict[str, FileFacts]:
    """What the manifest in a folder says that belongs beside it, checked like `load` checks it."""
    with manifests.opened(path) as folder:
        return manifests.described(manifests.read(folder), tenant, expected_digest)


def is_held(path: Path) -> bool:
    """Whether some process of this host has arrays of this folder mapped after `load(hold=True)`."""
    for file in path.glob("*.npy"):
        with file.open("rb") as opened:
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
    return False


def sweep(root: Path, *, older_than: float = 3_600.0) -> int:
    """Remove what interrupted saves left behind `older_than` seconds ago; how many there were."""
    removed = 0
    latest = time.time() - older_than
    for temporary in [path for home in artefact_places.HOMES for path in root.glob(f"{home}/{_TEMPORARY}*")]:
        if not temporary.is_symlink() and temporary.stat().st_mtime <= latest:
            shutil.rmtree(temporary, ignore_errors=True)
            removed += 1
    return removed


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _rename(temporary: Path, path: Path) -> None:
    try:
        temporary.rename(path)
    except OSError as error:
        if path.exists():
            raise ArtifactExists(f"{path.name} has been saved by somebody else") from error
        raise


def _map(folder: int, name: str, facts: FileFacts, *, verify: bool, hold: bool) -> np.ndarray:
    with os.fdopen(manifests.open_file(folder, f"{name}.npy"), "rb") as file:
        if hold:  # a mapping keeps a copy of this descriptor, and with it the lock
            fcntl.flock(file, fcntl.LOCK_SH)
        try:
            most = packing.READ_BYTES if name == packing.NAME else SMALL_BYTES
            return map_array(file, facts, verify=verify, read_up_to=most)
        except ArrayDamaged as error:
            raise ArtifactDamaged(f"{name}: {error}") from error


def _unpacked(held: np.ndarray | None, index: packing.Index) -> dict[str, np.ndarray]:
    if held is None:
        raise ArtifactDamaged("the small arrays have no file")
    try:
        return packing.unpacked(held, index)
    except ArrayDamaged as error:
        raise ArtifactDamaged(str(error)) from error
