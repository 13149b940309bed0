"""Usage: counted in the cache server by the gate, folded into hourly rows by beat."""

import hashlib
import os
import time
from datetime import UTC, datetime

from django.db import connections, transaction
from django.db.models import Sum

from luxebrain.lib import redis
from tenants.models import Tenant

DIRTY = "usage:dirty"


def hour_key(tenant_id: int, epoch_hour: int) -> str:
    return redis.key(tenant_id, "usage", epoch_hour)


def record(tenant: Tenant, meter: str, *, amount: int = 1, api_key_id: int = 0, now: datetime | None = None) -> None:
    """Counts `amount` of `meter` outside the gate (workers, imports)."""
    moment = now or datetime.now(UTC)
    name = hour_key(tenant.pk, int(moment.timestamp()) // 3600)
    pipe = redis.client().pipeline()
    pipe.hincrby(name, f"{meter}|{api_key_id}", amount)
    pipe.sadd(DIRTY, name)
    pipe.execute()


def add(tenant: Tenant, meter: str, amount: int) -> None:
    """Counts in the rows themselves, in the caller's transaction: neither lost nor counted twice."""
    with connections[tenant.alias].cursor() as cursor:
        cursor.execute(
            "insert into tenants_usagehour (tenant_id, meter, api_key_id, hour, count) "
            "values (%s, %s, 0, date_trunc('hour', now(), 'UTC'), %s) on conflict (tenant_id, meter, hour, api_key_id) "
            "do update set count = tenants_usagehour.count + excluded.count",
            [tenant.pk, meter, amount],
        )


_TAKE = """
local values = redis.call('HGETALL', KEYS[1])
redis.call('DEL', KEYS[1])
redis.call('SREM', KEYS[2], KEYS[1])
if #values > 0 then
  redis.call('HSET', KEYS[3], unpack(values))
  redis.call('SADD', KEYS[4], KEYS[3])
end
return #values
"""


def fold() -> int:
    """Moves every counter into UsageHour rows; returns how many counters moved.

    A counter is first renamed aside under a unique name and deleted only after the commit, so a
    crash between the two is repeated, not lost; the fold id makes the repetition harmless.
    """
    client = redis.client()
    moved = 0
    for raw in list(client.smembers(DIRTY)):
        name = raw.decode()
        aside = f"{name}:fold:{time.time_ns():x}{os.urandom(4).hex()}"  # two folds may fall into one moment
        client.eval(_TAKE, 4, name, DIRTY, aside, f"{DIRTY}:aside")
    for raw in list(client.smembers(f"{DIRTY}:aside")):
        aside = raw.decode()
        moved += _store(aside, client.hgetall(aside))
        pipe = client.pipeline()
        pipe.delete(aside)
        pipe.srem(f"{DIRTY}:aside", aside)
        pipe.execute()
    return moved


def _store(aside: str, counters: dict[bytes, bytes]) -> int:
    """One transaction: the counts, and the fold's name in the work table so that it counts once."""
    _, braces, _, hour, *_ = aside.split(":")
    tenant_id = int(braces.strip("{}"))
    rows = []
    for field, count in counters.items():
        meter, _, key_id = field.decode().partition("|")
        rows.append((tenant_id, meter, int(key_id or 0), int(hour) * 3600, int(count)))
    if not rows:
        return 0
    with transaction.atomic(using="ops"), connections["ops"].cursor() as cursor:
        cursor.execute(
            "insert into tenants_work (task, subject, payload, key, slot, state, attempts, error, finished_at) "
            "values ('tenants.folded', %s, '{}', null, %s, 'done', 1, '', now()) on conflict do nothing returning id",
            [aside[:64], int.from_bytes(hashlib.blake2b(aside.encode(), digest_size=8).digest(), "big", signed=True)],
        )
        if cursor.fetchone() is None:
            return 0
        cursor.execute("select 1 from tenants_tenant where id = %s", [tenant_id])
        if cursor.fetchone() is None:
            return 0
        for row in rows:
            cursor.execute(
                "insert into tenants_usagehour (tenant_id, meter, api_key_id, hour, count) "
                "values (%s, %s, %s, to_timestamp(%s), %s) on conflict (tenant_id, meter, hour, api_key_id) "
                "do update set count = tenants_usagehour.count + excluded.count",
                row,
            )
        cursor.execute(
            "update tenants_apikey set last_used_at = now() where tenant_id = %s and id = any(%s)",
            [tenant_id, [row[2] for row in rows if row[2]]],
        )
    return len(rows)


def used(tenant: Tenant, meter: str, *, since: datetime) -> int:
    """What the folded rows and the counters still in the cache server say together."""
    total = tenant.usage_hours.filter(meter=meter, hour__gte=since).aggregate(n=Sum("count"))["n"] or 0
    try:
        fresh = redis.client().hgetall(hour_key(tenant.pk, int(datetime.now(UTC).timestamp()) // 3600))
    except redis.Unreachable:
        fresh = {}
    return total + sum(int(n) for f, n in fresh.items() if f.decode().partition("|")[0] == meter)
