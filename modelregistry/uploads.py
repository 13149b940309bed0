"""A version from a file: an artefact that was trained elsewhere, verified whole before it can be chosen.

The file is an artefact's folder as a zip archive: manifest.json and one .npy file per array. Nothing in it is
ever executed: arrays of plain numbers, JSON, and no other member.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import tempfile
import zipfile
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import IntegrityError, transaction

from luxebrain.lib.problems import Conflict, Problem
from modelregistry import artifacts, checks, moving, store, versions
from modelregistry.artifacts import ArtifactError, Loaded, Saved
from modelregistry.models import ModelVersion
from tenants import audit
from tenants.models import Tenant, User

MOST_FILES = 400
MOST_BYTES = 4 * 1024**3  # unpacked
_MEMBER = re.compile(r"manifest\.json|[a-z0-9_-]{1,64}\.npy")
_PIECE = 1024 * 1024


class UploadRefused(Problem):
    """The file cannot become a version; the detail says which check it failed."""

    code = "artefact_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The file was refused: {reason}.", fields={"file": reason})


def register(
    tenant: Tenant, *, file: IO[bytes], by: User | None, reason: str = "", expected_digest: str = "",
    model: str = settings.MODEL_NAME,
) -> ModelVersion:
    """The file as a new version, verified and not yet in service.

    expected_digest    sha256 of the file, hexadecimal, where the sender knows it
    A version that was made of this file and whose files were let go gets them back. Raises UploadRefused, and
    Conflict for a file that is a version already.
    """
    digest = _digest(file)
    if expected_digest and expected_digest.lower() != digest:
        raise UploadRefused(f"its sha256 is {digest}, not the one that was named")
    known = tenant.model_versions.filter(model=model, upload_digest=digest).first()
    if known is not None:
        _require_archived(known)
    with tempfile.TemporaryDirectory(dir=_arriving()) as folder:
        loaded = _verified(Path(folder) / "artefact", file, tenant, model)
        described = _proved(tenant, model, loaded)
        saved = _save(tenant, model, loaded) if known is None else _save_again(known, loaded)
    try:
        if known is not None:
            return _bring_back(known, saved, by=by, reason=reason)
        with tenant.atomic(), transaction.atomic(using=tenant.alias):
            return versions.register(
                tenant, artifact=saved, by=by, reason=reason, model=model, origin=ModelVersion.Origin.UPLOAD,
                upload_digest=digest, metrics={}, window=(None, None), **described,
            )
    except BaseException as error:
        with contextlib.suppress(artifacts.ArtifactUnreachable):  # no version names it: the sweep finds it
            store.discard(saved.place)
        if isinstance(error, IntegrityError):
            raise Conflict("This file is a version already.") from error
        raise


def _require_archived(known: ModelVersion) -> None:
    if known.files_removed_at is None:
        raise Conflict(f"This file is {known} already.")
    if known.state != ModelVersion.State.ARCHIVED:
        state = known.get_state_display().lower()
        raise Conflict(f"This file is {known}, which is {state}: its files were removed and do not come back.")


def _bring_back(known: ModelVersion, saved: Saved, *, by: User | None, reason: str) -> ModelVersion:
    """The version with its files again, and ready; kept as long as one that was made today."""
    tenant = known.tenant
    with moving.locked(tenant) as now:
        known.refresh_from_db()  # somebody else may have been faster
        _require_archived(known)
        if saved.digest != known.digest:
            raise Conflict(
                f"This file is not what {known} was when its files went: a person was erased from it. Train again."
            )
        known.state, known.artifact_path = ModelVersion.State.READY, saved.place
        known.files_removed_at, known.files_returned_at = None, now
        known.save(update_fields=["state", "artifact_path", "files_removed_at", "files_returned_at"])
        details = {"digest": known.digest, "size_bytes": saved.size_bytes}
        audit.record(tenant, "version.files_returned", by=by or "upload", target=str(known), details=details,
                     reason=reason)  # fmt: skip
    return known


def _digest(file: IO[bytes]) -> str:
    file.seek(0)
    found = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    file.seek(0)
    return found


def _arriving() -> Path:
    """A folder on the disk of uploads, for what is looked at and not yet anybody's."""
    place = Path(settings.UPLOADS_DIR) / "arriving"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def _verified(folder: Path, file: IO[bytes], tenant: Tenant, model: str) -> Loaded:
    """Unpacked and checked against its own manifest: names, sizes, headers, digests. Raises UploadRefused."""
    folder.mkdir(mode=0o700)
    try:
        with zipfile.ZipFile(file) as archive:
            _unpack(archive, folder)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise UploadRefused(f"it is no whole zip archive ({error})"[:200]) from error
    owner = _owner(folder)
    try:
        loaded = artifacts.load(folder, tenant=owner)
    except ArtifactError as error:
        raise UploadRefused(str(error)[:200]) from error
    if loaded.model != model:
        raise UploadRefused(f"it is a model of the kind {loaded.model[:40]!r}, not {model!r}")
    return loaded


def _unpack(archive: zipfile.ZipFile, folder: Path) -> None:
    members = archive.infolist()
    names = [member.filename for member in members]
    strange = next((name for name in names if not _MEMBER.fullmatch(name)), None)
    if strange is not None:
        raise UploadRefused(f"it holds {strange[:60]!r}; only manifest.json and .npy files are taken")
    if "manifest.json" not in names or len(set(names)) < len(names) or len(names) > MOST_FILES:
        raise UploadRefused("it needs one manifest.json and each array once")
    if sum(member.file_size for member in members) > MOST_BYTES:
        raise UploadRefused(f"it is larger than {MOST_BYTES // 1024**3} GB when unpacked")
    for member in members:
        left = member.file_size
        with archive.open(member) as source, (folder / member.filename).open("xb") as target:
            while piece := source.read(min(_PIECE, left + 1)):
                left -= len(piece)
                if left < 0:  # the archive lies about its sizes
                    raise UploadRefused(f"{member.filename} is longer than the archive says")
                target.write(piece)


def _owner(folder: Path) -> str | None:
    """Whose artefact the manifest says it was: it becomes this tenant's by being registered."""
    try:
        with (folder / artifacts.MANIFEST).open("rb") as file:
            whole: Any = json.loads(file.read(artifacts.MAX_MANIFEST_BYTES))
        owner = whole["tenant"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UploadRefused("its manifest.json cannot be read") from error
    return owner if isinstance(owner, str) else None


def _proved(tenant: Tenant, model: str, loaded: Loaded) -> dict[str, Any]:
    """The load test, whose it is, and the canary requests. Returns algorithm, parameters and counts."""
    try:
        described = checks.prove(tenant, model, loaded, is_upload=True)
    except checks.CanaryFailed as error:
        raise UploadRefused(str(error)) from error
    except Exception as error:
        raise UploadRefused(f"it does not load ({error})"[:200]) from error
    return described or {"algorithm": "unknown", "parameters": {}, "counts": {}}


def _save_again(known: ModelVersion, loaded: Loaded) -> Saved:
    """Under its own number, in a folder of its own: what is left of the former one goes its way."""
    whole: artifacts.Artefact = {
        "tenant": versions.owner_of(known.tenant), "model": known.model, "version": known.number,
        "arrays": loaded.arrays, "manifest": loaded.manifest,
    }  # fmt: skip
    saved = store.save_again(**whole)
    if saved.digest == known.digest:
        return saved
    store.discard(saved.place)
    return store.save_again(**whole, is_packed=False)  # as a version was saved whose digest is older than packing


def _save(tenant: Tenant, model: str, loaded: Loaded) -> Saved:
    number = versions.next_number(tenant, model=model)
    while True:
        try:
            return store.save(
                tenant=versions.owner_of(tenant), model=model, version=number,
                arrays=loaded.arrays, manifest=loaded.manifest,
            )
        except artifacts.ArtifactExists:
            number += 1
