"""The worker's application in a drill: the product's own, with one more handler whose effect can be counted."""

import time

import django

from luxebrain.celery import app

django.setup()

from tenants import audit, tenancy, work  # noqa: E402  (needs the apps to be loaded)

__all__ = ["app"]
TASK = "drill.effect"


@work.handler(TASK)
def effect(lease: work.Lease) -> None:
    """A little work, then one line in the audit trail, in one transaction with the end of the work."""
    time.sleep(0.05)
    with tenancy.enter(lease.tenant_id or 0) as tenant:
        audit.record(tenant, TASK, by="drill", target=lease.subject)
        lease.finish("default")
