"""Faults of a version that serves a share of the subjects: counted for its guardrails, the champion answers."""

import contextlib

from luxebrain.lib import logs, redis
from tenants import errors

TTL_SECONDS = 40 * 24 * 3600
log = logs.get(__name__)


def _key(tenant_id: int) -> str:
    return redis.key(tenant_id, "canary_faults")


def note(tenant_id: int, version: int, error: Exception) -> None:
    """One list of this version failed."""
    log.warning("canary.failed", tenant_id=tenant_id, version=version, reason=str(error)[:200])
    errors.record(error, source="serving", tenant_id=tenant_id, path=f"canary v{version}")
    with contextlib.suppress(*redis.Unreachable):
        pipe = redis.client().pipeline()
        pipe.hincrby(_key(tenant_id), str(version), 1)
        pipe.expire(_key(tenant_id), TTL_SECONDS)
        pipe.execute()


def count(tenant_id: int, version: int) -> int:
    """Lists that failed since the last `forget`; 0 while the cache server is away."""
    try:
        return int(redis.client().hget(_key(tenant_id), str(version)) or 0)
    except redis.Unreachable:
        return 0


def forget(tenant_id: int) -> None:
    """A new stage counts from nothing."""
    with contextlib.suppress(*redis.Unreachable):
        redis.client().delete(_key(tenant_id))
