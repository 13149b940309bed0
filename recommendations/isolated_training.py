"""Background work about isolated models: train one that was approved, go back to the shared kind, watch them."""

from __future__ import annotations

from luxebrain.lib import logs
from luxebrain.lib.problems import Conflict
from modelregistry import isolation
from modelregistry.isolation import TenantModelIsolation
from recommendations import training
from tenants import tenancy, work
from tenants.models import Tenant
from tenants.work import Lease, RetryLater

log = logs.get(__name__)
WAIT_SECONDS = 15.0  # for a training that is under way already


@work.handler(isolation.TRAIN)
def train_tenant_model(lease: Lease) -> None:
    """Asks for the training that an approval promised; the request stays until another training has ended."""
    _ask(lease, "isolated", only_isolated=True)


@work.handler(isolation.TRAIN_SHARED)
def train_shared_again(lease: Lease) -> None:
    """A model of the shared kind after the isolated one has ended."""
    _ask(lease, "isolation_ended", only_isolated=False)


def _ask(lease: Lease, reason: str, *, only_isolated: bool) -> None:
    assert lease.tenant_id is not None
    with tenancy.enter(lease.tenant_id) as tenant:
        if TenantModelIsolation(tenant).should_isolate_tenant() != only_isolated or not tenant.is_active:
            return
        try:
            request(tenant, reason=reason)
        except Conflict as under_way:
            raise RetryLater(WAIT_SECONDS) from under_way
        lease.finish("default")


def request(tenant: Tenant, *, reason: str) -> None:
    """A training in the name of who approved or asked. Raises Conflict while another is under way."""
    row = TenantModelIsolation(tenant).current()
    decided = row.steps.filter(state="approved", by__isnull=False).order_by("-id").first() if row else None
    training.request(tenant, reason=reason, by=decided.by if decided else None)
