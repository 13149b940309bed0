"""The chore that asks for the batch jobs whose planned time has come."""

from recommendations import batch_schedules
from tenants import tenancy, work


@work.handler("recommendations.batch_schedules")
def ask_for_due(lease: work.Lease) -> None:
    for tenant_id in batch_schedules.due_tenants():
        lease.renew()
        try:
            batch_schedules.ask_for_due(tenant_id)
        except tenancy.NoSuchTenant:
            continue
