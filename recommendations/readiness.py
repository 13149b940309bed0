"""Readiness: what data a shop has, and what each kind of recommendation still needs of it."""

from dataclasses import asdict, dataclass
from datetime import datetime

import orjson
from django.conf import settings
from django.db import connections

from luxebrain.lib import logs, redis
from recommendations.algorithms.content import Content
from recommendations.evaluation import selection
from recommendations.tracking import ENOUGH_LISTS
from tenants import epochs
from tenants.models import Tenant

# Counting ends here: no look at the page costs more in a shop of a million orders than in one of these.
PRODUCTS_COUNTED = 50_000
ORDERS_COUNTED = 10_000
BASKETS_LOOKED_AT = 20_000
EVENTS_LOOKED_AT = 20_000
EVENT_DAYS = 30
CACHE_SECONDS = 60

# What each kind of list needs.
#   together  After 500 baskets of Online Retail five products were seen twice beside 82 % of the products of
#             the baskets that followed (after 200: 56 %, after 1,000: 88 %), and one of the first ten named
#             was in the same basket for 46 % (34 %, 54 %).
#   alike     A list of products alike keeps so many; with fewer described products everything is alike.
#   tested    Below so many returning customers a back-test decides nothing.
#   measured  Below so many lists shown a click-through rate says more about chance.
BASKETS_FOR_TOGETHER = 500
PRODUCTS_FOR_ALIKE: int = Content().params["keep"]
RETURNING_FOR_TEST = selection.MIN_TESTED
LISTS_FOR_RATE = ENOUGH_LISTS

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Facts:
    """What there is. A count that reached its bound means: at least so many.

    `events` are those of the newest 20,000 of the last 30 days, by kind; `described` products have a
    category, a brand or a tag, which is what likeness is computed from besides title and price.
    """

    products: int
    for_sale: int
    pictured: int
    priced: int
    worded: int
    described: int
    categorised: int
    customers: int
    returning: int
    orders: int
    baskets: int
    events: dict[str, int]
    model: int

    @property
    def event_total(self) -> int:
        return sum(self.events.values())


@dataclass(frozen=True, slots=True)
class Arrival:
    """When rows of one kind last came in, and by which door. `at` None: never."""

    what: str
    at: datetime | None
    source: str


@dataclass(frozen=True, slots=True)
class Need:
    """One kind of recommendation: what it has, what it needs, and what brings it nearer.

    `page` names the panel page on which the next step is taken, `step` says what it is.
    """

    code: str
    label: str
    what: str
    have: int
    need: int
    unit: str
    step: str
    page: str

    @property
    def done(self) -> bool:
        return self.have >= self.need

    @property
    def share(self) -> int:
        return min(100, 100 * self.have // self.need)

    @property
    def sentence(self) -> str:
        if self.done:
            return f"Enough {self.unit.partition(' until ')[0]} ({self.need:,} needed)"
        return f"{self.have:,} of {self.need:,} {self.unit}"


def of(tenant: Tenant) -> Facts:
    """The facts, remembered for a minute under the shop's epochs: catalogue and orders show at once."""
    name = redis.key(tenant.pk, "readiness", "v1")
    try:
        client = redis.client()
        epoch = b"|".join(epochs.read(tenant.pk)).decode()
        raw = client.get(name)
    except redis.Unreachable:
        return count(tenant)
    if raw:
        made_under, facts = orjson.loads(raw)
        if made_under == epoch:
            return Facts(**facts)
    found = count(tenant)
    try:
        client.set(name, orjson.dumps([epoch, asdict(found)]), ex=CACHE_SECONDS)
    except redis.Unreachable:
        log.warning("readiness.not_cached", tenant_id=tenant.pk)
    return found


def count(tenant: Tenant) -> Facts:
    """The facts as the rows stand now."""
    values = {
        "tenant": tenant.pk,
        "products": PRODUCTS_COUNTED,
        "orders": ORDERS_COUNTED,
        "baskets": BASKETS_LOOKED_AT,
        "together": BASKETS_FOR_TOGETHER,
        "returning": RETURNING_FOR_TEST,
        "events": EVENTS_LOOKED_AT,
        "days": EVENT_DAYS,
        "model": settings.MODEL_NAME,
    }
    with connections[tenant.alias].cursor() as cursor:
        cursor.execute(_PRODUCTS, values)
        products = cursor.fetchone()
        cursor.execute(_PEOPLE, values)
        people = cursor.fetchone()
        cursor.execute(_EVENTS, values)
        events = {str(kind): int(n) for kind, n in cursor.fetchall()}
    return Facts(*products, *people[:4], events, people[4])


def needs(facts: Facts) -> list[Need]:
    """Every kind of recommendation, in the order in which a young shop gets them."""
    orders = settings.COLD_START_ORDERS
    recent = sum(facts.events.get(kind, 0) for kind in ("view", "cart", "click"))
    return [
        Need("popular", "Best sellers", "What is shown from the first minute, by units sold.", facts.for_sale, 1,
             "products for sale", "Send your catalogue", "catalogue"),
        Need("personal", "Personal recommendations", "Each shopper's own list, from what they and others bought.",
             facts.orders, orders, "orders until personal recommendations", "Send your past orders", "orders"),
        Need("alike", "Products alike", "For products that few have bought yet: by category, brand and tags.",
             facts.described, PRODUCTS_FOR_ALIKE, "products with a category, brand or tag",
             "Add categories to your products", "catalogue"),
        Need("together", "Bought together", "What lands in one basket with the product on the page.",
             facts.baskets, BASKETS_FOR_TOGETHER, "baskets of two products or more until bought-together",
             "Send your past orders", "orders"),
        Need("live", "Lists that follow the visit", "The next list knows what a shopper looked at a second ago.",
             recent, 1, f"views, carts or clicks in {EVENT_DAYS} days", "Put the script on your pages", "api-keys"),
        Need("tested", "The best algorithm, chosen by test", "Training tries each algorithm on the newest orders.",
             facts.returning, RETURNING_FOR_TEST, "customers who came back", "Send orders with customer ids", "orders"),
        Need("measured", "Figures you can trust", "Click-through and conversion, once chance is small.",
             facts.events.get("impression", 0), LISTS_FOR_RATE, f"lists shown in {EVENT_DAYS} days",
             "Let the script report what is shown", "api-keys"),
    ]


def arrivals(tenant: Tenant) -> list[Arrival]:
    """When products, customers, orders and events last came, and from which source."""
    with connections[tenant.alias].cursor() as cursor:
        cursor.execute(_ARRIVALS, {"tenant": tenant.pk})
        return [Arrival(*row) for row in cursor.fetchall()]


_PRODUCTS = """
select count(*), count(*) filter (where is_published and (stock is null or stock > 0)),
       count(*) filter (where image_url <> ''), count(*) filter (where price > 0),
       count(*) filter (where octet_length(description) > 0),
       count(*) filter (where cardinality(categories) > 0 or brand <> '' or cardinality(tags) > 0),
       count(*) filter (where cardinality(categories) > 0)
from (select * from recommendations_product where tenant_id = %(tenant)s limit %(products)s) p
"""

# A basket is an order with a second line for another product; only the newest orders are looked at.
_PEOPLE = """
select
  (select count(*) from (select 1 from recommendations_customer where tenant_id = %(tenant)s
                         limit %(orders)s) c),
  (select count(*) from (select 1 from recommendations_order where tenant_id = %(tenant)s and is_countable
                           and customer_id is not null
                         group by customer_id having count(*) >= 2 limit %(returning)s) r),
  (select count(*) from (select 1 from recommendations_order where tenant_id = %(tenant)s and is_countable
                         limit %(orders)s) o),
  (select count(*) from (
     select 1 from (select id from recommendations_order where tenant_id = %(tenant)s and is_countable
                    order by ordered_at desc limit %(baskets)s) o,
       lateral (select 1 from recommendations_orderline l, recommendations_orderline m
                where l.tenant_id = %(tenant)s and l.order_id = o.id and m.tenant_id = %(tenant)s
                  and m.order_id = o.id and m.position > l.position
                  and m.product_external_id <> l.product_external_id limit 1) pair
     limit %(together)s) b),
  (select count(*) from modelregistry_modelalias where tenant_id = %(tenant)s and model = %(model)s
                         and name = 'champion')
"""

_EVENTS = """
select kind, count(*) from (
  select kind from recommendations_event
  where tenant_id = %(tenant)s and occurred_at > now() - make_interval(days => %(days)s)
  order by occurred_at desc limit %(events)s) e
group by kind
"""

# Rows that changed while a file was taken in came from that file.
_ARRIVALS = """
select what, at, case when at is null then '' when file is not null then 'file ' || file else 'API' end
from (
  select 1 as place, 'Products' as what, (select max(updated_at) from recommendations_product
    where tenant_id = %(tenant)s) as at, 'products' as kind
  union all select 2, 'Customers', (select max(created_at) from recommendations_customer
    where tenant_id = %(tenant)s), 'customers'
  union all select 3, 'Orders', (select max(updated_at) from recommendations_order
    where tenant_id = %(tenant)s), 'orders'
  union all select 4, 'Events', (select max(received_at) from recommendations_event
    where tenant_id = %(tenant)s), 'events'
) latest left join lateral (
  select source as file from recommendations_importrun
  where tenant_id = %(tenant)s and latest.at between started_at and coalesce(finished_at, now())
  order by id desc limit 1
) run on true
order by place
"""
