"""The demo's isolated model: asked for by the owner, approved by the operator, trained by a worker, in service."""

from modelregistry.isolation import TenantModelIsolation
from modelregistry.models import IsolationRequest
from tenants import tenancy
from tenants.models import Tenant, User

REASON = "Half of our orders come from the trade. We want a model that we alone can retrain and delete."
NOTE = "Orders of a year, steady since spring: enough to learn from alone."
State = IsolationRequest.State


def ask(tenant: Tenant, *, owner: User) -> IsolationRequest | None:
    """None where the plan or the orders do not allow one, or where one was asked for before."""
    with tenancy.enter(tenant.pk) as inside:
        isolated = TenantModelIsolation(inside)
        if isolated.latest() is not None or not isolated.is_eligible():
            return None
        return isolated.request(reason=REASON, by=owner)


def approve(tenant: Tenant, *, operator: User) -> None:
    """What the operator does in the queue: a worker begins the training."""
    isolated = TenantModelIsolation(tenant)
    row = isolated.current()
    if row is not None and row.state == State.REQUESTED:
        isolated.approve(row, by=operator, note=NOTE)


def is_promised(tenant: Tenant) -> bool:
    """Approved, and the worker has not asked for the training yet."""
    row = tenant.isolation_requests.first()
    return row is not None and row.state == State.APPROVED and not row.steps.filter(state=State.TRAINING).exists()


def told(tenant: Tenant) -> str:
    """Where the request stands, in words; "" without one."""
    row = tenant.isolation_requests.first()
    return row.get_state_display().lower() if row else ""
