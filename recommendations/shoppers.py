"""What a shop knows of a customer, as `shopper.…` in expressions: orders, spent, days, country, attributes.

Kept in the cache server for an hour per customer, and read with the gate's one call. A change of the
customer or of an order of theirs leaves a mark in its place for a few seconds, so that what was read just
before the change is not kept after it. An order that moves to another customer is unlearned of the former
one within the hour.
"""

import time
from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from django.db import connections

from luxebrain.lib import logs, redis
from recommendations import suppression
from tenants.models import Tenant

KEPT_SECONDS = 3600
MARK, MARK_SECONDS = b"", 5  # longer than reading and keeping one customer's facts takes
log = logs.get(__name__)

# Sums are of orders in the shop's own currency: others cannot be added to them.
_SQL = """
select c.external_id, c.country, c.attributes, count(o.id),
       coalesce(sum(o.total) filter (where o.currency = %(currency)s), 0)::float8,
       extract(epoch from min(o.ordered_at))::float8, extract(epoch from max(o.ordered_at))::float8
from recommendations_customer c
left join recommendations_order o on o.tenant_id = c.tenant_id and o.customer_id = c.id and o.is_countable
where c.tenant_id = %(tenant)s and c.external_id = any(%(customers)s)
group by c.id
"""


def key(tenant_id: int, customer: str) -> str:
    return redis.key(tenant_id, "shopper", customer)


def recall(raw: bytes, tenant_id: int) -> dict[str, Any] | None:
    """The facts that were kept, days counted from now; None if nothing is kept, or not this tenant's."""
    if not raw:
        return None
    try:
        whose, row = orjson.loads(raw)
    except ValueError:  # nothing that we wrote
        whose, row = None, None
    if whose != tenant_id:
        log.error("shopper.foreign", tenant_id=tenant_id)
        return None
    return _facts(row)


def load(tenant: Tenant, customer: str) -> dict[str, Any]:
    """The facts from the rows, kept for an hour; of an unknown customer only that. Inside the tenant."""
    row = _rows(tenant, [customer]).get(customer)
    if not suppression.known(tenant.pk).has(f"c:{customer}"):
        _remember(tenant.pk, customer, row)
    return _facts(row)


def facts(tenant: Tenant, customers: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The facts of several customers, from the rows; nothing is kept. Inside the tenant."""
    rows = _rows(tenant, customers)
    return {customer: _facts(rows.get(customer)) for customer in customers}


def forget(tenant_id: int, customers: Iterable[str]) -> None:
    """Has the facts of these customers read again. Call after the commit. Never raises for a cache
    server that is away: what is kept ends within the hour."""
    names = [key(tenant_id, customer) for customer in customers if customer]
    try:
        for start in range(0, len(names), 1000):
            pipe = redis.client().pipeline(transaction=False)
            for name in names[start : start + 1000]:
                pipe.set(name, MARK, ex=MARK_SECONDS)
            pipe.execute()
    except redis.Unreachable:
        log.warning("shopper.not_forgotten", tenant_id=tenant_id, customers=len(names))


def erase(tenant_id: int, customer: str) -> None:
    """Takes the facts away and leaves no mark: nothing of an erased customer stays, not even the id."""
    redis.client().delete(key(tenant_id, customer))


def _rows(tenant: Tenant, customers: Sequence[str]) -> dict[str, list[Any]]:
    values = {"tenant": tenant.pk, "customers": list(customers), "currency": tenant.currency}
    with connections[tenant.alias].cursor() as cursor:
        cursor.execute(_SQL, values)
        found = cursor.fetchall()
    return {
        name: [country, orjson.loads(attributes) if isinstance(attributes, str) else attributes, *numbers]
        for name, country, attributes, *numbers in found
    }


def _remember(tenant_id: int, customer: str, row: list[Any] | None) -> None:
    try:
        # nx: not over a mark, which says that the row changed while it was read
        redis.client().set(key(tenant_id, customer), orjson.dumps([tenant_id, row]), ex=KEPT_SECONDS, nx=True)
    except redis.Unreachable:
        log.warning("shopper.not_cached", tenant_id=tenant_id)


def _facts(row: list[Any] | None) -> dict[str, Any]:
    if row is None:
        return {"is_known": False}
    country, attributes, orders, spent, first, latest = row
    return {
        "is_known": True,
        "orders": orders,
        "spent": spent,
        "days_since_order": _days(latest),
        "days_since_first_order": _days(first),
        "country": country or None,
        **{f"attributes.{name}": value for name, value in (attributes or {}).items()},
    }


def _days(moment: float | None) -> float | None:
    return None if moment is None else max(0.0, (time.time() - moment) / 86400)
