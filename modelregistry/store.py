"""Where artefacts are published to and read from: the Django storage "models", on this disk or far away.

A storage on the local disk is used in place: its files are mapped where they lie. Of any other one this host keeps
copies (modelregistry/hostcache.py). A place is a path like "tenant_models/recommendation/7/3", as the registry
notes it; it names the tenant, and one tenant's place never opens another's.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Unpack

from django.conf import settings
from django.core.files.storage import FileSystemStorage, storages

from luxebrain.lib import logs
from modelregistry import artefact_places, artifacts, tidying
from modelregistry.artifacts import (
    Artefact,
    ArtifactDamaged,
    ArtifactExists,
    ArtifactForeign,
    ArtifactMissing,
    ArtifactUnreachable,
    Loaded,
    Saved,
)
from modelregistry.hostcache import HostCache
from modelregistry.remote import Remote

ALIAS = "models"
QUIET_SECONDS = 5.0  # after a failure nobody who serves waits for the store again
log = logs.get(__name__)
_failed_at = -QUIET_SECONDS


def local_root() -> Path | None:
    """The folder of a store on this disk; None where the store is remote."""
    storage = storages[ALIAS]
    return Path(storage.location) if isinstance(storage, FileSystemStorage) else None


def remote() -> Remote:
    """The store where it is not on this disk."""
    return Remote(storages[ALIAS])


def save(**artefact: Unpack[Artefact]) -> Saved:
    """Publishes an artefact, whole or not at all. Raises ArtifactExists where the version has one."""
    root = local_root()
    if root is not None:
        return artifacts.save(root, **artefact)
    model, version = artefact["model"], artefact["version"]
    home = artefact_places.home_of(tenant=artefact["tenant"], model=model, scope=artefact.get("scope", "tenant"))
    if version in {artefact_places.number_in(place) for place in remote().versions(home)}:
        raise ArtifactExists(f"{version} of {model} has been saved already")
    return _send(artefact)


def save_again(**artefact: Unpack[Artefact]) -> Saved:
    """A changed copy of a version beside it; `discard` the old one once the registry names the new."""
    root = local_root()
    return _send(artefact) if root is None else artifacts.save_again(root, **artefact)


def load(place: str, *, tenant: str | None, digest: str) -> Loaded:
    """The artefact's arrays, mapped and checked against what was registered. Raises ArtifactError."""
    _belongs(place, tenant)
    root = local_root()
    if root is not None:
        return artifacts.load(root / place, tenant=tenant, expected_digest=digest)
    tidying.keep(_cache, tidy)
    loaded = _copy(place, tenant, digest)
    if loaded is None:
        fetch(place, tenant=tenant, digest=digest)
        loaded = _copy(place, tenant, digest, verify=False)  # every byte was held against the digest just now
    if loaded is None:
        raise ArtifactDamaged("the copy of this host vanished while it was read")
    return loaded


def fetch(place: str, *, tenant: str | None, digest: str) -> None:
    """Brings a remote artefact to this host, once for all its processes; nothing to do where it is local."""
    _belongs(place, tenant)
    if local_root() is not None:
        return
    cache = _cache()
    with cache.alone(place):
        folder = cache.folder(place, digest)
        try:
            artifacts.load(folder, tenant=tenant, expected_digest=digest)
            return  # somebody was faster
        except ArtifactMissing:
            pass
        except ArtifactDamaged as error:
            log.warning("models.copy_damaged", place=place, reason=str(error))
            artifacts.discard(folder)
        with cache.arriving() as arriving:
            made = arriving / "copy"
            made.mkdir(mode=0o700)
            began = time.monotonic()
            _fetch(place, made, tenant=tenant, digest=digest)
            cache.publish(made, place, digest)
    log.info("models.fetched", place=place, seconds=round(time.monotonic() - began, 3))


def discard(place: str) -> bool:
    """Deletes an artefact from the store and from this host; whoever has it mapped keeps reading.

    Other hosts drop their copies with their next look (modelregistry/tidying.py). False if there was none.
    """
    if not artefact_places.is_place(place):
        return False
    root = local_root()
    if root is not None:
        return artifacts.discard(root / place)
    was_there = remote().delete(place)
    _cache().drop(place)
    return was_there


def copies(*, tenant: str, model: str) -> list[str]:
    """The places of every version of a tenant, of both scopes, changed copies included."""
    return [place for scope in artefact_places.SCOPES for place in versions(tenant=tenant, model=model, scope=scope)]


def versions(*, tenant: str, model: str, scope: str) -> list[str]:
    """The places of a tenant's versions of one scope."""
    home = artefact_places.home_of(tenant=tenant, model=model, scope=scope)
    return places(home)


def places(home: str) -> list[str]:
    """The places under one folder of a tenant's versions."""
    root = local_root()
    if root is None:
        return remote().versions(home)
    return [path.relative_to(root).as_posix() for path in artifacts.folders(root / home)]


def holds(*, tenant: str, model: str, scope: str) -> bool:
    """Whether any version lies there; while a remote store does not answer, nobody can say that none does."""
    if local_root() is None and _is_quiet():
        return True
    try:
        return bool(versions(tenant=tenant, model=model, scope=scope))
    except ArtifactUnreachable:
        _note_failure()
        return True


def tidy() -> int:
    """Removes this host's copies of what the store has no more; how many. Raises ArtifactUnreachable."""
    return 0 if local_root() is not None else tidying.tidy(_cache(), remote())


def _send(artefact: Artefact) -> Saved:
    """Made on this host, sent to a folder that nobody else sends to, and kept as the copy that a fetch would have
    made."""
    cache = _cache()
    with cache.arriving() as arriving:
        made = artifacts.save_again(arriving, **artefact)
        remote().send(made.path, made.place)
        with cache.alone(made.place):
            return replace(made, path=cache.publish(made.path, made.place, made.digest))


def _copy(place: str, tenant: str | None, digest: str, *, verify: bool = True) -> Loaded | None:
    """This host's copy, its mapped files in use; None where there is none that is whole."""
    cache = _cache()
    folder = cache.folder(place, digest)
    with cache.looking(place):
        try:
            loaded = artifacts.load(folder, tenant=tenant, expected_digest=digest, verify=verify, hold=True)
        except (ArtifactMissing, ArtifactDamaged):
            return None
        cache.used(folder)
    return loaded


def _fetch(place: str, into: Path, *, tenant: str | None, digest: str) -> None:
    if _is_quiet():
        raise ArtifactUnreachable("The store of models did not answer a moment ago.")
    try:
        remote().fetch(place, into, tenant=tenant, digest=digest)
    except ArtifactUnreachable:
        _note_failure()
        raise


def _is_quiet() -> bool:
    return time.monotonic() - _failed_at < QUIET_SECONDS


def _note_failure() -> None:
    global _failed_at
    _failed_at = time.monotonic()


def _belongs(place: str, tenant: str | None) -> None:
    if not artefact_places.is_place(place):
        raise ArtifactMissing(f"{place!r} is no place of an artefact")
    parts = place.split("/")
    if (None if parts[0] == "shared" else parts[-2]) != tenant:
        raise ArtifactForeign("the place is another tenant's")


def _cache() -> HostCache:
    return HostCache(Path(settings.MODELS_CACHE_DIR), settings.MODELS_CACHE_BYTES)
