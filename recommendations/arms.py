"""The arm of an experiment in one list: what it changes, and which arm a guest had seen who signs in.

A shopper is the customer, or the guest's session. A guest's arm is that of the session's hash. Who signs in
keeps the arm that the session was shown, on every device and for the phase of the experiment: the impression
of a guest's list leaves the arm with the session, and the first impression with both leaves it with the customer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from luxebrain.lib import logs, redis
from modelregistry.routing import Route
from recommendations import identity, suppression
from recommendations.control import Plan
from recommendations.queries import OF_SHOPPER

SEEN = 8  # experiments of one shopper that are remembered
TTL_SECONDS = 60 * 24 * 3600
PERSONAL = OF_SHOPPER | {"personalised"}
log = logs.get(__name__)

# An entry is "number:arm:milliseconds of the answer", the newest first; one is added where the newest of its
# experiment names another arm. A session's entry goes to the customer where the list that both were shown has
# the same arm: else the customer had one already, and that is the one to keep.
_TELL = """
local most, ttl, guests = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local function add(key, entry)
  local number, arm = string.match(entry, '^(%d+):(%u)')
  for _, held in ipairs(redis.call('LRANGE', key, 0, most - 1)) do
    local other, seen = string.match(held, '^(%d+):(%u)')
    if other == number then
      if seen == arm then return end
      break
    end
  end
  redis.call('LPUSH', key, entry)
  redis.call('LTRIM', key, 0, most - 1)
  redis.call('EXPIRE', key, ttl)
end
for i = 1, guests do add(KEYS[i], ARGV[3 + i]) end
local at = 4 + guests
for i = guests + 1, #KEYS, 2 do
  for _, held in ipairs(redis.call('LRANGE', KEYS[i], 0, most - 1)) do
    if string.match(held, '^%d+:%u') == ARGV[at] then
      add(KEYS[i + 1], held)
      break
    end
  end
  at = at + 1
end
"""


def key(tenant_id: int, of: str) -> str:
    """Where the arms are kept that `of` ("c:<customer id>", "s:<session id>") saw as a guest."""
    return redis.key(tenant_id, "arms", of)


def kept(lists: Iterable[Sequence[bytes]]) -> dict[int, list[tuple[str, float]]]:
    """By experiment its entries, the customer's before the session's, the newest first.

    An entry that cannot be read is passed over.
    """
    found: dict[int, list[tuple[str, float]]] = {}
    for entries in lists:
        for entry in entries:
            number, _, rest = entry.decode("ascii", "replace").partition(":")
            arm, _, at = rest.partition(":")
            if number.isdecimal() and at.isdecimal():
                found.setdefault(int(number), []).append((arm, int(at) / 1000))
    return found


def tell(tenant_id: int, rows: Iterable[Mapping[str, Any]]) -> None:
    """Remembers the arms of lists that guests were shown, and hands them on to who signs in. After the commit.

    rows    events as the inbox takes them. Never raises for a cache server that is away: then a guest who signs
            in gets the arm of the customer's own hash.
    """
    guests: dict[tuple[str, int], str] = {}
    pairs: set[tuple[str, str, str]] = set()
    erased = suppression.known(tenant_id)
    for row in rows:
        session, customer = row.get("session_id"), row.get("customer_external_id")
        if row["kind"] != "impression" or not session:
            continue
        seen = identity.arm_of(row.get("recommendation_id") or "")
        if seen is None:
            continue
        if erased.has(f"c:{customer}", f"s:{session}"):
            continue
        number, arm, at = seen
        if customer:
            pairs.add((session, customer, f"{number}:{arm}"))
        else:
            guests.setdefault((session, number), f"{number}:{arm}:{at}")
    if not guests and not pairs:
        return
    names = [key(tenant_id, f"s:{session}") for session, _ in guests]
    ordered = sorted(pairs)
    for session, customer, _ in ordered:
        names += [key(tenant_id, f"s:{session}"), key(tenant_id, f"c:{customer}")]
    try:
        run = redis.client().register_script(_TELL)
        shown = [arm for _, _, arm in ordered]
        run(keys=names, args=[SEEN, TTL_SECONDS, len(guests), *guests.values(), *shown])
    except redis.Unreachable:
        log.warning("arms.not_kept", tenant_id=tenant_id, shoppers=len(names))


def forget(tenant_id: int, subjects: Iterable[str]) -> int:
    """Drops what is kept of these; how many lists there were."""
    names = [key(tenant_id, of) for of in subjects]
    return int(redis.client().delete(*names)) if names else 0


def apply(plan: Plan, route: Route) -> Plan:
    """The plan as the arm has it: its weights, its rules, and for who is held out no personal list."""
    if route.is_usual:
        return plan
    if route.weights:
        plan.weights = dict(plan.weights) | {
            name: plan.weights.get(name, 1.0) * factor for name, factor in route.weights.items()
        }
    if route.without:
        plan.rules = tuple(rule for rule in plan.rules if rule.pk not in route.without)
    if route.held_out and plan.kind in PERSONAL:
        plan.kind, plan.is_held_out = "popular", True
    return plan
