"""Placements and rules that were removed: their state is kept in the audit trail, and made a row again from it."""

from datetime import timedelta
from typing import Any

from django.db.models import Model
from django.utils import timezone

from luxebrain.lib.problems import NotFound
from tenants.models import AuditEntry, Tenant

KEPT = timedelta(days=7)
_NOT_KEPT = {"tenant", "created_at", "updated_at"}


def names(model: type[Model]) -> list[str]:
    """The fields that people set."""
    return [
        field.name
        for field in model._meta.concrete_fields
        if field.name not in _NOT_KEPT and not field.primary_key
    ]


def state(row: Model) -> dict[str, Any]:
    """All that is needed to make the row again, as JSON values."""
    values: dict[str, Any] = {"id": row.pk}
    for field in row._meta.concrete_fields:
        if field.name not in _NOT_KEPT and not field.primary_key:
            value = getattr(row, field.attname)
            values[field.attname] = value.isoformat() if hasattr(value, "isoformat") else value
    return values


def moved(tenant: Tenant, row: Model) -> dict[str, Any]:
    """The state in which a row is about to be saved; "before": what it changes of the row that is there."""
    there = _rows(tenant, type(row)).filter(pk=row.pk).first() if row.pk else None
    after = state(row)
    if there is None:
        return after
    was = state(there)
    changed = [name for name in was if name != "id" and getattr(there, name) != getattr(row, name)]
    return {**after, "before": {name: was[name] for name in changed}}


def removed(tenant: Tenant, action: str, model: type[Model]) -> list[AuditEntry]:
    """What was removed in the last week and is not there (again), newest first."""
    since = timezone.now() - KEPT
    entries = list(tenant.audit_entries.filter(action=action, happened_at__gte=since).order_by("-pk")[:50])
    wanted = [entry.details.get("id") for entry in entries]
    there = set(_rows(tenant, model).filter(pk__in=wanted).values_list("pk", flat=True))
    newest = {entry.details.get("id"): entry for entry in reversed(entries)}
    return [entry for pk, entry in newest.items() if pk not in there][::-1]


def find(tenant: Tenant, model: type[Model], action: str, pk: int) -> Model:
    """The removed row, not saved; under its old id, so that what names it finds it. Raises NotFound."""
    entry = next((one for one in removed(tenant, action, model) if one.details.get("id") == pk), None)
    if entry is None:
        raise NotFound("There is nothing to put back: it is there, or it was removed more than a week ago.")
    held = {field.attname: field for field in model._meta.concrete_fields}
    values = {name: held[name].to_python(value) for name, value in entry.details.items() if name in held}
    return model(**{**values, "tenant_id": tenant.pk})


def _rows(tenant: Tenant, model: type[Model]) -> Any:
    return model._default_manager.using(tenant.alias).filter(tenant_id=tenant.pk)
