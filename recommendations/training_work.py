"""Background work about training: do one, start the first one, start those that are due."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from luxebrain.lib import logs
from luxebrain.lib.problems import Conflict
from modelregistry import versions
from modelregistry.isolation import TenantModelIsolation
from recommendations import popular, training
from tenants import tenancy, work
from tenants.models import Tenant
from tenants.work import Lease

STALE = timedelta(hours=24)
log = logs.get(__name__)


@work.handler(training.TASK, heavy=True)
def train(lease: Lease) -> None:
    training.run(int(lease.subject), lease)


@work.handler("recommendations.train_if_warm")
def train_if_warm(lease: Lease) -> None:
    """The first model, as soon as there are orders enough."""
    assert lease.tenant_id is not None
    with tenancy.enter(lease.tenant_id) as tenant:
        if is_warm_without_model(tenant):
            training.request(tenant, reason="first", by=None)


@work.handler("recommendations.train_stale")
def train_stale(lease: Lease) -> None:
    """Once an hour: shops whose plan trains daily and that have news, and shops that missed their first."""
    active = tenancy.across().filter(state=Tenant.State.ACTIVE).order_by("pk")
    for place, tenant_id in enumerate(active.values_list("pk", flat=True)):
        if place % 20 == 19:
            lease.renew()
        try:
            with tenancy.enter(tenant_id) as tenant:
                training.close_lost(tenant)
                reason = due(tenant)
                if reason:
                    training.request(tenant, reason=reason, by=None)
        except (Conflict, tenancy.NoSuchTenant):
            continue


def is_warm_without_model(tenant: Tenant) -> bool:
    if tenant.model_versions.filter(model=settings.MODEL_NAME).exists() or training.under_way(tenant):
        return False
    return popular.countable_orders(tenant, most=settings.COLD_START_ORDERS) >= settings.COLD_START_ORDERS


def due(tenant: Tenant) -> str:
    """Why this shop should be trained now; "" if it should not."""
    since = timezone.now() - STALE
    # Also a run that failed or lost against the champion: once a day is often enough to try.
    if training.under_way(tenant) or tenant.training_runs.filter(created_at__gt=since).exists():
        return ""
    champion = versions.champion(tenant)
    if champion is None:
        return "first" if is_warm_without_model(tenant) else ""
    if erased_since(tenant, champion.created_at):
        return "erasure"
    daily = tenant.plan.trains_daily or TenantModelIsolation(tenant).should_isolate_tenant()
    if not daily or champion.created_at > since:
        return ""
    news = champion.created_at
    orders, events = tenant.orders.filter(updated_at__gt=news), tenant.events.filter(occurred_at__gt=news)
    return "daily" if orders.exists() or events.exists() else ""


def erased_since(tenant: Tenant, moment: datetime) -> bool:
    """Whether somebody was erased of whom the model in service still learnt, and no training came after."""
    last = tenant.privacy_requests.filter(kind="erasure", state="done", finished_at__gt=moment).first()
    return last is not None and not tenant.training_runs.filter(created_at__gt=last.finished_at).exists()
