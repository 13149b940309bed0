"""What many customers did lately, as single calls would see it: from the cache server, completed from the rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import orjson
from django.conf import settings
from django.db import connections

from luxebrain.lib import redis
from recommendations import history, serving
from tenants import tenancy

# Only the lists that there are come back; most customers of a newsletter did nothing lately.
_READ = redis.Script("""
local out = {}
for i = 1, #KEYS do
  local found = redis.call('LRANGE', KEYS[i], 0, ARGV[1])
  if #found > 0 then out[#out + 1] = i; out[#out + 1] = found end
end
return out
""")
_MANY = (
    "select wanted.id, acts.* from unnest(%(customers)s::text[]) as wanted(id) cross join lateral ("  # noqa: S608
    + serving.RECORDED.replace("%(customer)s", "wanted.id") + ") acts"
)
# Who did something that a model read at `since` does not know, or that keeps a product out of the list.
_BUSY = """
select distinct customer_external_id from recommendations_event
where tenant_id = %(tenant)s and customer_external_id = any(%(customers)s) and product_external_id <> ''
  and occurred_at > now() - interval '180 days'
  and (received_at >= to_timestamp(%(since)s) or kind in ('cart', 'hide'))
union
select c.external_id from recommendations_customer c
join recommendations_order o on o.tenant_id = c.tenant_id and o.customer_id = c.id
where c.tenant_id = %(tenant)s and c.external_id = any(%(customers)s)
  and ((o.is_countable and o.created_at >= to_timestamp(%(since)s))
       or (o.state = 'refunded' and o.updated_at >= to_timestamp(%(since)s)))
"""
Histories = dict[str, list[bytes]]


def of_many(tenant_id: int, customers: Sequence[str], session: str, *, since: int) -> Histories:
    """Raw lists by subject ("c:…", "s:…"), each marked as complete; of those who did something at all.

    since    epoch seconds of the model's data: customers who did nothing since that a list hangs on may be
             left out; 0 = leave out nobody
    """
    names = [f"c:{one}" for one in customers if one]
    if session:
        names.append(f"s:{session}")
    kept = _kept(tenant_id, names)
    loaded = {name[2:] for name, raw in kept.items() if name[:2] == "c:" and history.is_loaded(raw)}
    open_ = [one for one in customers if one and one not in loaded]
    if since and open_:
        there = {name[2:] for name in kept}
        active = _busy(tenant_id, open_, since) | there
        open_ = [one for one in open_ if one in active]
    for customer, acts in recorded(tenant_id, open_).items():
        kept[f"c:{customer}"] = [*kept.get(f"c:{customer}", []), *acts]
    return {name: [*raw, history.LOADED] for name, raw in kept.items()}


def recorded(tenant_id: int, customers: Sequence[str]) -> Histories:
    """The newest acts of each of these customers from the rows, as the cache server would keep them; by customer."""
    found: Histories = {}
    if not customers:
        return found
    values = {"tenant": tenant_id, "customers": list(customers), "most": settings.HISTORY_EVENTS}
    with tenancy.within(tenant_id), connections["default"].cursor() as cursor:
        cursor.execute(_MANY, values)
        for customer, product, kind, moment in cursor.fetchall():
            found.setdefault(customer, []).append(orjson.dumps([product, kind, int(moment)]))
    return found


def _kept(tenant_id: int, names: Sequence[str]) -> Histories:
    try:
        prefix = history.key(tenant_id, "")
        found = _READ([prefix + name for name in names], [settings.HISTORY_EVENTS])
    except redis.Unreachable:  # then the rows say it all
        return {}
    return {names[at - 1]: list(raw) for at, raw in zip(found[::2], found[1::2], strict=True)}


def _busy(tenant_id: int, customers: Iterable[str], since: int) -> set[str]:
    with tenancy.within(tenant_id), connections["default"].cursor() as cursor:
        cursor.execute(_BUSY, {"tenant": tenant_id, "customers": list(customers), "since": since})
        return {row[0] for row in cursor.fetchall()}
