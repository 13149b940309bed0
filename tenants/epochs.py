"""Epochs: what tells every process that a tenant's keys, model, catalogue or control changed.

The gate reads a tenant's epochs with every call, in the round trip that it makes anyway. A process
whose copy was made under another epoch makes it again. A lost bump is repaired by the work row. A cache
server that was emptied gives out new epochs, so that no copy of before is taken for one of today.
"""

import time

from django.db import transaction

from luxebrain.lib import logs, redis
from tenants import work
from tenants.models import Tenant

KINDS = ("keys", "model", "catalogue", "popular", "control", "erased")
RETRY_SECONDS = 5  # while the cache server is away
log = logs.get(__name__)

# A function for scripts of the cache server: the epochs of KINDS, those that it does not know begun anew.
LUA = f"""
local function epochs_of(name, time)
  local kinds = {{{", ".join(f"'{kind}'" for kind in KINDS)}}}
  local found = redis.call('HMGET', name, unpack(kinds))
  for i, kind in ipairs(kinds) do
    if not found[i] then
      found[i] = 'new:' .. time[1] .. '.' .. time[2]
      redis.call('HSET', name, kind, found[i])
    end
  end
  return found
end
"""
_read = redis.Script(f"{LUA} return epochs_of(KEYS[1], redis.call('TIME'))")


def name(tenant_id: int) -> str:
    return redis.key(tenant_id, "epochs")


def read(tenant_id: int) -> tuple[bytes, ...]:
    """The epochs of KINDS, outside the gate. Raises redis.Unreachable."""
    return tuple(_read([name(tenant_id)], []))


def bump(tenant: Tenant, kind: str) -> None:
    """After the commit: every process notices with its next call. The work row does it again in case
    this process dies between the commit and the bump."""
    tenant_id = tenant.pk
    transaction.on_commit(lambda: bump_now(tenant_id, kind), using=tenant.alias, robust=True)
    work.enqueue(tenant, "tenants.bump", subject=kind, key=f"bump:{kind}", delay_seconds=1)


def bump_now(tenant_id: int, kind: str) -> bool:
    """Whether the cache server was there to be told."""
    try:
        pipe = redis.client().pipeline()
        pipe.hset(name(tenant_id), kind, time.time_ns())
        if kind == "popular":
            pipe.delete(redis.key(tenant_id, "cold"))
        pipe.execute()
    except redis.Unreachable:
        log.warning("epoch.not_bumped", tenant_id=tenant_id, kind=kind)
        return False
    return True


@work.handler("tenants.bump")
def bump_again(lease: work.Lease) -> None:
    if lease.tenant_id and not bump_now(lease.tenant_id, lease.subject):
        raise work.RetryLater(RETRY_SECONDS)
