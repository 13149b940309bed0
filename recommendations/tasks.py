"""Handlers of the app's background work."""

from recommendations import tracking
from tenants import tenancy, work


@work.handler(tracking.TASK)
def roll_up(lease: work.Lease) -> None:
    """Without a tenant: finds the tenants with news. With one: makes its touched days anew."""
    if lease.tenant_id is None:
        tracking.fan_out()
        return
    with tenancy.enter(lease.tenant_id) as tenant:
        tracking.roll_up(tenant)
        lease.finish("default")
