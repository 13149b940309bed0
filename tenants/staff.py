"""Platform roles and accounts: grant, revoke, deactivate, reactivate; only operators, always audited."""

from django.db import transaction

from luxebrain.lib import problems
from tenants import audit
from tenants.models import User


def change_role(person: User, *, role: str, by: User | str, reason: str = "") -> None:
    """Sets the platform role ("" = none). The last active operator stays one."""
    if role not in User.PlatformRole.values:
        raise problems.Problem("There is no such platform role.", fields={"role": "Choose one of the roles."})
    if role == person.platform_role:
        return
    if person.is_operator:
        _keep_an_operator(without=person)
    before, person.platform_role = person.platform_role, role
    details = {"from": before or "none", "to": role or "none"}
    with transaction.atomic(using="ops"):
        person.save(using="ops", update_fields=["platform_role"])
        audit.record(None, "staff.change_role", by=by, target=person.email, details=details, reason=reason)


def deactivate(person: User, *, by: User, reason: str) -> None:
    """Bars the account from signing in; sessions end with their next request."""
    if not reason.strip():
        raise problems.Problem("Say why.", fields={"reason": "It is kept in the audit trail."})
    if person.pk == by.pk:
        raise problems.Conflict("You cannot deactivate yourself.")
    if not person.is_active:
        raise problems.Conflict("This account is deactivated already.")
    if person.is_operator:
        _keep_an_operator(without=person)
    person.is_active = False
    with transaction.atomic(using="ops"):
        person.save(using="ops", update_fields=["is_active"])
        audit.record(None, "staff.deactivate", by=by, target=person.email, reason=reason)


def reactivate(person: User, *, by: User) -> None:
    if person.is_active:
        raise problems.Conflict("This account is active.")
    person.is_active = True
    with transaction.atomic(using="ops"):
        person.save(using="ops", update_fields=["is_active"])
        audit.record(None, "staff.reactivate", by=by, target=person.email)


def _keep_an_operator(*, without: User) -> None:
    operators = User.objects.filter(platform_role=User.PlatformRole.OPERATOR, is_active=True)
    if not operators.exclude(pk=without.pk).exists():
        raise problems.Conflict("The platform needs an operator. Make somebody else one first.", code="last_operator")
