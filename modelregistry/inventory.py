"""What lies in the store of models, whoever put it there: whose folders, and how old what is in them is."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path

from modelregistry import artefact_places, artifacts, store

_OWNER = re.compile(r"[0-9]{1,18}")


def sweep_unfinished() -> int:
    """Removes what interrupted savings left on this disk; how many. In a remote store such a folder looks like any
    other one that no version names."""
    root = store.local_root()
    return 0 if root is None else artifacts.sweep(root)


def homes() -> dict[int, list[str]]:
    """Tenant id → the folders of its versions, one for each scope and kind of model. Raises ArtifactUnreachable."""
    found: dict[int, list[str]] = {}
    for scope in artefact_places.SCOPES.values():
        for model in _folders(scope):
            for owner in _folders(f"{scope}/{model}"):
                if _OWNER.fullmatch(owner):
                    found.setdefault(int(owner), []).append(f"{scope}/{model}/{owner}")
    return found


def age(place: str) -> float:
    """Seconds since it came, 0 for what is gone already. Raises ArtifactUnreachable."""
    root = store.local_root()
    try:
        came = store.remote().came_at(place) if root is None else (root / place).stat().st_mtime
    except FileNotFoundError:
        return 0.0
    return time.time() - came


def drop_empty(home: str, *, older_than: float) -> None:
    """Removes a folder without anything in it; a remote store has no such folders."""
    root = store.local_root()
    if root is not None and age(home) > older_than and not any((root / home).iterdir()):
        shutil.rmtree(root / home, ignore_errors=True)


def below(root: Path) -> list[str]:
    """The places of the artefacts in a directory of this disk, everybody's included."""
    folders = (path for home in artefact_places.HOMES for path in root.glob(f"{home}/[0-9]*"))
    found = (path.relative_to(root).as_posix() for path in folders)
    return sorted(place for place in found if artefact_places.is_place(place))


def send(root: Path, place: str) -> bool:
    """Sends a whole artefact of a directory of this disk to the remote store, under the same place; False if it is
    there already. Raises ArtifactError for one that is damaged, and where the store does not answer."""
    parts = place.split("/")
    owner = None if parts[0] == "shared" else parts[-2]
    if store.remote().has(place):
        return False
    artifacts.load(root / place, tenant=owner)
    store.remote().send(root / place, place)
    return True


def _folders(path: str) -> list[str]:
    root = store.local_root()
    if root is None:
        return store.remote().folders(path)
    return sorted(one.name for one in Path(root / path).glob("*") if one.is_dir() and not one.is_symlink())
