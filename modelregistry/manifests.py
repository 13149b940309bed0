"""The manifest of an artefact: what belongs to it and whose it is, its digest, and what can be wrong with it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from luxebrain.lib.problems import Unavailable
from modelregistry.arrays import FileFacts
from modelregistry.artefact_places import NAME

SCHEMA = 2  # small arrays are packed; in 1 each array was a file, and the manifest had no "packed"
PLAIN_SCHEMA = 1
MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 16_000_000


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


def described(whole: dict[str, Any], tenant: str | None, expected_digest: str | None) -> dict[str, FileFacts]:
    """The files that belong beside the manifest, by the names of their arrays. Raises ArtifactForeign,
    ArtifactDamaged."""
    if whole["tenant"] != tenant:
        raise ArtifactForeign("the artefact belongs to another tenant")
    head = {key: whole[key] for key in ("schema", "tenant", "model", "version")}
    try:
        files = {name: FileFacts(**facts) for name, facts in whole["files"].items()}
    except TypeError as error:
        raise ArtifactDamaged(f"manifest: {error}") from error
    packed = whole["packed"]
    strange = next((name for name in (*files, *packed) if not NAME.fullmatch(name) or name in files and name in packed),
                   None)  # fmt: skip
    if strange is not None:
        raise ArtifactDamaged(f"no such array name: {strange!r}")
    found = digest_of(head, whole["content"], files, packed)
    if found != whole["digest"] or found != (expected_digest or found):
        raise ArtifactDamaged("the digest is not the one that was registered")
    return files


def digest_of(
    head: dict[str, Any], content: dict[str, Any], files: dict[str, FileFacts], packed: dict[str, Any]
) -> str:
    """sha256 over the sorted file digests, with all that the manifest says about them and about what is in them."""
    said = [head, content] if head["schema"] == PLAIN_SCHEMA else [head, content, packed]
    described = json.dumps(said, sort_keys=True, separators=(",", ":"))
    lines = [described, *(facts.line(name) for name, facts in sorted(files.items()))]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def write(path: Path, whole: dict[str, Any]) -> None:
    with path.open("x", encoding="utf-8") as file:
        json.dump(whole, file, sort_keys=True, allow_nan=False)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def opened(path: Path) -> Iterator[int]:
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


def open_file(folder: int, name: str) -> int:
    try:
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError as error:
        raise ArtifactDamaged(f"{name}: {error.strerror}") from error


def read(folder: int) -> dict[str, Any]:
    with os.fdopen(open_file(folder, MANIFEST), "rb") as file:
        text = file.read(MAX_MANIFEST_BYTES + 1)
    if len(text) > MAX_MANIFEST_BYTES:
        raise ArtifactDamaged("the manifest is too large")
    try:
        whole = json.loads(text)
        if whole["schema"] == PLAIN_SCHEMA:
            whole["packed"] = {}
        kinds = {"schema": int, "model": str, "version": int, "digest": str, "files": dict, "packed": dict,
                 "content": dict, "tenant": (str, type(None))}  # fmt: skip
        wrong = [key for key, kind in kinds.items() if not isinstance(whole[key], kind)]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ArtifactDamaged(f"the manifest cannot be read: {error}") from error
    if wrong or whole["schema"] not in (PLAIN_SCHEMA, SCHEMA):
        raise ArtifactDamaged(f"the manifest is of another form: {wrong or whole['schema']}")
    return whole
