"""What a shopper did lately, kept in the cache server so that the next answer can follow it.

One list per subject ("c:<customer id>" or "s:<session id>"), newest first, at most 50 entries of
["product id", "kind", epoch seconds of arrival]. PostgreSQL stays the record: a customer's list
without the mark LOADED is completed from there once, and then carries the mark.
"""

import time
from collections.abc import Iterable

import orjson
from django.conf import settings

from luxebrain.lib import logs, redis

TTL_SECONDS = 30 * 24 * 3600
LOADED = b"[]"
log = logs.get(__name__)
# What an act says about taste; the sign is that of the shopper. A removal takes the cart act back, a
# return the purchase, and what was hidden is not listed at all.
WEIGHTS = {"purchase": 1.0, "cart": 0.8, "click": 0.5, "view": 0.4, "remove": -0.4, "return": -0.5, "hide": -0.5}
_TAKES_BACK = {"remove": frozenset({"cart"}), "return": frozenset({"purchase"}), "hide": frozenset(WEIGHTS)}

# One command for all lists: a call of a hundred shoppers would otherwise be six hundred commands.
# First the sessions whose visitor has signed in: what the guest did goes in front of the customer's
# list, once. A session that another customer signs in with begins anew: it is another person's.
_PUSH = """
local most, ttl, adoptions = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
for i = 1, adoptions do
  local customer, session, mark = KEYS[3 * i - 2], KEYS[3 * i - 1], KEYS[3 * i]
  local whose = redis.call('GET', mark)
  if whose ~= ARGV[3 + i] then
    if not whose then
      local acts = redis.call('LRANGE', session, 0, most - 1)
      for n = #acts, 1, -1 do redis.call('LPUSH', customer, acts[n]) end
    end
    redis.call('DEL', session)
    redis.call('SET', mark, ARGV[3 + i], 'EX', ttl)
  end
end
local at = 4 + adoptions
for i = 3 * adoptions + 1, #KEYS do
  local count = tonumber(ARGV[at])
  redis.call('LPUSH', KEYS[i], unpack(ARGV, at + 1, at + count))
  redis.call('LTRIM', KEYS[i], 0, most)
  redis.call('EXPIRE', KEYS[i], ttl)
  at = at + count + 1
end
"""


def subject(*, customer: str = "", session: str = "") -> str:
    """Whose list it is: the customer's when known, else the session's; "" for nobody."""
    return f"c:{customer}" if customer else (f"s:{session}" if session else "")


def key(tenant_id: int, of: str) -> str:
    return redis.key(tenant_id, "h", of)


def push(
    tenant_id: int, acts: Iterable[tuple[str, str, str, float]], *, signed_in: Iterable[tuple[str, str]] = ()
) -> None:
    """Adds acts (subject, product id, kind, epoch seconds), oldest first. Call after the commit.

    signed_in    (customer id, session id) that appeared together: the guest's acts become the customer's
    What is kept is the moment of arrival: what a model has not seen is what came after its training.
    Never raises for a cache server that is away: the rows are kept, only the next answer is older.
    """
    now = int(time.time())
    lists: dict[str, list[bytes]] = {}
    for of, product, kind, _ in acts:
        if of and product and kind in WEIGHTS:
            lists.setdefault(of, []).append(orjson.dumps([product, kind, now]))
    if not lists:
        return
    most: int = settings.HISTORY_EVENTS
    pairs = sorted(set(signed_in))
    keys = [
        name for customer, session in pairs
        for name in (key(tenant_id, f"c:{customer}"), key(tenant_id, f"s:{session}"), key(tenant_id, f"w:{session}"))
    ]
    arguments: list[bytes | int | str] = [most, TTL_SECONDS, len(pairs), *(customer for customer, _ in pairs)]
    for entries in lists.values():
        recent = entries[-most:]
        arguments += [len(recent), *recent]
    try:
        push_all = redis.client().register_script(_PUSH)
        push_all(keys=[*keys, *(key(tenant_id, of) for of in lists)], args=arguments)
    except redis.Unreachable:
        log.warning("history.not_pushed", tenant_id=tenant_id, subjects=len(lists))


def is_loaded(raw: list[bytes]) -> bool:
    """Whether the list holds all there is: it has the mark, or is so long that the mark fell off."""
    return len(raw) > settings.HISTORY_EVENTS or LOADED in raw


def parse(raw: list[bytes]) -> list[tuple[str, str, int]]:
    """Entries as (product id, kind, epoch seconds), newest first."""
    return [tuple(orjson.loads(entry)) for entry in raw if entry != LOADED]  # type: ignore[misc]


def complete(tenant_id: int, of: str, acts: list[tuple[str, str, float]]) -> None:
    """Adds what the rows know (newest first) behind what is there, and the mark. Doing it twice is
    harmless: an act that stands there twice counts once."""
    entries = [orjson.dumps([product, kind, int(moment)]) for product, kind, moment in acts]
    name = key(tenant_id, of)
    try:
        pipe = redis.client().pipeline(transaction=False)
        pipe.rpush(name, *entries[: settings.HISTORY_EVENTS - 1], LOADED)
        pipe.ltrim(name, 0, settings.HISTORY_EVENTS)
        pipe.expire(name, TTL_SECONDS)
        pipe.execute()
    except redis.Unreachable:
        log.warning("history.not_completed", tenant_id=tenant_id)


def forget(tenant_id: int, subjects: Iterable[str]) -> int:
    """Drops lists, and who signed in with a session; how many lists there were."""
    names = list(subjects)
    marks = [key(tenant_id, f"w:{of[2:]}") for of in names if of.startswith("s:")]
    client = redis.client()
    found = int(client.delete(*(key(tenant_id, of) for of in names))) if names else 0
    if marks:
        client.delete(*marks)
    return found


def weigh(acts: list[tuple[str, str, int]], *, now: float, decay: float = 0.9) -> list[tuple[str, float]]:
    """(product id, weight) newest first: kind × decay^position; an act repeated counts once, at its best.

    An act that a newer one takes back does not count; what is left of its product is the newer act.
    """
    best: dict[str, float] = {}
    taken: dict[str, frozenset[str]] = {}
    worth = 1.0
    for product, kind, _moment in acts:
        back = taken.get(product)
        if back is None or kind not in back:
            weight = WEIGHTS.get(kind, 0.0) * worth
            if product not in best or weight > best[product]:
                best[product] = weight
            if kind in _TAKES_BACK and product not in taken:
                taken[product] = _TAKES_BACK[kind]
        worth *= decay
    return list(best.items())
