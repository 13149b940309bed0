"""Trained models on disk: plain arrays with a manifest, published whole, checked before use."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from luxebrain.lib.problems import Unavailable
from modelregistry.arrays import ArrayDamaged, FileFacts, map_array, write_array

SCHEMA = 1
MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 16_000_000
_NAME = re.compile(r"[a-z0-9_-]{1,64}")
# Folders by scope: isolated models lie apart from those of the common training.
SCOPES = {"tenant": "tenant_models", "shared": "shared_models"}
# Where the folders of versions lie, as globs under the root.
HOMES = ("shared/*", *(f"{folder}/*/*" for folder in SCOPES.values()))
_TEMPORARY = ".tmp-"
_FOLDERS = "|".join(SCOPES.values())
_PLACE = re.compile(
    rf"(?:(?:{_FOLDERS})/{_NAME.pattern}|shared)/{_NAME.pattern}/(?P<number>[1-9][0-9]{{0,17}})(?:\.[0-9a-f]{{1,64}})?"
)


class ArtifactError(Exception):
    """An artefact cannot be used; the message says why."""


class ArtifactMissing(ArtifactError):
    """There is no artefact at this place."""


class ArtifactDamaged(ArtifactError):
    """What lies there is not what was saved."""


class ArtifactForeign(ArtifactError):
    """The artefact belongs to somebody else."""


class ArtifactExists(ArtifactError):
    """The version has been saved already; a version never changes."""


class ArtifactUnreachable(ArtifactError, Unavailable):
    """The store does not answer: what lies there is neither known to be good nor to be bad."""

    code = "model_store_unreachable"


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


def path_of(root: Path, *, tenant: str | None, model: str, version: int, scope: str = "tenant") -> Path:
    """Where an artefact lies: a tenant's by its scope (SCOPES), or everybody's where tenant is None."""
    _check_name("model", model)
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise ValueError(f"version must be a positive whole number, not {version!r}")
    if tenant is None:
        return root / "shared" / model / str(version)
    _check_name("tenant", tenant)
    return root / SCOPES[scope] / model / tenant / str(version)


def is_place(text: str) -> bool:
    """Whether this is what `path_of` or `save_again` would make of a version, relative to the root."""
    return _PLACE.fullmatch(text) is not None


def number_in(place: str) -> int:
    """The number of the version that lies at a place."""
    found = _PLACE.fullmatch(place)
    if found is None:
        raise ValueError(f"{place!r} is no place of an artefact")
    return int(found["number"])


def home_of(*, tenant: str | None, model: str, scope: str = "tenant") -> str:
    """The folder of all versions, relative to the root."""
    return path_of(Path(), tenant=tenant, model=model, version=1, scope=scope).parent.as_posix()


def scope_of(relative: str) -> str:
    """The scope under which an artefact lies, from its path in the models directory."""
    folder = relative.partition("/")[0]
    return next((scope for scope, name in SCOPES.items() if name == folder), "shared")


def save(
    root: Path,
    *,
    tenant: str | None,
    model: str,
    version: int,
    arrays: dict[str, np.ndarray],
    manifest: dict[str, Any],
    scope: str = "tenant",
) -> Saved:
    """Publish an artefact: complete and on the disk when its folder appears, or not at all."""
    path = path_of(root, tenant=tenant, model=model, version=version, scope=scope)
    return _publish(root, path, tenant=tenant, model=model, version=version, arrays=arrays, manifest=manifest)


def save_again(
    root: Path,
    *,
    tenant: str | None,
    model: str,
    version: int,
    arrays: dict[str, np.ndarray],
    manifest: dict[str, Any],
    scope: str = "tenant",
) -> Saved:
    """A changed copy of a version, in a folder of its own beside it: whoever reads the old one goes on.

    For what the law takes out of a version; `discard` the old folder once the registry names the new.
    """
    path = path_of(root, tenant=tenant, model=model, version=version, scope=scope)
    path = path.with_name(f"{version}.{secrets.token_hex(8)}")
    return _publish(root, path, tenant=tenant, model=model, version=version, arrays=arrays, manifest=manifest)


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


def _publish(
    root: Path,
    path: Path,
    *,
    tenant: str | None,
    model: str,
    version: int,
    arrays: dict[str, np.ndarray],
    manifest: dict[str, Any],
) -> Saved:
    for name in arrays:
        _check_name("array", name)
    if path.exists():
        raise ArtifactExists(f"{path.name} of {model} has been saved already")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.parent / f"{_TEMPORARY}{os.getpid()}-{secrets.token_hex(8)}"
    temporary.mkdir(mode=0o700)
    try:
        head = {"schema": SCHEMA, "tenant": tenant, "model": model, "version": version}
        # As it will be read: tuples are lists and keys are texts from here on.
        manifest = json.loads(json.dumps(manifest, allow_nan=False))
        files = {name: write_array(temporary / f"{name}.npy", arrays[name]) for name in arrays}
        digest = _digest(head, manifest, files)
        content = {name: facts.as_json() for name, facts in sorted(files.items())}
        whole = {**head, "digest": digest, "files": content, "content": manifest}
        _write_manifest(temporary / MANIFEST, whole)
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
    with _opened(path) as folder:
        whole = _read_manifest(folder)
        files = _described(whole, tenant, expected_digest)
        arrays = {name: _map(folder, name, facts, verify=verify, hold=hold) for name, facts in files.items()}
    size = sum(facts.size for facts in files.values())
    return Loaded(whole["content"], arrays, whole["digest"], size, whole["model"], whole["version"])


def contents(path: Path, *, tenant: str | None, expected_digest: str | None = None) -> dict[str, FileFacts]:
    """What the manifest in a folder says that belongs beside it, checked like `load` checks it."""
    with _opened(path) as folder:
        return _described(_read_manifest(folder), tenant, expected_digest)


def is_held(path: Path) -> bool:
    """Whether some process of this host has arrays of this folder mapped after `load(hold=True)`."""
    for file in path.glob("*.npy"):
        with file.open("rb") as opened:
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
    return False


def _described(whole: dict[str, Any], tenant: str | None, expected_digest: str | None) -> dict[str, FileFacts]:
    if whole["tenant"] != tenant:
        raise ArtifactForeign("the artefact belongs to another tenant")
    head = {key: whole[key] for key in ("schema", "tenant", "model", "version")}
    try:
        files = {name: FileFacts(**facts) for name, facts in whole["files"].items()}
    except TypeError as error:
        raise ArtifactDamaged(f"manifest: {error}") from error
    strange = next((name for name in files if not _NAME.fullmatch(name)), None)
    if strange is not None:
        raise ArtifactDamaged(f"no such array name: {strange!r}")
    digest = _digest(head, whole["content"], files)
    if digest != whole["digest"] or digest != (expected_digest or digest):
        raise ArtifactDamaged("the digest is not the one that was registered")
    return files


def sweep(root: Path, *, older_than: float = 3_600.0) -> int:
    """Remove what interrupted saves left behind `older_than` seconds ago; how many there were."""
    removed = 0
    latest = time.time() - older_than
    for temporary in [path for home in HOMES for path in root.glob(f"{home}/{_TEMPORARY}*")]:
        if not temporary.is_symlink() and temporary.stat().st_mtime <= latest:
            shutil.rmtree(temporary, ignore_errors=True)
            removed += 1
    return removed


def _check_name(what: str, name: str) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(f"{what} must be 1 to 64 of a-z, 0-9, _ and -, not {name!r}")


def _digest(head: dict[str, Any], content: dict[str, Any], files: dict[str, FileFacts]) -> str:
    """sha256 over the sorted file digests, with all that the manifest says about them."""
    described = json.dumps([head, content], sort_keys=True, separators=(",", ":"))
    lines = [described, *(facts.line(name) for name, facts in sorted(files.items()))]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _write_manifest(path: Path, whole: dict[str, Any]) -> None:
    with path.open("x", encoding="utf-8") as file:
        json.dump(whole, file, sort_keys=True, indent=1, allow_nan=False)
        file.flush()
        os.fsync(file.fileno())


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


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except FileNotFoundError as error:
        raise ArtifactMissing(f"there is no artefact at {path.name}") from error
    except OSError as error:  # a file or a symbolic link in its place
        raise ArtifactDamaged(f"{path.name} is no folder: {error.strerror}") from error
    try:
        yield folder
    finally:
        os.close(folder)


def _open_file(folder: int, name: str) -> int:
    try:
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError as error:
        raise ArtifactDamaged(f"{name}: {error.strerror}") from error


def _read_manifest(folder: int) -> dict[str, Any]:
    with os.fdopen(_open_file(folder, MANIFEST), "rb") as file:
        text = file.read(MAX_MANIFEST_BYTES + 1)
    if len(text) > MAX_MANIFEST_BYTES:
        raise ArtifactDamaged("the manifest is too large")
    try:
        whole = json.loads(text)
        kinds = {"schema": int, "model": str, "version": int, "digest": str, "files": dict,
                 "content": dict, "tenant": (str, type(None))}
        wrong = [key for key, kind in kinds.items() if not isinstance(whole[key], kind)]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ArtifactDamaged(f"the manifest cannot be read: {error}") from error
    if wrong or whole["schema"] != SCHEMA:
        raise ArtifactDamaged(f"the manifest is of another form: {wrong or whole['schema']}")
    return whole


def _map(folder: int, name: str, facts: FileFacts, *, verify: bool, hold: bool) -> np.ndarray:
    with os.fdopen(_open_file(folder, f"{name}.npy"), "rb") as file:
        if hold:  # a mapping keeps a copy of this descriptor, and with it the lock
            fcntl.flock(file, fcntl.LOCK_SH)
        try:
            return map_array(file, facts, verify=verify)
        except ArrayDamaged as error:
            raise ArtifactDamaged(f"{name}: {error}") from error
