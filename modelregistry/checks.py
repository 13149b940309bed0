"""What a version must pass before it may serve: whole on the disk, loads, answers a set of requests."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from luxebrain.lib.problems import Conflict
from modelregistry import artifacts, store
from modelregistry.artifacts import Loaded
from modelregistry.models import ModelVersion
from tenants.models import Tenant

Described = dict[str, Any]  # algorithm, parameters and counts, as the artefact itself says them
LoadTest = Callable[[Loaded], Described]
Asks = Callable[[Tenant, Loaded], None]

_load_tests: dict[str, LoadTest] = {}
_canaries: dict[str, Asks] = {}
_belongings: dict[str, Asks] = {}


class NotActivatable(Conflict):
    """The version fails its checks; the detail says which."""

    code = "version_not_activatable"


class CanaryFailed(Exception):
    """One of the tenant's own requests was not answered as it must be; the message says which."""


def load_test(model: str) -> Callable[[LoadTest], LoadTest]:
    """Registers what proves that an artefact of this model answers, and says what it is: raises if not."""

    def register_test(function: LoadTest) -> LoadTest:
        _load_tests[model] = function
        return function

    return register_test


def canary_requests(model: str) -> Callable[[Asks], Asks]:
    """Registers what asks an artefact a set of the tenant's own requests: raises CanaryFailed."""

    def register_requests(function: Asks) -> Asks:
        _canaries[model] = function
        return function

    return register_requests


def belonging(model: str) -> Callable[[Asks], Asks]:
    """Registers what asks of an artefact from outside whether it is about this tenant: raises CanaryFailed."""

    def register_belonging(function: Asks) -> Asks:
        _belongings[model] = function
        return function

    return register_belonging


def owner_of(tenant: Tenant) -> str:
    """The name an artefact is stored and checked under: the id, because a slug may change hands."""
    return str(tenant.pk)


def load(version: ModelVersion) -> Loaded:
    """The version's artefact, checked against what was registered. Raises ArtifactError."""
    if not version.artifact_path:
        raise artifacts.ArtifactMissing(f"the files of {version} were let go")
    owner = str(version.tenant_id)
    return store.load(version.artifact_path, tenant=owner, digest=version.digest)


def fetch(version: ModelVersion) -> None:
    """Brings the files to this host, so that a check under a lock does not wait for them. Its errors come there."""
    if version.artifact_path:
        with contextlib.suppress(artifacts.ArtifactError):
            store.fetch(version.artifact_path, tenant=str(version.tenant_id), digest=version.digest)


def check(version: ModelVersion, *, tenant: Tenant | None = None) -> None:
    """Raises NotActivatable unless the version is ready, whole on the disk, loads and answers."""
    refusal = f"{version} cannot be put into service:"
    if version.files_removed_at is not None:
        raise NotActivatable(
            f"{refusal} its files were removed on {version.files_removed_at:%Y-%m-%d}, only its facts are kept. "
            f"Train again for a version that can serve.{_way_back(version)}"
        )
    if version.state != ModelVersion.State.READY:
        raise NotActivatable(f"{refusal} it is {version.get_state_display().lower()}.")
    try:
        prove(tenant or version.tenant, version.model, load(version))
    except artifacts.ArtifactMissing as error:
        raise NotActivatable(f"{refusal} its files are missing.") from error
    except artifacts.ArtifactUnreachable as error:
        raise NotActivatable(f"{refusal} its files cannot be fetched now. {error}") from error
    except artifacts.ArtifactError as error:
        raise NotActivatable(f"{refusal} its files are damaged ({error}).") from error
    except CanaryFailed as error:
        raise NotActivatable(f"{refusal} {error}.") from error
    except Exception as error:
        raise NotActivatable(f"{refusal} it does not load ({error}).") from error


def _way_back(version: ModelVersion) -> str:
    """What an upload has beside a new training (modelregistry/uploads.py)."""
    uploaded = version.origin == ModelVersion.Origin.UPLOAD and version.state == ModelVersion.State.ARCHIVED
    return " The same file, uploaded again by the platform's staff, brings them back." if uploaded else ""


def prove(tenant: Tenant, model: str, loaded: Loaded, *, is_upload: bool = False) -> Described | None:
    """The load test and the tenant's own requests; of an upload also whose it is. Raises whatever is wrong."""
    described = _load_tests[model](loaded) if model in _load_tests else None
    if is_upload and model in _belongings:
        _belongings[model](tenant, loaded)
    if model in _canaries:
        _canaries[model](tenant, loaded)
    return described
