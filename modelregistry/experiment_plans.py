"""Which plans include experiments, and what a shop on another plan is told."""

from __future__ import annotations

from luxebrain.lib.problems import PlanLimit
from tenants.models import Plan, Tenant


def includes(tenant: Tenant) -> bool:
    """Whether the shop's plan includes experiments, as its row says."""
    return tenant.plan.has_experiments


def require(tenant: Tenant) -> None:
    """Raises PlanLimit where the plan has none. Asked when one is set up and when one starts: what runs already
    when the plan changes runs to its end."""
    if not includes(tenant):
        raise PlanLimit(reason(tenant))


def reason(tenant: Tenant) -> str:
    """Why the shop can begin none, and which plan has them."""
    return tenant.plan.lacks("experiments", that_include())


def that_include() -> list[Plan]:
    """The plans with experiments, the smallest first."""
    return list(Plan.objects.filter(has_experiments=True).order_by("position"))
