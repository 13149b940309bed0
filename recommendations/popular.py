"""A shop's own best sellers: what is shown while there are too few orders for a model."""

import orjson
from django.conf import settings
from django.db import connections

from luxebrain.lib import logs, redis
from tenants.models import Tenant

KEPT = 200
HALF_LIFE_DAYS = 30
log = logs.get(__name__)

# Units, halved every 30 days of age, of products that can be bought now; then, so that the list is
# never empty while the catalogue has stock, the newest products.
_SQL = """
with sold as (
    select l.product_external_id as id,
           sum(l.quantity * power(0.5, extract(epoch from now() - o.ordered_at) / 86400 / %(half_life)s)) as units
    from recommendations_orderline l join recommendations_order o on o.tenant_id = l.tenant_id and o.id = l.order_id
    where l.tenant_id = %(tenant)s and o.is_countable and o.ordered_at > now() - interval '400 days' and l.quantity > 0
    group by 1
)
select p.external_id, coalesce(sold.units, 0)::float8
from recommendations_product p left join sold on sold.id = p.external_id
where p.tenant_id = %(tenant)s and p.is_published and (p.stock is null or p.stock > 0)
order by sold.units desc nulls last, p.created_at desc, p.id desc limit %(kept)s
"""
_COUNTABLE = """
select count(*) from (select from recommendations_order where tenant_id = %s and is_countable limit %s) counted
"""


def key(tenant_id: int) -> str:
    return redis.key(tenant_id, "popular", "v1")


def cold_key(tenant_id: int) -> str:
    return redis.key(tenant_id, "cold")


def compute(tenant: Tenant) -> list[tuple[str, float]]:
    """(product id, weighted units), best first. Reads only this tenant's rows."""
    with connections[tenant.alias].cursor() as cursor:
        cursor.execute(_SQL, {"tenant": tenant.pk, "half_life": HALF_LIFE_DAYS, "kept": KEPT})
        return [(str(product), float(units)) for product, units in cursor.fetchall()]


def countable_orders(tenant: Tenant, *, most: int | None = None) -> int:
    """How many orders count; with `most`, counting stops there."""
    with connections[tenant.alias].cursor() as cursor:
        cursor.execute(_COUNTABLE, [tenant.pk, most])
        return int(cursor.fetchone()[0])


def remember(tenant_id: int, products: list[tuple[str, float]], *, epoch: bytes) -> None:
    """Keeps the list for an hour, with whose it is and the epoch it was made under."""
    try:
        value = orjson.dumps([tenant_id, epoch.decode(), products])
        redis.client().set(key(tenant_id), value, ex=settings.RECOMMENDATION_CACHE_SECONDS)
    except redis.Unreachable:
        log.warning("popular.not_cached", tenant_id=tenant_id)


def recall(raw: bytes, *, tenant_id: int, epoch: bytes) -> list[tuple[str, float]] | None:
    """The cached list if it is this tenant's and was made under this epoch."""
    if not raw:
        return None
    try:
        whose, made_under, products = orjson.loads(raw)
    except ValueError:  # nothing that we wrote
        whose, made_under, products = None, "", []
    if whose != tenant_id:
        log.error("popular.foreign", tenant_id=tenant_id)
        return None
    return products if made_under == epoch.decode() else None


def remember_cold(tenant_id: int, *, is_cold: bool) -> None:
    try:
        flag = f"{tenant_id}:{int(is_cold)}"
        redis.client().set(cold_key(tenant_id), flag, ex=settings.RECOMMENDATION_CACHE_SECONDS)
    except redis.Unreachable:
        log.warning("cold.not_cached", tenant_id=tenant_id)


def recall_cold(raw: bytes, *, tenant_id: int) -> bool | None:
    """Whether the shop is cold; None if that is not known, or the value is not this tenant's."""
    if not raw:
        return None
    whose, _, flag = raw.partition(b":")
    if whose != str(tenant_id).encode() or flag not in (b"0", b"1"):
        log.error("cold.foreign", tenant_id=tenant_id)
        return None
    return flag == b"1"
