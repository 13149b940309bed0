"""A shop's order lines, events and catalogue as columns, through COPY and without the ORM."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.csv
from django.db import connections

from tenants.models import Tenant

# Rows.kind; 0 is a line of an order.
KINDS = {"order": 0, "purchase": 1, "cart": 2, "click": 3, "view": 4}
# What takes something back: out of the cart, not interested, a line of a refunded order.
REMOVE, HIDE, RETURN = 5, 6, 7


@dataclass(frozen=True)
class Rows:
    """Columns of equal length; shopper "" is a guest.

    session    "s:<id>" of the visit in which it happened, "" where none is known
    """

    shopper: pa.Array
    session: pa.Array
    product: pa.Array
    moment: np.ndarray
    kind: np.ndarray
    units: np.ndarray
    order: np.ndarray  # -1 where there is none

    def __len__(self) -> int:
        return len(self.moment)


# No joins in the database: just after a large import its statistics do not know the tables, and it
# would look up every line by itself.
_CUSTOMERS = "select id, external_id from recommendations_customer where tenant_id = %(tenant)s order by id"
_ORDERS = """
select id, coalesce(customer_id, 0), case when session_id <> '' then 's:' || session_id else '' end,
       extract(epoch from ordered_at)::bigint, is_countable::int
from recommendations_order
where tenant_id = %(tenant)s and (is_countable or state = 'refunded') and ordered_at < %(until)s order by id
"""
_LINES = """
select order_id, product_external_id, quantity
from recommendations_orderline where tenant_id = %(tenant)s and quantity > 0
"""

# A purchase that also arrived as an order is the order's to tell, whatever became of the order.
EVENTS = """
select e.customer_external_id, case when e.session_id <> '' then 's:' || e.session_id else '' end,
       e.product_external_id, extract(epoch from e.occurred_at)::bigint,
       case when e.kind = 'purchase' then greatest(e.quantity, 1) else 1 end,
       case e.kind when 'purchase' then 1 when 'cart' then 2 when 'click' then 3 when 'view' then 4
                   when 'remove' then 5 else 6 end
from recommendations_event e
where e.tenant_id = %(tenant)s and e.kind in ('purchase', 'cart', 'click', 'view', 'remove', 'hide')
  and e.product_external_id <> '' and e.occurred_at < %(until)s
  and not (e.kind = 'purchase' and e.order_external_id <> '' and e.order_external_id in (
    select o.external_id from recommendations_order o where o.tenant_id = %(tenant)s))
"""

PRODUCTS = """
select external_id, title, brand, coalesce(price::float8, 'NaN'), array_to_json(categories)::text,
       array_to_json(tags)::text
from recommendations_product where tenant_id = %(tenant)s
"""
_TEXT = pa.dictionary(pa.int32(), pa.string())
_LARGEST_BLOCK = 1 << 30


def lines(tenant: Tenant, until: datetime | None) -> Rows:
    """Lines of countable orders (kind "order") and of refunded ones (kind RETURN)."""
    customers = _copy(tenant, _CUSTOMERS, None, [pa.int64(), pa.string()])
    orders = _copy(tenant, _ORDERS, until, [pa.int64(), pa.int64(), _TEXT, pa.int64(), pa.uint8()])
    rows = _copy(tenant, _LINES, None, [pa.int64(), _TEXT, pa.int64()])
    of_order, order = rows[0].to_numpy(), orders[0].to_numpy()
    place = np.searchsorted(order, of_order)
    counts = np.append(order, -1)[place] == of_order
    place = place[counts]
    sessions = _text(orders[2])
    return Rows(
        shopper=_buyers(customers, orders, sessions).take(pa.array(place)),
        session=sessions.take(pa.array(place)),
        product=_text(rows[1]).filter(pa.array(counts)),
        moment=orders[3].to_numpy()[place],
        kind=np.where(orders[4].to_numpy() > 0, np.uint8(KINDS["order"]), np.uint8(RETURN))[place],
        units=rows[2].to_numpy()[counts].astype(np.float32),
        order=order[place],
    )


def _buyers(customers: pa.Table, orders: pa.Table, sessions: pa.Array) -> pa.Array:
    """Who placed each order: its customer, otherwise its session, otherwise "" for a guest."""
    who, known = orders[1].to_numpy(), customers[0].to_numpy()
    place = np.searchsorted(known, who)
    has_customer = np.append(known, -1)[place] == who
    names = customers[1].combine_chunks()
    return _either(has_customer, place, names, sessions)


def events(tenant: Tenant, until: datetime | None) -> Rows:
    table = _copy(tenant, EVENTS, until, [_TEXT, _TEXT, _TEXT, pa.int64(), pa.int64(), pa.uint8()])
    moments = table[3].to_numpy()
    customers, sessions = _text(table[0]), _text(table[1])
    place = customers.indices.to_numpy(zero_copy_only=False)
    named = np.array([name != "" for name in customers.dictionary.to_pylist()], np.bool_)
    is_customer = named[place] if len(place) else np.zeros(0, np.bool_)
    return Rows(
        shopper=_either(is_customer, place, customers.dictionary, sessions),
        session=sessions,
        product=_text(table[2]),
        moment=moments,
        kind=table[5].to_numpy(),
        units=table[4].to_numpy().astype(np.float32),
        order=np.full(len(moments), -1, np.int64),
    )


def _either(first: np.ndarray, place: np.ndarray, names: pa.Array, others: pa.Array) -> pa.Array:
    """`names[place]` where `first` holds, otherwise the entry of `others` (a dictionary array)."""
    code = others.indices.to_numpy(zero_copy_only=False) + len(names)
    joined = pa.concat_arrays([names, others.dictionary])
    return pa.DictionaryArray.from_arrays(pa.array(np.where(first, place, code).astype(np.int32)), joined)


def catalogue(tenant: Tenant) -> pa.Table:
    """id, title, brand, price (null where there is none), categories and tags (JSON lists)."""
    kinds = [pa.string(), pa.string(), pa.string(), pa.float64(), _TEXT, _TEXT]
    rows = _copy(tenant, PRODUCTS, None, kinds)
    return rows.rename_columns(["id", "title", "brand", "price", "categories", "tags"])


def _copy(tenant: Tenant, query: str, until: datetime | None, kinds: list[pa.DataType]) -> pa.Table:
    """The rows of a query as columns, through the transaction that sees this tenant's rows only."""
    sink = io.BytesIO()
    with connections[tenant.alias].cursor() as cursor:
        limits = {"tenant": tenant.pk, "until": until or "infinity"}
        text = cursor.cursor.mogrify(query, limits).decode()
        cursor.cursor.copy_expert(f"copy ({text}) to stdout (format csv)", sink)
    names = [str(number) for number in range(len(kinds))]
    size = sink.tell()
    if not size:
        return pa.table([pa.array([], kind) for kind in kinds], names=names)
    sink.seek(0)
    return pa.csv.read_csv(
        sink,
        # One block where it can be: the ids of several would have to be numbered once more together.
        read_options=pa.csv.ReadOptions(
            column_names=names, use_threads=False, block_size=min(size + 1, _LARGEST_BLOCK)
        ),
        parse_options=pa.csv.ParseOptions(newlines_in_values=True),
        convert_options=pa.csv.ConvertOptions(
            column_types=dict(zip(names, kinds, strict=True)), null_values=["NaN"], strings_can_be_null=False
        ),
    )


def _text(column: pa.ChunkedArray) -> pa.Array:
    return column.unify_dictionaries().combine_chunks()
