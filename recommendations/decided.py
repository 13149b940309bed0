"""What a shop had decided at a moment: rules, placements, general settings, from the states in the audit trail."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Model

from recommendations import control
from recommendations.control import Control
from recommendations.models import Merchandising, Placement, Rule
from tenants.models import AuditEntry, Tenant

_GENERAL = "merchandising.update"


@dataclass(slots=True)
class Then:
    """The decisions of a moment.

    changed   in words: what was changed, made or removed since
    unknown   names of what was changed since, and of which the trail does not tell what it was: taken as it is today
    """

    control: Control
    changed: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def at(tenant: Tenant, moment: datetime) -> Then:
    """Each change keeps the whole state that it left: the last one before the moment says what held."""
    found = Then(Control())
    rules = _rows(tenant, tenant.rules.all(), Rule, "rules.", moment, found)
    spots = _rows(tenant, tenant.placements.all(), Placement, "placements.", moment, found)
    found.control = control.made(spots, [rule for rule in rules if rule.is_active], _general(tenant, moment, found))
    return found


def _rows(
    tenant: Tenant, rows: Iterable[Any], model: type[Model], prefix: str, moment: datetime, found: Then
) -> list[Any]:
    """The rows of a kind as they were."""
    there = {row.pk: row for row in rows}
    noun = model._meta.verbose_name
    entries = tenant.audit_entries.filter(action__startswith=prefix, details__has_key="id")
    later: dict[int, AuditEntry] = {}
    for entry in entries.filter(happened_at__gt=moment).order_by("pk"):
        later.setdefault(entry.details["id"], entry)
    kept = [row for pk, row in there.items() if pk not in later and row.created_at <= moment]
    for pk, row in there.items():
        if pk not in later and row.created_at > moment:
            found.changed.append(f"{noun} {row.name} was made")
    for pk, first in later.items():
        before = entries.filter(details__id=pk, happened_at__lte=moment).order_by("-pk").first()
        name = there[pk].name if pk in there else first.details.get("name", first.target)
        if before is not None:
            verb = "was changed" if pk in there else "was removed"
            if not before.action.endswith(".remove"):
                kept.append(_made(tenant, model, before.details))
        elif first.action.endswith((".create", ".put_back")):
            verb = "was made" if pk in there else "was made and removed"
        else:
            verb = "was changed"
            found.unknown.append(f"{noun} {name}")
            kept += [there[pk]] if pk in there else []
        found.changed.append(f"{noun} {name} {verb}")
    return kept


def _made(tenant: Tenant, model: type[Model], state: dict[str, Any]) -> Model:
    """A row of this state, not saved."""
    fields = {one.attname: one for one in model._meta.concrete_fields}
    values = {name: fields[name].to_python(value) for name, value in state.items() if name in fields}
    return model(**{**values, "tenant_id": tenant.pk})


def _general(tenant: Tenant, moment: datetime, found: Then) -> Merchandising:
    entries = tenant.audit_entries.filter(action=_GENERAL)
    if entries.filter(happened_at__gt=moment).exists():
        found.changed.append("the general settings of placements were changed")
        before = entries.filter(happened_at__lte=moment).order_by("-pk").first()
        held = before.details if before is not None else {}
        return Merchandising(**{name: value for name, value in held.items() if name != "before"})
    return tenant.merchandising.first() or Merchandising()
