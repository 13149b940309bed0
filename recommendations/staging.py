"""Temporary tables that rows come into, and the statements that merge them into the shop's own.

Both doors use them: the API fills them from JSON, the importer by COPY (which row-level security
refuses on the real tables). They empty themselves at the commit. `n` is the row's place in its call.
A merge tells for each row: created, updated, unchanged, or older (a newer state is stored).
"""

from collections.abc import Sequence
from typing import Any, BinaryIO

import orjson
from django.db import connections

from recommendations import suppression
from tenants.models import Tenant

PRODUCT = "incoming_product"
CUSTOMER = "incoming_customer"
ORDER = "incoming_order"
LINE = "incoming_line"
EVENT = "incoming_event"

COLUMNS = {
    PRODUCT: "n integer, external_id text, title text, description text, url text, image_url text, price numeric, "
    "currency text, categories text[], brand text, tags text[], attributes jsonb, stock integer, "
    "is_published boolean, source_updated_at timestamptz",
    CUSTOMER: "n integer, external_id text, country text, attributes jsonb, source_updated_at timestamptz",
    ORDER: "n integer, external_id text, customer text, session_id text, state text, currency text, total numeric, "
    "ordered_at timestamptz, source_updated_at timestamptz",
    LINE: "n integer, position smallint, product text, quantity integer, unit_price numeric",
    EVENT: "n integer, id uuid, occurred_at timestamptz, kind text, customer_external_id text, session_id text, "
    "product_external_id text, quantity integer, value numeric, currency text, order_external_id text, "
    "recommendation_id text, placement text, properties jsonb",
}
_MARKS = {ORDER: ", order_id bigint, outcome text"}
# The merge changes `outcome` under the planner's statistics, and a young shop's tables have none yet:
# with these, and with look-ups that are hashed instead of joined, a wrong guess costs little.
_INDEXES = {ORDER: ("n", "external_id"), LINE: ("n",)}


def names(table: str) -> list[str]:
    return [column.split()[0] for column in COLUMNS[table].split(", ")]


def open(tenant: Tenant, *tables: str) -> None:
    """Makes the tables, once for each connection; empty also for a second call in one transaction."""
    with connections[tenant.alias].cursor() as cursor:
        for table in tables:
            made = f"create temporary table if not exists {table} ({COLUMNS[table]}{_MARKS.get(table, '')})"
            cursor.execute(f"{made} on commit delete rows; delete from {table}")  # noqa: S608  (fixed texts)
            for column in _INDEXES.get(table, ()):
                cursor.execute(f"create index if not exists {table}_{column} on {table} ({column})")


def put(tenant: Tenant, table: str, rows: Sequence[dict[str, Any]]) -> None:
    """Fills a table from a call's rows, in one statement."""
    listed = ", ".join(names(table))
    with connections[tenant.alias].cursor() as cursor:
        cursor.execute(
            f"insert into {table} ({listed}) "  # noqa: S608  (fixed texts of this module)
            f"select {listed} from jsonb_to_recordset(%s::jsonb) as row ({COLUMNS[table]})",
            [orjson.dumps(rows, default=str).decode()],
        )


def copy(tenant: Tenant, table: str, rendered: BinaryIO) -> None:
    """Fills a table from rendered CSV, the columns in the order of COLUMNS."""
    with connections[tenant.alias].cursor() as cursor:
        cursor.copy_expert(f"copy {table} ({', '.join(names(table))}) from stdin (format csv)", rendered)
        cursor.execute(f"analyze {table}")


def _merge(tenant: Tenant, statements: str, *, strike: str = "") -> list[tuple[int, str]]:
    """`strike` takes erased persons out of what came in, and names rows of which nothing is left."""
    values = {"tenant": tenant.pk, "is_demo": tenant.is_demo}
    gone: list[tuple[int, str]] = []
    with connections[tenant.alias].cursor() as cursor:
        pads = suppression.pads(tenant) if strike else {"guarded": False}
        if pads["guarded"]:
            cursor.execute(strike, values | pads)
            gone = cursor.fetchall()
        cursor.execute(statements, values)
        return cursor.fetchall() + gone


def merge_products(tenant: Tenant) -> list[tuple[int, str]]:
    return _merge(tenant, _PRODUCTS)


def merge_customers(tenant: Tenant) -> list[tuple[int, str]]:
    return _merge(tenant, _CUSTOMERS, strike=_STRIKE_CUSTOMERS)


def merge_orders(tenant: Tenant) -> list[tuple[int, str]]:
    """Orders and their lines. Customers that are not known yet are made."""
    return _merge(tenant, _MAKE_CUSTOMERS + _COMPARE_ORDERS + _WRITE_ORDERS, strike=_STRIKE_ORDERS)


def compare_orders(tenant: Tenant) -> list[tuple[int, str]]:
    """What merge_orders would tell; nothing is written to the shop's own rows."""
    return _merge(tenant, _COMPARE_ORDERS + _TELL_ORDERS)


def merge_events(tenant: Tenant) -> list[tuple[int, str]]:
    """Events of a file: created, or unchanged when they are there already."""
    return _merge(tenant, _EVENTS, strike=_STRIKE_EVENTS)


# An erased person's orders are nobody's; of their own row and of their events nothing is kept.
_GONE_CUSTOMER = suppression.erased("'c:' || i.external_id")
_GONE_EVENT = suppression.erased("'c:' || i.customer_external_id", "'s:' || i.session_id")
_GONE_ORDER = suppression.erased("'c:' || i.customer", "'s:' || i.session_id")
_STRIKE_CUSTOMERS = f"delete from incoming_customer i where {_GONE_CUSTOMER} returning n, 'erased'"  # noqa: S608
_STRIKE_EVENTS = f"delete from incoming_event i where {_GONE_EVENT} returning n, 'erased'"  # noqa: S608
_STRIKE_ORDERS = (
    f"with struck as (update incoming_order i set customer = '', session_id = '' where {_GONE_ORDER} "  # noqa: S608
    "returning 1) select 0, '' from struck where false"
)

# A newer state is never overwritten by an older one; a row that says nothing new is not written at
# all, but a later time of the same state is kept, or a late arrival between the two would win.
_PRODUCTS = """
with merged as (
    insert into recommendations_product as p (tenant_id, external_id, title, description, url, image_url, price,
        currency, categories, brand, tags, attributes, stock, is_published, source_updated_at)
    select %(tenant)s, external_id, title, description, url, image_url, price, currency, categories, brand, tags,
        attributes, stock, is_published, source_updated_at
    from incoming_product order by external_id
    on conflict (tenant_id, external_id) do update set
        title = excluded.title, description = excluded.description, url = excluded.url,
        image_url = excluded.image_url, price = excluded.price, currency = excluded.currency,
        categories = excluded.categories, brand = excluded.brand, tags = excluded.tags,
        attributes = excluded.attributes, stock = excluded.stock, is_published = excluded.is_published,
        source_updated_at = coalesce(excluded.source_updated_at, p.source_updated_at), updated_at = now()
    where coalesce(excluded.source_updated_at >= p.source_updated_at, true)
      and (p.title, p.description, p.url, p.image_url, p.price, p.currency, p.categories, p.brand, p.tags,
           p.attributes, p.stock, p.is_published, p.source_updated_at)
          is distinct from
          (excluded.title, excluded.description, excluded.url, excluded.image_url, excluded.price,
           excluded.currency, excluded.categories, excluded.brand, excluded.tags, excluded.attributes,
           excluded.stock, excluded.is_published, coalesce(excluded.source_updated_at, p.source_updated_at))
    returning p.external_id, p.xmax = 0 as is_new
)
select i.n, case when m.is_new then 'created' when m.external_id is not null then 'updated'
                 when p.source_updated_at > i.source_updated_at then 'older' else 'unchanged' end
from incoming_product i
left join merged m using (external_id)
left join recommendations_product p on p.tenant_id = %(tenant)s and p.external_id = i.external_id
"""

_CUSTOMERS = """
with merged as (
    insert into recommendations_customer as c (tenant_id, external_id, country, attributes, source_updated_at)
    select %(tenant)s, external_id, country, attributes, source_updated_at
    from incoming_customer order by external_id
    on conflict (tenant_id, external_id) do update set
        country = excluded.country, attributes = excluded.attributes,
        source_updated_at = coalesce(excluded.source_updated_at, c.source_updated_at), updated_at = now()
    where coalesce(excluded.source_updated_at >= c.source_updated_at, true)
      and (c.country, c.attributes, c.source_updated_at) is distinct from
          (excluded.country, excluded.attributes, coalesce(excluded.source_updated_at, c.source_updated_at))
    returning c.external_id, c.xmax = 0 as is_new
)
select i.n, case when m.is_new then 'created' when m.external_id is not null then 'updated'
                 when c.source_updated_at > i.source_updated_at then 'older' else 'unchanged' end
from incoming_customer i
left join merged m using (external_id)
left join recommendations_customer c on c.tenant_id = %(tenant)s and c.external_id = i.external_id
"""

_COMPARE_ORDERS = """
update incoming_order i set order_id = o.id, outcome = case
    when o.source_updated_at > i.source_updated_at then 'older'
    when (o.session_id, o.state, o.currency, o.total, o.ordered_at, o.source_updated_at)
         is distinct from
         (i.session_id, i.state, i.currency, i.total, i.ordered_at,
          coalesce(i.source_updated_at, o.source_updated_at)) then 'updated'
    when case when i.customer = '' then o.customer_id is not null else ((o.customer_id, i.customer) in (
         select c.id, c.external_id from recommendations_customer c
         where c.tenant_id = %(tenant)s and c.external_id = any(array(select customer from incoming_order))
         )) is not true end then 'updated'
    else 'same?' end
from recommendations_order o
where o.tenant_id = %(tenant)s and o.external_id = i.external_id;

with digests as materialized (
    select l.order_id, md5(string_agg(concat_ws(e'\\t', l.product_external_id, l.quantity, l.unit_price),
                                      e'\\n' order by l.position)) as digest
    from recommendations_orderline l
    where l.tenant_id = %(tenant)s
      and l.order_id = any(array(select order_id from incoming_order where outcome = 'same?'))
    group by l.order_id
    union all
    select i.order_id, md5(string_agg(concat_ws(e'\\t', l.product, l.quantity, l.unit_price::numeric(14, 2)),
                                      e'\\n' order by l.position))
    from incoming_order i join incoming_line l using (n)
    where i.outcome = 'same?' group by i.order_id
), same as materialized (
    select order_id from digests group by order_id having count(*) = 2 and min(digest) = max(digest)
)
update incoming_order i
set outcome = case when i.order_id in (select order_id from same) then 'unchanged' else 'updated' end
where i.outcome = 'same?';
"""

_MAKE_CUSTOMERS = """
insert into recommendations_customer (tenant_id, external_id, country, attributes)
select %(tenant)s, i.customer, '', '{}'
from (select distinct customer from incoming_order where customer <> '') i
where not exists (select 1 from recommendations_customer c
                  where c.tenant_id = %(tenant)s and c.external_id = i.customer)
order by i.customer
on conflict do nothing;
"""

_TELL_ORDERS = "select n, coalesce(outcome, 'created') from incoming_order"

_WRITE_ORDERS = """
with merged as (
    insert into recommendations_order as o (tenant_id, external_id, customer_id, session_id, state, currency, total,
        ordered_at, is_demo, source_updated_at)
    select %(tenant)s, i.external_id, c.id, i.session_id, i.state, i.currency, i.total, i.ordered_at, %(is_demo)s,
        i.source_updated_at
    from incoming_order i
    left join recommendations_customer c on c.tenant_id = %(tenant)s and c.external_id = i.customer
    where i.outcome is null or i.outcome = 'updated'
    order by i.external_id
    on conflict (tenant_id, external_id) do update set
        customer_id = excluded.customer_id, session_id = excluded.session_id, state = excluded.state,
        currency = excluded.currency, total = excluded.total, ordered_at = excluded.ordered_at,
        source_updated_at = coalesce(excluded.source_updated_at, o.source_updated_at), updated_at = now()
    where coalesce(excluded.source_updated_at >= o.source_updated_at, true)
    returning o.id, o.external_id, o.xmax = 0 as is_new
), lost as (
    select i.n from incoming_order i where (i.outcome is null or i.outcome = 'updated')
)
update incoming_order i
set order_id = m.id, outcome = case when m.id is null then 'older' when m.is_new then 'created' else 'updated' end
from lost left join (incoming_order j join merged m using (external_id)) on j.n = lost.n
where i.n = lost.n;

delete from recommendations_orderline l using incoming_order i
where l.tenant_id = %(tenant)s and l.order_id = i.order_id and i.outcome = 'updated';

insert into recommendations_orderline (tenant_id, order_id, position, product_external_id, quantity, unit_price)
select %(tenant)s, i.order_id, l.position, l.product, l.quantity, l.unit_price
from incoming_order i join incoming_line l using (n)
where i.outcome in ('created', 'updated');

select n, outcome from incoming_order;
"""

_EVENTS = """
with stored as (
    insert into recommendations_event (tenant_id, id, occurred_at, kind, customer_external_id, session_id,
        product_external_id, quantity, value, currency, order_external_id, recommendation_id, placement,
        properties, is_demo)
    select %(tenant)s, id, occurred_at, kind, customer_external_id, session_id, product_external_id, quantity, value,
        currency, order_external_id, recommendation_id, placement, properties, %(is_demo)s
    from incoming_event
    on conflict do nothing
    returning id
)
select i.n, case when s.id is null then 'unchanged' else 'created' end
from incoming_event i left join stored s using (id)
"""
