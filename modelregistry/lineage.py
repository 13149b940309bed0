"""Which version serves, served before, and served at any moment: read from the alias and its moves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from modelregistry.models import AliasMove, ModelAlias, ModelVersion
from tenants.models import Tenant
from tenants.statements import written_once


@dataclass(frozen=True)
class Spell:
    """A stretch of time in which one version served; until None = it still does."""

    version: ModelVersion
    since: datetime
    until: datetime | None
    move: AliasMove  # what began it: who, why


def named(tenant: Tenant, name: str, *, model: str = settings.MODEL_NAME) -> ModelVersion | None:
    """The version that an alias points at: champion, challenger, shadow or previous."""
    found = _aliases_with_versions(tenant, model, name)
    return found[0].version if found else None


def champion(tenant: Tenant, *, model: str = settings.MODEL_NAME) -> ModelVersion | None:
    """The version in service."""
    return named(tenant, ModelAlias.CHAMPION, model=model)


def live_at(tenant: Tenant, moment: datetime, *, model: str = settings.MODEL_NAME) -> ModelVersion | None:
    """The version that was in service at `moment`, in one query; None before the first activation."""
    move = moves(tenant, model).filter(moved_at__lte=moment).select_related("version").first()
    return move.version if move else None


def spells(tenant: Tenant, *, model: str = settings.MODEL_NAME, most: int = 200) -> list[Spell]:
    """The latest stretches of service, newest first, in one query."""
    found: list[Spell] = []
    until: datetime | None = None
    for move in moves(tenant, model).select_related("version", "previous", "moved_by")[:most]:
        found.append(Spell(move.version, move.moved_at, until, move))
        until = move.moved_at
    return found


def before(tenant: Tenant, model: str = settings.MODEL_NAME) -> Iterator[ModelVersion]:
    """Versions that were in service before the present one, latest first."""
    stack: list[int] = []
    for version, is_rollback in moves(tenant, model).order_by("id").values_list("version_id", "is_rollback"):
        if is_rollback and version in stack[:-1]:
            stack.pop()
            while stack[-1] != version:
                stack.pop()
        else:
            stack.append(version)
    known = {row.pk: row for row in tenant.model_versions.filter(pk__in=stack[:-1])}
    now = stack[-1] if stack else None
    return (known[pk] for pk in reversed(stack[:-1]) if pk != now)


def previous(tenant: Tenant, *, model: str = settings.MODEL_NAME) -> ModelVersion | None:
    """The version a rollback would try first."""
    ready = (version for version in before(tenant, model) if version.state == ModelVersion.State.READY)
    return next(ready, None)


def last_move(tenant: Tenant, *, model: str = settings.MODEL_NAME) -> AliasMove | None:
    """The latest change of what serves, which `versions.undo` would take back."""
    return moves(tenant, model).select_related("version", "previous", "moved_by").first()


def moves(tenant: Tenant, model: str) -> Any:
    """Changes of what serves, newest first."""
    return tenant.alias_moves.filter(model=model, name=ModelAlias.CHAMPION).order_by("-moved_at", "-id")


@written_once
def _aliases_with_versions(tenant: Tenant, model: str, name: str) -> Any:
    return aliases(tenant, model, name).select_related("version")


def aliases(tenant: Tenant, model: str, name: str = ModelAlias.CHAMPION) -> Any:
    return tenant.model_aliases.filter(model=model, name=name)
