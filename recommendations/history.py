"""What a shopper did lately, kept in the cache server so that the next answer can follow it.

One list per subject ("c:<customer id>" or "s:<session id>"), newest first, at most 50 entries of
["product id", "kind", epoch seconds of arrival]. PostgreSQL stays the record: a customer's list
without the mark LOADED is completed from there once, and then carries the mark.
"""

import time
from collections.abc import Iterable
from typing import Any

import orjson
from django.conf import settings

from luxebrain.lib import logs, redis

TTL_SECONDS = 30 * 24 * 3600
LOADED = b"[]"
log = logs.get(__name__)
# What an act says about taste; the sign of "remove" is that of the shopper.
WEIGHTS = {"purchase": 1.0, "cart": 0.8, "click": 0.5, "view": 0.4, "remove": -0.4}

# One command for all lists: a call of a hundred shoppers would otherwise be six hundred commands.
_PUSH = """
local at = 3
for i = 1, #KEYS do
  local count = tonumber(ARGV[at])
  redis.call('LPUSH', KEYS[i], unpack(ARGV, at + 1, at + count))
  redis.call('LTRIM', KEYS[i], 0, tonumber(ARGV[1]))
  redis.call('EXPIRE', KEYS[i], tonumber(ARGV[2]))
  at = at + count + 1
end
"""


def subject(*, customer: str = "", session: str = "") -> str:
    """Whose list it is: the customer's when known, else the session's; "" for nobody."""
    return f"c:{customer}" if customer else (f"s:{session}" if session else "")


def key(tenant_id: int, of: str) -> str:
    return redis.key(tenant_id, "h", of)


def push(tenant_id: int, acts: Iterable[tuple[str, str, str, float]]) -> None:
    """Adds acts (subject, product id, kind, epoch seconds), oldest first. Call after the commit.

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
    arguments: list[bytes | int] = [most, TTL_SECONDS]
    for entries in lists.values():
        recent = entries[-most:]
        arguments += [len(recent), *recent]
    try:
        push_all = redis.client().register_script(_PUSH)
        push_all(keys=[key(tenant_id, of) for of in lists], args=arguments)
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


def forget(tenant_id: int, of: str) -> None:
    redis.client().delete(key(tenant_id, of))


def weigh(acts: list[tuple[str, str, int]], *, now: float, decay: float = 0.9) -> list[tuple[str, float]]:
    """(product id, weight) newest first: kind × decay^position; an act repeated counts once, at its best."""
    best: dict[str, float] = {}
    for position, (product, kind, _moment) in enumerate(acts):
        weight: Any = WEIGHTS.get(kind, 0.0) * decay**position
        if product not in best or weight > best[product]:
            best[product] = weight
    return list(best.items())
