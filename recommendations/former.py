"""Former states of imported rows: kept before a merge, compared after it, put back when the import is undone.

A row is known again by the digest of its content: it is put back or removed only while it still says
what the import wrote, so nothing that came later is lost.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import orjson
from django.db import connections

from tenants.models import Tenant

A_PART = 2000  # rows of one ImportPiece row

_STAGED = {
    "products": "select external_id from incoming_product",
    "customers": "select external_id from incoming_customer",
    "orders": "select external_id from incoming_order",
    "buyers": "select distinct customer from incoming_order where customer <> ''",
}
_TABLES = {
    "products": "recommendations_product",
    "customers": "recommendations_customer",
    "buyers": "recommendations_customer",
    "orders": "recommendations_order",
}
_STATES = {
    "products": "jsonb_build_object('title', r.title, 'description', r.description, 'url', r.url, 'image_url', "
    "r.image_url, 'price', r.price, 'currency', r.currency, 'categories', r.categories, 'brand', r.brand, 'tags', "
    "r.tags, 'attributes', r.attributes, 'stock', r.stock, 'is_published', r.is_published, 'source_updated_at', "
    "r.source_updated_at)",
    "customers": "jsonb_build_object('country', r.country, 'attributes', r.attributes, 'source_updated_at', "
    "r.source_updated_at)",
    "orders": "jsonb_build_object('customer', (select c.external_id from recommendations_customer c where "
    "c.tenant_id = r.tenant_id and c.id = r.customer_id), 'session_id', r.session_id, 'state', r.state, 'currency', "
    "r.currency, 'total', r.total, 'ordered_at', r.ordered_at, 'source_updated_at', r.source_updated_at, 'lines', "
    "(select jsonb_agg(jsonb_build_array(l.product_external_id, l.quantity, l.unit_price) order by l.position) "
    "from recommendations_orderline l where l.tenant_id = r.tenant_id and l.order_id = r.id))",
}
_STATES["buyers"] = _STATES["customers"]
_TEMPORARY = (
    "create temporary table if not exists incoming_former (kind text, external_id text, was jsonb) "
    "on commit delete rows; delete from incoming_former"
)


def _of(kind: str) -> list[str]:
    return [kind, "buyers"] if kind == "orders" else [kind]


def keep(tenant: Tenant, kind: str) -> None:
    """Before the merge: locks the stored rows that the staged ones would change and notes what they say."""
    if kind == "events":
        return  # a stored event is never changed
    with connections[tenant.alias].cursor() as cursor:
        cursor.execute(_TEMPORARY)
        for one in _of(kind):
            cursor.execute(
                f"insert into incoming_former select %s, r.external_id, {_STATES[one]} "
                f"from {_TABLES[one]} r where r.tenant_id = %s and r.external_id in ({_STAGED[one]}) "
                "order by r.external_id for update of r",
                [one, tenant.pk],
            )


def note(tenant: Tenant, kind: str, *, run: int, number: int, events: Iterable[str] = ()) -> None:
    """After the merge: writes what became of each row into the run's pieces. `events`: ids that were made."""
    with connections[tenant.alias].cursor() as cursor:
        if kind == "events":
            made = list(events)
            for part, start in enumerate(range(0, len(made), A_PART)):
                names = orjson.dumps(dict.fromkeys(made[start : start + A_PART], "")).decode()
                cursor.execute(
                    "insert into recommendations_importpiece (tenant_id, run_id, number, part, kind, made, changed) "
                    "values (%s, %s, %s, %s, 'events', %s::jsonb, '{}')",
                    [tenant.pk, run, number, part, names],
                )
            return
        for one in _of(kind):
            values = {"tenant": tenant.pk, "run": run, "number": number, "kind": one, "part": A_PART}
            cursor.execute(_note(one), values)


def _note(kind: str) -> str:
    return f"""
with present as (
    select r.external_id, {_STATES[kind]} as state, r.created_at >= now() as is_new
    from {_TABLES[kind]} r where r.tenant_id = %(tenant)s and r.external_id in ({_STAGED[kind]})
), differing as (
    select p.external_id, f.was, md5(p.state::text) as digest, p.is_new and f.was is null as made,
           (row_number() over (order by p.external_id) - 1) / %(part)s as part
    from present p left join incoming_former f on f.kind = %(kind)s and f.external_id = p.external_id
    where f.was is distinct from p.state
)
insert into recommendations_importpiece (tenant_id, run_id, number, part, kind, made, changed)
select %(tenant)s, %(run)s, %(number)s, part, %(kind)s,
    coalesce(jsonb_object_agg(external_id, digest) filter (where made), '{{}}'),
    coalesce(jsonb_object_agg(external_id, jsonb_build_array(digest, was)) filter (where not made), '{{}}')
from differing group by part
"""


def put_back(tenant: Tenant, piece: Any) -> tuple[Counter[str], set[str]]:
    """Takes one ImportPiece back: how many rows were removed, restored and left, and whose history changed.

    Left is what says something else by now. Inside a transaction.
    """
    values = {"tenant": tenant.pk, "piece": piece.pk}
    everybody: set[str] = set()
    with connections[tenant.alias].cursor() as cursor:
        if piece.kind == "orders":
            removed, restored, everybody = _orders_back(cursor, values)
        else:
            cursor.execute(_RESTORE[piece.kind], values) if piece.changed else None
            restored = cursor.rowcount if piece.changed else 0
            cursor.execute(_REMOVE[piece.kind], values)
            rows = cursor.fetchall()
            removed, everybody = len(rows), {row[0] for row in rows} if piece.kind == "events" else set()
    left = len(piece.made) + len(piece.changed) - removed - restored
    if piece.kind == "buyers":  # customers that an order named: made along the way, not rows of the file
        return Counter(), everybody
    return Counter(removed=removed, restored=restored, left=left), everybody - {""}


def _orders_back(cursor: Any, values: dict[str, Any]) -> tuple[int, int, set[str]]:
    cursor.execute(_FIND_ORDERS, values)
    cursor.execute(_RESTORE_ORDERS, values)
    cursor.execute("select count(*) filter (where was is null), count(*) filter (where was is not null) from undone")
    removed, restored = cursor.fetchone()
    cursor.execute("select distinct customer from undone where customer is not null")
    everybody = {row[0] for row in cursor.fetchall()}
    cursor.execute(_REMOVE_ORDERS, values)
    return removed, restored, everybody


_MINE = """
with mine as materialized (
    select e.key as external_id, e.value ->> 0 as digest, e.value -> 1 as was
    from recommendations_importpiece p, jsonb_each(p.changed) e where p.tenant_id = %(tenant)s and p.id = %(piece)s
      and e.value -> 1 <> 'null'
)
"""
_MADE = """
with mine as materialized (
    select e.key as external_id, e.value as digest from recommendations_importpiece p, jsonb_each_text(p.made) e
    where p.tenant_id = %(tenant)s and p.id = %(piece)s
)
"""
_RESTORE = {
    "products": f"""{_MINE}
update recommendations_product r set (title, description, url, image_url, price, currency, categories, brand, tags,
    attributes, stock, is_published, source_updated_at, updated_at) = (select w.title, w.description, w.url,
    w.image_url, w.price, w.currency, w.categories, w.brand, w.tags, w.attributes, w.stock, w.is_published,
    w.source_updated_at, now() from jsonb_populate_record(null::recommendations_product, mine.was) w)
from mine where r.tenant_id = %(tenant)s and r.external_id = mine.external_id
  and md5(({_STATES["products"]})::text) = mine.digest""",
    "customers": f"""{_MINE}
update recommendations_customer r set (country, attributes, source_updated_at, updated_at) =
    (select w.country, w.attributes, w.source_updated_at, now()
     from jsonb_populate_record(null::recommendations_customer, mine.was) w)
from mine where r.tenant_id = %(tenant)s and r.external_id = mine.external_id
  and md5(({_STATES["customers"]})::text) = mine.digest""",
}
_RESTORE["buyers"] = _RESTORE["customers"]
_REMOVE = {
    "products": f"""{_MADE}
delete from recommendations_product r using mine where r.tenant_id = %(tenant)s and r.external_id = mine.external_id
  and md5(({_STATES["products"]})::text) = mine.digest returning r.external_id""",
    # A customer with orders of other doors stays: the orders would lose their buyer.
    "customers": f"""{_MADE}
delete from recommendations_customer r using mine where r.tenant_id = %(tenant)s and r.external_id = mine.external_id
  and md5(({_STATES["customers"]})::text) = mine.digest
  and not exists (select 1 from recommendations_order o where o.tenant_id = %(tenant)s and o.customer_id = r.id)
returning r.external_id""",
    "events": f"""{_MADE}
delete from recommendations_event r using mine where r.tenant_id = %(tenant)s and r.id = mine.external_id::uuid
returning r.customer_external_id""",
}
_REMOVE["buyers"] = _REMOVE["customers"]
_FIND_ORDERS = f"""
create temporary table if not exists undone (order_id bigint, external_id text, customer text, was jsonb)
    on commit delete rows;
delete from undone;
insert into undone {_MINE}, made as materialized (
    select e.key as external_id, e.value as digest from recommendations_importpiece p, jsonb_each_text(p.made) e
    where p.tenant_id = %(tenant)s and p.id = %(piece)s
), every as materialized (
    select external_id, digest, was from mine union all select external_id, digest, null from made
)
select r.id, r.external_id, (select c.external_id from recommendations_customer c
                             where c.tenant_id = %(tenant)s and c.id = r.customer_id), every.was
from recommendations_order r join every using (external_id)
where r.tenant_id = %(tenant)s and md5(({_STATES["orders"]})::text) = every.digest
order by r.external_id for update of r
"""
_RESTORE_ORDERS = """
update recommendations_order r set (session_id, state, currency, total, ordered_at, source_updated_at, customer_id,
    updated_at) = (select w.session_id, w.state, w.currency, w.total, w.ordered_at, w.source_updated_at,
    (select c.id from recommendations_customer c where c.tenant_id = %(tenant)s
       and c.external_id = undone.was ->> 'customer'), now()
    from jsonb_populate_record(null::recommendations_order, undone.was) w)
from undone where r.tenant_id = %(tenant)s and r.id = undone.order_id and undone.was is not null;

delete from recommendations_orderline l using undone where l.tenant_id = %(tenant)s and l.order_id = undone.order_id;

insert into recommendations_orderline (tenant_id, order_id, position, product_external_id, quantity, unit_price)
select %(tenant)s, undone.order_id, line.place - 1, line.value ->> 0, (line.value ->> 1)::integer,
       (line.value ->> 2)::numeric
from undone, jsonb_array_elements(undone.was -> 'lines') with ordinality as line (value, place)
where undone.was is not null and jsonb_typeof(undone.was -> 'lines') = 'array';
"""
_REMOVE_ORDERS = """
delete from recommendations_attribution a using undone
where a.tenant_id = %(tenant)s and a.order_external_id = undone.external_id;
delete from recommendations_order r using undone
where r.tenant_id = %(tenant)s and r.id = undone.order_id and undone.was is null;
"""
