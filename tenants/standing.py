"""A shop's standing on the platform: which plan it is on, and whether it is served at all."""

from luxebrain.lib import problems
from tenants import audit, epochs
from tenants.models import Plan, Tenant, User


def suspend(tenant: Tenant, *, reason: str, by: User) -> None:
    """Stops serving the shop: every key is refused with its next call. Its data stays."""
    if not reason.strip():
        raise problems.Problem("Say why.", fields={"reason": "The shop's people will read this."})
    if tenant.state != Tenant.State.ACTIVE:
        raise problems.Conflict("Only an active shop can be suspended.")
    with tenant.atomic():
        tenant.state, tenant.suspended_reason = Tenant.State.SUSPENDED, reason.strip()[:300]
        tenant.save(update_fields=["state", "suspended_reason"])
        audit.record(tenant, "standing.suspend", by=by, target=tenant.slug, reason=reason)
        epochs.bump(tenant, "keys")


def resume(tenant: Tenant, *, by: User, reason: str = "") -> None:
    if tenant.state != Tenant.State.SUSPENDED:
        raise problems.Conflict("This shop is not suspended.")
    with tenant.atomic():
        tenant.state, tenant.suspended_reason = Tenant.State.ACTIVE, ""
        tenant.save(update_fields=["state", "suspended_reason"])
        audit.record(tenant, "standing.resume", by=by, target=tenant.slug, reason=reason)
        epochs.bump(tenant, "keys")


def change_plan(tenant: Tenant, *, plan: str, by: User, reason: str = "") -> None:
    """Moves the shop to another plan; its limits hold from the next call on."""
    wanted = Plan.objects.using(tenant.alias).filter(code=plan).first()
    if wanted is None:
        raise problems.Problem("There is no such plan.", fields={"plan": "Choose one of the plans."})
    if wanted.pk == tenant.plan_id:
        raise problems.Conflict(f"The shop is on {wanted.name} already.")
    before = tenant.plan_id
    with tenant.atomic():
        tenant.plan, tenant.used_up_until = wanted, None  # the watch says it anew of the other plan
        tenant.save(update_fields=["plan", "used_up_until"])
        details = {"from": before, "to": wanted.pk}
        audit.record(tenant, "standing.change_plan", by=by, target=tenant.slug, details=details, reason=reason)
        epochs.bump(tenant, "keys")
        epochs.bump(tenant, "model")  # a plan may give or end an isolated model
