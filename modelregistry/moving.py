"""Moving an alias: the one place that writes which version is in service, with history, audit and epoch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.conf import settings
from django.db import connections

from modelregistry import lineage
from modelregistry.models import AliasMove, ModelAlias, ModelVersion, Release
from tenants import audit, epochs, occurrences
from tenants.models import Tenant, User

# First half of the advisory lock that orders all changes of one tenant's versions.
_LOCK = 0x6D76


@contextmanager
def locked(tenant: Tenant) -> Iterator[datetime]:
    """One change of a tenant's versions at a time, also before its first alias row exists. Yields the time."""
    with tenant.atomic():
        with connections[tenant.alias].cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s, %s)", [_LOCK, tenant.pk & 0x7FFFFFFF])
        yield _now(tenant)


def point(
    tenant: Tenant, name: str, version: ModelVersion | None, *, by: User | str | None, reason: str = "",
    model: str = settings.MODEL_NAME,
) -> None:
    """Points "challenger" or "shadow" at a version, or at none; what serves is moved by `activate` alone."""
    if name not in (ModelAlias.CHALLENGER, ModelAlias.SHADOW):
        raise ValueError(f"not an alias that is pointed: {name}")
    with locked(tenant) as now:
        before = lineage.named(tenant, name, model=model)
        if before == version:
            return
        _set(tenant, model, name, version, now)
        if version is not None:
            tenant.alias_moves.create(
                model=model, name=name, previous=before, version=version, moved_by=person(by), reason=reason[:300],
                moved_at=now,
            )
        details = {"alias": name, "from": str(before) if before else None}
        audit.record(
            tenant, "version.pointed", by=by or "release", target=str(version or before), details=details,
            reason=reason,
        )
        epochs.bump(tenant, "model")


def move(
    tenant: Tenant, current: ModelVersion | None, version: ModelVersion, *, by: User | str | None, reason: str,
    is_rollback: bool,
) -> AliasMove:
    """Puts `version` in the place of `current`. Call with the lock, and with a version that passed its checks.

    by    a person, or the name of the program that did it; None = the training
    """
    now = _now(tenant)
    _set(tenant, version.model, ModelAlias.CHAMPION, version, now)
    made = tenant.alias_moves.create(
        model=version.model, name=ModelAlias.CHAMPION, previous=current, version=version, moved_by=person(by),
        reason=reason[:300], is_rollback=is_rollback, moved_at=now,
    )
    note_previous(tenant, version.model)
    _end_release(tenant, version, now)
    action = "version.rolled_back" if is_rollback else "version.activated"
    details = {"from": str(current) if current else None}
    audit.record(tenant, action, by=by or "training", target=str(version), details=details, reason=reason)
    occurrences.record(
        tenant, action, subject=f"version {version.number}", facts=details | {"reason": reason[:300]}
    )
    epochs.bump(tenant, "model")
    return made


def _end_release(tenant: Tenant, version: ModelVersion, now: datetime) -> None:
    """Whoever moves the champion decides over a release under way: its version is watched now, or it is over."""
    rows = tenant.releases.filter(model=version.model, state__in=Release.OPEN)
    release = rows.select_related("version").first()
    if release is None:
        return
    for name in (ModelAlias.SHADOW, ModelAlias.CHALLENGER):
        _set(tenant, version.model, name, None, now)
    if release.version_id == version.pk:
        rows.update(state=Release.State.FULL, stage_at=now)
        return
    rows.update(state=Release.State.CANCELLED, ended_at=now, conclusion=f"{version} was put into service instead")
    audit.record(tenant, "release.cancelled", by="release", target=str(release.version),
                 reason=f"{version} was put into service instead")  # fmt: skip


def person(by: User | str | None) -> User | None:
    """Who changed it, if it was somebody; a program says its name in the audit trail."""
    return by if isinstance(by, User) else None


def note_previous(tenant: Tenant, model: str) -> None:
    """The alias "previous" names what a rollback would bring."""
    _set(tenant, model, ModelAlias.PREVIOUS, lineage.previous(tenant, model=model), _now(tenant))


def _set(tenant: Tenant, model: str, name: str, version: ModelVersion | None, now: datetime) -> None:
    aliases = lineage.aliases(tenant, model, name)
    if version is None:
        aliases.delete()
    elif not aliases.update(version=version, moved_at=now):
        tenant.model_aliases.create(model=model, name=name, version=version, moved_at=now)


def _now(tenant: Tenant) -> datetime:
    """The database's time at this line: moves are ordered by it, whichever machine makes them."""
    with connections[tenant.alias].cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        return cursor.fetchone()[0]
