"""Epochs: what tells every process that a tenant's keys, model, catalogue or control changed.

The gate reads a tenant's epochs with every call, in the round trip that it makes anyway. A process
whose copy was made under another epoch makes it again. A lost bump is repaired by the work row.
"""

import time

from django.db import transaction

from luxebrain.lib import logs, redis
from tenants import work
from tenants.models import Tenant

KINDS = ("keys", "model", "catalogue", "popular", "control")
log = logs.get(__name__)


def name(tenant_id: int) -> str:
    return redis.key(tenant_id, "epochs")


def bump(tenant: Tenant, kind: str) -> None:
    """After the commit: every process notices with its next call. The work row does it again in case
    this process dies between the commit and the bump."""
    tenant_id = tenant.pk
    transaction.on_commit(lambda: bump_now(tenant_id, kind), using=tenant.alias, robust=True)
    work.enqueue(tenant, "tenants.bump", subject=kind, key=f"bump:{kind}", delay_seconds=1)


def bump_now(tenant_id: int, kind: str) -> None:
    try:
        pipe = redis.client().pipeline()
        pipe.hset(name(tenant_id), kind, time.time_ns())
        if kind == "popular":
            pipe.delete(redis.key(tenant_id, "cold"))
        pipe.execute()
    except redis.Unreachable:
        log.warning("epoch.not_bumped", tenant_id=tenant_id, kind=kind)


@work.handler("tenants.bump")
def bump_again(lease: work.Lease) -> None:
    if lease.tenant_id:
        bump_now(lease.tenant_id, lease.subject)
