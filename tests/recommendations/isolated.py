"""An enterprise shop with orders enough for an isolated model, small enough to train within a second or two."""

from contextlib import contextmanager
from typing import Any

from modelregistry.isolation import TenantModelIsolation
from tenants import work
from tenants.models import Plan
from tests import make
from tests.recommendations.test_training import fill

TRAIN = {"recommendations.train_tenant_model", "recommendations.train", "recommendations.train_shared_again"}


@contextmanager
def threshold(orders: int) -> Any:
    """The plan asks for this many orders only, so that tests need not make a thousand."""
    plan = Plan.objects.using("owner").get(pk="enterprise")
    before = plan.isolation_orders
    Plan.objects.using("owner").filter(pk="enterprise").update(isolation_orders=orders)
    try:
        yield
    finally:
        Plan.objects.using("owner").filter(pk="enterprise").update(isolation_orders=before)


def shop(slug: str = "maison", *, seed: int = 1) -> Any:
    """360 orders of 60 shoppers over 20 products."""
    return fill(make.tenant(slug, plan="enterprise"), seed=seed)


def of(tenant: Any) -> TenantModelIsolation:
    """As the back office has it: through the operators' role."""
    from tenants import tenancy

    return TenantModelIsolation(tenancy.across().get(pk=tenant.pk))


def isolate(tenant: Any, *, by: Any = None) -> Any:
    """Asks, approves and trains; gives the request."""
    row = of(tenant).create_tenant_model(by=by, reason="A test")
    work.run_due(tasks=TRAIN)
    row.refresh_from_db()
    return row
