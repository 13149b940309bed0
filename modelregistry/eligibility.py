"""Whether a tenant may have an isolated model: the checklist with its figures, and the facts to decide by."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings

from luxebrain.lib import figures
from luxebrain.lib.problems import Problem
from modelregistry.models import ModelVersion
from tenants.models import Plan, Tenant


class NotEligible(Problem):
    """The tenant does not meet the conditions; `errors` name each with its figures."""

    status = 409
    code = "not_eligible_for_isolation"


@dataclass(frozen=True)
class Check:
    """One condition. `text` holds its figures ("812 of 1,000 orders"), `share` how far it is met, 0 to 1."""

    name: str
    label: str
    text: str
    is_met: bool
    share: float

    @property
    def percent(self) -> int:
        return round(100 * self.share)


@dataclass(frozen=True)
class Facts:
    """What an operator decides by. orders: countable ones."""

    plan: str
    orders: int
    needed: int
    customers: int
    events: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def checklist(tenant: Tenant, facts: Facts | None = None) -> list[Check]:
    """The conditions in the order in which a shop meets them; all from the Plan row and the shop's own rows.

    facts    where they have been counted already: the orders are not counted again
    """
    found = facts.orders if facts else orders(tenant)
    return [_plan(tenant.plan), _orders(tenant, found), _standing(tenant)]


def require(tenant: Tenant) -> None:
    """Raises NotEligible with the conditions that are not met."""
    missing = {check.name: f"{check.label}: {check.text}." for check in checklist(tenant) if not check.is_met}
    if missing:
        raise NotEligible("The conditions for an isolated model are not met.", fields=missing)


def offline(tenant: Tenant) -> dict[str, float | None]:
    """NDCG@10 of the latest shared version, and of best sellers on its test; None where it was not measured."""
    ready = tenant.model_versions.filter(model=settings.MODEL_NAME, scope=ModelVersion.Scope.SHARED)  # type: ignore[attr-defined]
    version = ready.order_by("-number").first()
    if version is None:
        return {"shared": None, "popular": None}
    run = tenant.training_runs.filter(version=version).first()  # type: ignore[attr-defined]
    trials = run.trials if run else []
    popular = next((trial for trial in trials if trial.get("algorithm") == "popularity" and "ndcg@10" in trial), {})
    return {"shared": version.metrics.get("ndcg@10"), "popular": popular.get("ndcg@10")}


def facts(tenant: Tenant) -> Facts:
    return Facts(
        plan=tenant.plan.name,
        orders=orders(tenant),
        needed=tenant.plan.isolation_orders,
        customers=tenant.customers.count(),  # type: ignore[attr-defined]
        events=tenant.events.count(),  # type: ignore[attr-defined]
    )


def orders(tenant: Tenant) -> int:
    """The tenant's own orders that count: not cancelled, refunded, failed or a test."""
    return tenant.orders.countable().count()  # type: ignore[attr-defined]


def plans_that_allow() -> list[Plan]:
    """The plans that give the right, the smallest first."""
    return list(Plan.objects.filter(has_isolated_model=True).order_by("position"))


def _plan(plan: Plan) -> Check:
    allowed = plan.has_isolated_model
    if allowed:
        text = f"{plan.name} includes it"
    else:
        names = " or ".join(other.name for other in plans_that_allow()) or "no plan"
        text = f"{plan.name} does not include it; {names} does"
    return Check("plan", "The plan includes an isolated model", text, allowed, float(allowed))


def _orders(tenant: Tenant, found: int) -> Check:
    needed = tenant.plan.isolation_orders
    text = f"{figures.number(found)} of {figures.number(needed)} orders"
    share = min(found / needed, 1.0) if needed else 1.0
    return Check("orders", "Enough orders of your own to learn from", text, found >= needed, share)


def _standing(tenant: Tenant) -> Check:
    active = tenant.is_active
    text = "The shop is active" if active else f"The shop is {tenant.get_state_display().lower()}"
    return Check("standing", "The shop is in service", text, active, float(active))
