"""Versions of a shop's model: register, activate, roll back, retire; which one is in service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connections
from django.utils import timezone

from luxebrain.lib.problems import Conflict, NotFound
from modelregistry import artifacts
from modelregistry.artifacts import Loaded, Saved
from modelregistry.models import AliasMove, ModelAlias, ModelVersion
from tenants import audit, epochs
from tenants.models import Tenant, User

LoadTest = Callable[[Loaded], None]

# First half of the advisory lock that orders all changes of one tenant's versions.
_LOCK = 0x6D76
_load_tests: dict[str, LoadTest] = {}


class NotActivatable(Conflict):
    """The version fails its checks; the detail says which."""

    code = "version_not_activatable"


def load_test(model: str) -> Callable[[LoadTest], LoadTest]:
    """Registers what proves that an artefact of this model answers: raises if it does not."""

    def register_test(function: LoadTest) -> LoadTest:
        _load_tests[model] = function
        return function

    return register_test


def owner_of(tenant: Tenant) -> str:
    """The name an artefact is stored and checked under: the id, because a slug may change hands."""
    return str(tenant.pk)


def next_number(tenant: Tenant, *, model: str = settings.MODEL_NAME) -> int:
    """The number a new version would get now."""
    numbers = tenant.model_versions.filter(model=model).order_by("-number").values_list("number", flat=True)
    return (numbers.first() or 0) + 1


def register(
    tenant: Tenant,
    *,
    artifact: Saved,
    algorithm: str,
    parameters: dict[str, Any],
    metrics: dict[str, Any],
    counts: dict[str, int],
    window: tuple[datetime | None, datetime | None],
    by: User | None,
    model: str = settings.MODEL_NAME,
    train_seconds: float = 0.0,
    cpu_seconds: float = 0.0,
) -> ModelVersion:
    """The saved artefact as a version; its number is that of the artefact's folder.

    A number lower than one already registered is refused: numbers tell the order of versions.
    """
    with _locked(tenant):
        number = int(artifact.path.name)
        if number < next_number(tenant, model=model):
            raise Conflict(f"Version {number} of {model} or a later one is registered already.")
        version = tenant.model_versions.create(
            model=model,
            number=number,
            algorithm=algorithm,
            parameters=parameters,
            artifact_path=str(artifact.path.relative_to(settings.MODELS_DIR)),
            digest=artifact.digest,
            size_bytes=artifact.size_bytes,
            metrics=metrics,
            counts=counts,
            data_from=window[0],
            data_until=window[1],
            code_version=settings.VERSION,
            train_seconds=train_seconds,
            cpu_seconds=cpu_seconds,
            created_by=by,
        )
        audit.record(tenant, "version.registered", by=by or "training", target=str(version))
    return version


def champion(tenant: Tenant, *, model: str = settings.MODEL_NAME) -> ModelVersion | None:
    """The version in service."""
    alias = _aliases(tenant, model).select_related("version").first()
    return alias.version if alias else None


def find(tenant: Tenant, number: int, *, model: str = settings.MODEL_NAME) -> ModelVersion:
    version = tenant.model_versions.filter(model=model, number=number).first()
    if version is None:
        raise NotFound(f"There is no version {number}.")
    return version


def load(version: ModelVersion, *, verify: bool = True) -> Loaded:
    """The version's artefact, checked against what was registered. Raises ArtifactError."""
    path = settings.MODELS_DIR / version.artifact_path
    owner = str(version.tenant_id)
    return artifacts.load(path, tenant=owner, expected_digest=version.digest, verify=verify)


def check(version: ModelVersion) -> None:
    """Raises NotActivatable unless the version is ready, whole on the disk, and answers."""
    if version.state != ModelVersion.State.READY:
        raise NotActivatable(f"{version} cannot be put into service: it is {version.get_state_display().lower()}.")
    try:
        loaded = load(version)
        test = _load_tests.get(version.model)
        if test:
            test(loaded)
    except artifacts.ArtifactMissing as error:
        raise NotActivatable(f"{version} cannot be put into service: its files are missing.") from error
    except artifacts.ArtifactError as error:
        raise NotActivatable(f"{version} cannot be put into service: its files are damaged ({error}).") from error
    except Exception as error:
        raise NotActivatable(f"{version} cannot be put into service: it does not load ({error}).") from error


def activate(version: ModelVersion, *, by: User | None, reason: str = "") -> AliasMove:
    """Puts a checked version into service, in one transaction with its history and audit."""
    tenant = version.tenant
    with _locked(tenant):
        version.refresh_from_db()  # its state may have changed while waiting for the lock
        check(version)
        current = champion(tenant, model=version.model)
        if current == version:
            raise Conflict(f"{version} is in service already.")
        return _move(tenant, current, version, by=by, reason=reason, is_rollback=False)


def rollback(
    tenant: Tenant, *, by: User | None, reason: str = "", model: str = settings.MODEL_NAME
) -> AliasMove:
    """Brings back the version that was in service before; called again, the one before that.

    Versions on the way that cannot be used any more are passed over.
    """
    with _locked(tenant):
        current = champion(tenant, model=model)
        if current is None:
            raise Conflict("There is no model in service to roll back.")
        refused = ""
        for version in _before(tenant, model):
            try:
                check(version)
            except NotActivatable as problem:
                refused = refused or f" {problem.detail}"
                continue
            return _move(tenant, current, version, by=by, reason=reason, is_rollback=True)
        raise Conflict(f"There is no earlier version to go back to.{refused}")


def previous(tenant: Tenant, *, model: str = settings.MODEL_NAME) -> ModelVersion | None:
    """The version a rollback would try first."""
    return next(_before(tenant, model), None)


def retire(version: ModelVersion, *, by: User | None, reason: str = "") -> None:
    """Takes a version out of the choice for good. Not the one in service."""
    tenant = version.tenant
    with _locked(tenant):
        if champion(tenant, model=version.model) == version:
            raise Conflict(f"{version} is in service. Put another version into service first.")
        version.state = ModelVersion.State.RETIRED
        version.save(update_fields=["state"])
        audit.record(tenant, "version.retired", by=by, target=str(version), reason=reason)


def _aliases(tenant: Tenant, model: str) -> Any:
    return tenant.model_aliases.filter(model=model, name=ModelAlias.CHAMPION)


def _before(tenant: Tenant, model: str) -> Iterator[ModelVersion]:
    """Versions that were in service before the present one, latest first."""
    moves = tenant.alias_moves.filter(model=model, name=ModelAlias.CHAMPION).order_by("id")
    stack: list[int] = []
    for version, is_rollback in moves.values_list("version_id", "is_rollback"):
        if is_rollback and version in stack[:-1]:
            stack.pop()
            while stack[-1] != version:
                stack.pop()
        else:
            stack.append(version)
    known = {row.pk: row for row in tenant.model_versions.filter(pk__in=stack[:-1])}
    now = stack[-1] if stack else None
    return (known[pk] for pk in reversed(stack[:-1]) if pk != now)


def _move(
    tenant: Tenant, current: ModelVersion | None, version: ModelVersion, *, by: User | None, reason: str,
    is_rollback: bool,
) -> AliasMove:
    now = timezone.now()
    if current is None:
        tenant.model_aliases.create(model=version.model, name=ModelAlias.CHAMPION, version=version, moved_at=now)
    else:
        _aliases(tenant, version.model).update(version=version, moved_at=now)
    move = tenant.alias_moves.create(
        model=version.model, name=ModelAlias.CHAMPION, previous=current, version=version, moved_by=by,
        reason=reason[:300], is_rollback=is_rollback, moved_at=now,
    )
    action = "version.rolled_back" if is_rollback else "version.activated"
    details = {"from": str(current) if current else None}
    audit.record(tenant, action, by=by or "training", target=str(version), details=details, reason=reason)
    epochs.bump(tenant, "model")
    return move


@contextmanager
def _locked(tenant: Tenant) -> Iterator[None]:
    """One change of a tenant's versions at a time, also before its first alias row exists."""
    with tenant.atomic():
        with connections[tenant.alias].cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s, %s)", [_LOCK, tenant.pk & 0x7FFFFFFF])
        yield


class ModelVersionManager:
    """The functions above for one tenant, under the names of the specification."""

    def __init__(self, tenant: Tenant, *, model: str = settings.MODEL_NAME) -> None:
        self.tenant, self.model = tenant, model

    def register_version(self, **facts: Any) -> ModelVersion:
        return register(self.tenant, model=self.model, **facts)

    def activate_version(self, number: int, *, by: User | None, reason: str = "") -> AliasMove:
        return activate(find(self.tenant, number, model=self.model), by=by, reason=reason)

    def rollback(self, *, by: User | None, reason: str = "") -> AliasMove:
        return rollback(self.tenant, by=by, reason=reason, model=self.model)

    def get_active_version(self) -> ModelVersion | None:
        return champion(self.tenant, model=self.model)

    def list_versions(self) -> list[ModelVersion]:
        return list(self.tenant.model_versions.filter(model=self.model))
