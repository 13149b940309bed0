"""Background work about isolated models: train one that was approved, go back to the shared kind, watch them."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from luxebrain.lib import logs
from luxebrain.lib.problems import Conflict
from modelregistry import isolation, isolation_health
from modelregistry.isolation import TenantModelIsolation
from modelregistry.models import IsolationRequest
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


@work.handler("recommendations.watch_isolated")
def watch(lease: Lease) -> None:
    """Once an hour: what a plan ended, a training that was lost, models that are stale or worse, files to let go."""
    rows = IsolationRequest.objects.across_tenants()
    held = set(rows.filter(state__in=IsolationRequest.HELD).values_list("tenant_id", flat=True))
    over = timezone.now() - timedelta(days=settings.ISOLATION_GRACE_DAYS)
    kept = rows.filter(state=IsolationRequest.State.DISABLED, deleted_at__isnull=True, moved_at__lt=over)
    for tenant_id in sorted(held | set(kept.values_list("tenant_id", flat=True))):
        lease.renew()
        try:
            with tenancy.enter(tenant_id) as tenant:
                _look_after(tenant)
        except tenancy.NoSuchTenant:
            continue


def _look_after(tenant: Tenant) -> None:
    isolated = TenantModelIsolation(tenant)
    row = isolated.current()
    if row is None:
        isolated.let_go(days=settings.ISOLATION_GRACE_DAYS)
    elif row.state in IsolationRequest.HELD and not tenant.plan.has_isolated_model:
        isolated.disable(row, by=None, reason=f"The plan {tenant.plan.name} does not include an isolated model.")
    elif row.state == IsolationRequest.State.TRAINING and training.under_way(tenant) is None:
        isolated.training_ended(None, outcome="The training was lost. Another one was asked for.")
        isolated.train(row)
    else:
        isolation_health.watch(tenant)
