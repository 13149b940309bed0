"""The demo's request for an isolated model, left for an operator to decide: its training can then be watched."""

from modelregistry.isolation import TenantModelIsolation
from modelregistry.models import IsolationRequest
from tenants import tenancy
from tenants.models import Tenant, User

REASON = "Half of our orders come from the trade. We want a model that we alone can retrain and delete."


def ask(tenant: Tenant, *, owner: User) -> IsolationRequest | None:
    """None where the plan or the orders do not allow one, or where one was asked for before."""
    with tenancy.enter(tenant.pk) as inside:
        isolated = TenantModelIsolation(inside)
        if isolated.latest() is not None or not isolated.is_eligible():
            return None
        return isolated.request(reason=REASON, by=owner)
