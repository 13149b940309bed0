"""Pace: calls of a shop by the minute, which the gate counts in its one round trip and which live two hours."""

from collections.abc import Iterable, Mapping

from luxebrain.lib import redis

KEPT_SECONDS = 7200  # as the gate's script says
_BEGAN = "pace:began"

Counts = dict[str, int]  # "meter|key id" → calls; the meter "throttled" holds those that the gate refused


def minute_key(tenant_id: int, minute: int) -> str:
    return redis.key(tenant_id, "usage", f"m{minute}")


def began(now: float) -> float:
    """Since when (epoch seconds) the cache server counts. After it was emptied: now; what came before is no data."""
    client = redis.client()
    client.set(_BEGAN, f"{now:.3f}", nx=True)
    return float(client.get(_BEGAN) or now)


def read(tenant_ids: Iterable[int], minutes: Iterable[int]) -> Mapping[int, dict[int, Counts]]:
    """{tenant: {minute: counts}} of minutes since the epoch, in one round trip. Raises redis.Unreachable."""
    asked = [(tenant_id, minute) for tenant_id in tenant_ids for minute in minutes]
    pipe = redis.client().pipeline(transaction=False)
    for tenant_id, minute in asked:
        pipe.hgetall(minute_key(tenant_id, minute))
    found: dict[int, dict[int, Counts]] = {}
    for (tenant_id, minute), answer in zip(asked, pipe.execute() if asked else [], strict=True):
        found.setdefault(tenant_id, {})[minute] = {field.decode(): int(n) for field, n in answer.items()}
    return found
