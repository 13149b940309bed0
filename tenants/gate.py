"""The gate of the API: rate limit, usage and whatever the view wants to read, in one round trip."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from luxebrain.lib import logs, redis
from tenants import epochs, usage
from tenants.api_keys import Credential

log = logs.get(__name__)

# GCRA (generic cell rate algorithm, ITU-T I.371): one number per key, the theoretical arrival time.
# A minute's worth may come at once; after that, one call each 60/limit seconds.
_COUNT = """
local function count(usage, field, dirty, now)
  local hour = usage .. math.floor(now / 3600000)
  if redis.call('HINCRBY', hour, field, 1) == 1 then redis.call('SADD', dirty, hour) end
  local minute = usage .. 'm' .. math.floor(now / 60000)
  if redis.call('HINCRBY', minute, field, 1) == 1 then redis.call('EXPIRE', minute, 7200) end
end
"""
_SCRIPT = epochs.LUA + _COUNT + """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local limit = tonumber(ARGV[1])
local step = 60000 / limit
local arrival = tonumber(redis.call('GET', KEYS[1]) or '0')
if arrival < now then arrival = now end
local ahead = arrival - now
local allowed = ahead + step <= 60000.5 and 1 or 0
if allowed == 1 then
  redis.call('SET', KEYS[1], string.format('%.3f', arrival + step), 'PX', 61000)
  ahead = ahead + step
end
count(ARGV[2], allowed == 1 and ARGV[3] or ARGV[4], KEYS[3], now)
local out = {ARGV[2], allowed, math.max(0, math.floor((60000 - ahead) / step)), math.ceil(ahead + step - 60000),
             epochs_of(KEYS[2], time)}
if allowed == 1 then
  for i = 4, #KEYS do
    local count = tonumber(ARGV[i + 1])
    if count > 0 then out[i + 2] = redis.call('LRANGE', KEYS[i], 0, count - 1)
    else out[i + 2] = redis.call('GET', KEYS[i]) or '' end
  end
end
return out
"""


@dataclass(slots=True)
class Passage:
    """What the gate said. `epochs` are those of epochs.KINDS; None = the cache server is away.
    `seconds` is how long the cache server took to answer, `throttled` whether the limit is that of a throttle."""

    allowed: bool
    limit: int
    remaining: int
    retry_after: float
    epochs: tuple[bytes, ...] | None
    values: list[list[bytes] | bytes]
    seconds: float = 0.0
    throttled: bool = False

    @property
    def blind(self) -> bool:
        return self.epochs is None


_script = redis.Script(_SCRIPT)
_turned_away = redis.Script(_COUNT + "count(ARGV[1], ARGV[2], KEYS[1], redis.call('TIME')[1] * 1000)")


def enter(credential: Credential, *, meter: str, reads: Sequence[tuple[str, int]] = ()) -> Passage:
    """Lets one call of this key pass, counts it and reads `reads`: (key, n) = the n newest of a list,
    (key, 0) = a value. Without the cache server a limiter in this process takes over."""
    tenant_id = credential.tenant_id
    limit, bucket = _limit(credential)
    keys = [
        redis.key(tenant_id, "rate", *bucket),
        epochs.name(tenant_id),
        usage.DIRTY,
        *(name for name, _ in reads),
    ]
    arguments = [
        limit,
        redis.key(tenant_id, "usage", ""),
        f"{meter}|{credential.key_id}",
        f"throttled|{credential.key_id}",
        *(count for _, count in reads),
    ]
    started = time.perf_counter()
    try:
        whose, allowed, remaining, wait, found, *values = _script(keys, arguments)
    except redis.Unreachable:
        log.warning("gate.blind", tenant_id=tenant_id)
        return _blind(limit, bucket)
    if whose != str(arguments[1]).encode():  # a connection that hands out another call's answer
        log.error("gate.foreign_answer", tenant_id=tenant_id)
        redis.drop_connection()
        return _blind(limit, bucket)
    return Passage(
        bool(allowed), limit, int(remaining), max(0.0, wait / 1000), tuple(found), values,
        time.perf_counter() - started, len(bucket) > 1,
    )


def turn_away(credential: Credential) -> None:
    """Counts one call that was refused before the gate, beside those that the gate refuses."""
    name = redis.key(credential.tenant_id, "usage", "")
    try:
        _turned_away([usage.DIRTY], [name, f"throttled|{credential.key_id}"])
    except redis.Unreachable:
        log.warning("gate.blind", tenant_id=credential.tenant_id)


def _limit(credential: Credential) -> tuple[int, tuple[object, ...]]:
    """Calls a minute, and the name of what counts them. A throttled key has a count of its own, so that it begins
    with a fresh minute and owes nothing when the throttle is over. The credential knows it: nothing is read."""
    if not credential.is_throttled:
        return credential.requests_per_minute, (credential.key_id,)
    slow = min(credential.requests_per_minute, credential.throttle_per_minute or 1)
    return slow, (credential.key_id, "throttled")


_arrivals: dict[tuple[object, ...], float] = {}


def _blind(limit: int, bucket: tuple[object, ...]) -> Passage:
    """The same algorithm in this process alone: a limit, if a looser one, rather than none."""
    now = time.monotonic()
    step = 60 / limit
    arrival = max(_arrivals.get(bucket, 0.0), now)
    if arrival - now + step > 60:
        return Passage(False, limit, 0, arrival - now + step - 60, None, [], throttled=len(bucket) > 1)
    if len(_arrivals) > 10_000:
        _arrivals.clear()
    _arrivals[bucket] = arrival + step
    return Passage(True, limit, int((60 - (arrival - now)) / step), 0.0, None, [])
