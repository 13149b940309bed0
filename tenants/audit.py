"""The audit trail: one line per act, in the transaction of the act."""

from typing import Any

from luxebrain.lib import logs
from tenants.models import AuditEntry, Tenant, User


def doer(by: User | str | None) -> tuple[User | None, str]:
    """Who did it, for a row's own columns: the person, or else the name of a key or chore in 80 characters."""
    return (by, "") if isinstance(by, User) else (None, (by or "")[:80])


def record(
    tenant: Tenant | None,
    action: str,
    *,
    by: User | str | None,
    target: str = "",
    details: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Writes who did what. `by` is a person, or the name of a key or chore. tenant None = platform."""
    person = by if isinstance(by, User) else None
    label = str(person) if person else (by or "LuxeBrain")
    AuditEntry(
        tenant=tenant,
        actor=person,
        actor_label=str(label)[:160],
        action=action,
        target=target[:160],
        details=details or {},
        reason=reason[:500],
        request_id=logs.bound("request_id"),
    ).save(using=tenant.alias if tenant else "ops", force_insert=True)
