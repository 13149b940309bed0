"""Versions of a shop's model: register, activate, roll back, retire; which one is in service."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings

from luxebrain.lib.problems import Conflict, NotFound
from modelregistry import checks, lineage, metrics, moving, running
from modelregistry.artifacts import Saved
from modelregistry.checks import NotActivatable, canary_requests, check, load, load_test, owner_of
from modelregistry.lineage import champion, live_at, previous
from modelregistry.models import AliasMove, ModelAlias, ModelVersion
from modelregistry.moving import locked, point
from tenants import audit
from tenants.models import Tenant, User

__all__ = [
    "ModelVersionManager", "NotActivatable", "activate", "canary_requests", "champion", "check", "find", "live_at",
    "load", "load_test", "next_number", "owner_of", "point", "previous", "record_metric", "register", "retire",
    "rollback", "undo",
]

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
    by: User | str | None,
    model: str = settings.MODEL_NAME,
    train_seconds: float = 0.0,
    cpu_seconds: float = 0.0,
    scope: str = ModelVersion.Scope.SHARED,
    origin: str = ModelVersion.Origin.TRAINING,
    upload_digest: str = "",
    reason: str = "",
) -> ModelVersion:
    """The saved artefact as a version; its number is that of the artefact's folder.

    A number lower than one already registered is refused: numbers tell the order of versions.
    """
    with locked(tenant):
        number = artifact.version
        if number < next_number(tenant, model=model):
            raise Conflict(f"Version {number} of {model} or a later one is registered already.")
        version = tenant.model_versions.create(
            model=model,
            number=number,
            scope=scope,
            algorithm=algorithm,
            parameters=parameters,
            artifact_path=artifact.place,
            digest=artifact.digest,
            size_bytes=artifact.size_bytes,
            metrics=metrics,
            counts=counts,
            data_from=window[0],
            data_until=window[1],
            code_version=settings.VERSION,
            train_seconds=train_seconds,
            cpu_seconds=cpu_seconds,
            origin=origin,
            upload_digest=upload_digest,
            created_by=moving.person(by),
        )
        details = {"origin": origin, "digest": artifact.digest}
        audit.record(
            tenant, "version.registered", by=by or "training", target=str(version), details=details, reason=reason
        )
    return version


def find(tenant: Tenant, number: int, *, model: str = settings.MODEL_NAME) -> ModelVersion:
    version = tenant.model_versions.filter(model=model, number=number).first()
    if version is None:
        raise NotFound(f"There is no version {number}.")
    return version


def activate(version: ModelVersion, *, by: User | str | None, reason: str = "") -> AliasMove:
    """Puts a checked version into service, in one transaction with its history and audit."""
    tenant = version.tenant
    checks.fetch(version)
    with locked(tenant):
        version.refresh_from_db()  # its state may have changed while waiting for the lock
        check(version, tenant=tenant)
        current = champion(tenant, model=version.model)
        if current == version:
            raise Conflict(f"{version} is in service already.")
        return moving.move(tenant, current, version, by=by, reason=reason, is_rollback=False)


def rollback(
    tenant: Tenant, *, by: User | str | None, reason: str = "", model: str = settings.MODEL_NAME
) -> AliasMove:
    """Brings back the version that was in service before; called again, the one before that.

    Versions on the way that cannot be used any more are passed over. Running tests of versions end with it.
    """
    likely = lineage.previous(tenant, model=model)
    if likely is not None:
        checks.fetch(likely)
    with locked(tenant):
        current = champion(tenant, model=model)
        if current is None:
            raise Conflict("There is no model in service to roll back.")
        refused = ""
        for version in lineage.before(tenant, model):
            try:
                check(version, tenant=tenant)
            except NotActivatable as problem:
                refused = refused or f" {problem.detail}"
                continue
            running.end_tests_of_versions(tenant, by=by, reason=f"Rolled back to {version}", model=model)
            return moving.move(tenant, current, version, by=by, reason=reason, is_rollback=True)
        raise Conflict(f"There is no earlier version to go back to.{refused}")


def undo(
    tenant: Tenant, *, by: User | str | None, move: int | None = None, reason: str = "",
    model: str = settings.MODEL_NAME,
) -> AliasMove:
    """Takes back the latest change, an activation or a rollback: what served before it serves again.

    move    the change meant, where a page offered to undo it; Conflict if another one came since.
    Undoing twice restores the change.
    """
    likely = lineage.last_move(tenant, model=model)
    if likely is not None and likely.previous is not None:
        checks.fetch(likely.previous)
    with locked(tenant):
        last = lineage.last_move(tenant, model=model)
        if last is None or last.previous is None:
            raise Conflict("There is nothing to undo: no other version served before.")
        if move is not None and last.pk != move:
            raise Conflict(f"Another change came since: {last.version} is in service. Look at it first.")
        check(last.previous, tenant=tenant)
        why = reason or f"Undid {'the rollback' if last.is_rollback else 'the activation'} of {last.version}"
        # What a rollback took off the history comes back on top of it; what an activation added goes again.
        return moving.move(tenant, last.version, last.previous, by=by, reason=why, is_rollback=not last.is_rollback)


def retire(version: ModelVersion, *, by: User | str | None, reason: str = "") -> None:
    """Takes a version out of the choice for good. Not one in service or on its way there."""
    tenant = version.tenant
    with locked(tenant):
        held = tenant.model_aliases.filter(version=version).exclude(name=ModelAlias.PREVIOUS).first()
        if held is not None and held.name == ModelAlias.CHAMPION:
            raise Conflict(f"{version} is in service. Put another version into service first.")
        if held is not None:
            raise Conflict(f"{version} is being tried as {held.name}. End that first.")
        if version.number in running.versions(tenant, model=version.model):
            raise Conflict(f"{version} serves a running experiment. End that first.")
        version.state = ModelVersion.State.RETIRED
        version.save(update_fields=["state"])
        moving.note_previous(tenant, version.model)
        audit.record(tenant, "version.retired", by=by, target=str(version), reason=reason)


def record_metric(
    version: ModelVersion, *, metric: str, value: float, sample_size: int, window: tuple[datetime, datetime],
    source: str, by: User | str | None,
) -> None:
    """Keeps what somebody measured of a version; the same metric of the same window is replaced."""
    tenant = version.tenant
    with tenant.atomic():
        metrics.record(version, metric, value=value, sample_size=sample_size, window=window, source=source)
        details = {"metric": metric, "value": value, "sample_size": sample_size, "source": source}
        audit.record(tenant, "version.measured", by=by, target=str(version), details=details)


class ModelVersionManager:
    """The functions above for one tenant, under the names of the specification."""

    def __init__(self, tenant: Tenant, *, model: str = settings.MODEL_NAME) -> None:
        self.tenant, self.model = tenant, model

    def register_version(self, **facts: Any) -> ModelVersion:
        return register(self.tenant, model=self.model, **facts)

    def activate_version(self, number: int, *, by: User | str | None, reason: str = "") -> AliasMove:
        return activate(find(self.tenant, number, model=self.model), by=by, reason=reason)

    def rollback(self, *, by: User | str | None, reason: str = "") -> AliasMove:
        return rollback(self.tenant, by=by, reason=reason, model=self.model)

    def undo(self, *, by: User | str | None, reason: str = "") -> AliasMove:
        return undo(self.tenant, by=by, reason=reason, model=self.model)

    def retire_version(self, number: int, *, by: User | str | None, reason: str = "") -> None:
        retire(find(self.tenant, number, model=self.model), by=by, reason=reason)

    def record_metric(self, number: int, **facts: Any) -> None:
        record_metric(find(self.tenant, number, model=self.model), **facts)

    def live_at(self, moment: datetime) -> ModelVersion | None:
        return live_at(self.tenant, moment, model=self.model)

    def get_active_version(self) -> ModelVersion | None:
        return champion(self.tenant, model=self.model)

    def list_versions(self) -> list[ModelVersion]:
        return list(self.tenant.model_versions.filter(model=self.model))
