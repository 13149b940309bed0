"""A shop's order lines, events and catalogue as columns, through COPY and without the ORM."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from io import BufferedWriter

import numpy as np
from django.db import connections

from recommendations import wire
from recommendations.names import Names
from recommendations.wire import NUMBER, Field, Text
from tenants.models import Tenant

# Rows.kind; 0 is a line of an order.
KINDS = {"order": 0, "purchase": 1, "cart": 2, "click": 3, "view": 4}
# What takes something back: out of the cart, not interested, a line of a refunded order.
REMOVE, HIDE, RETURN = 5, 6, 7
_EVENTS = KINDS | {"remove": REMOVE, "hide": HIDE}

NOBODY = 0  # the number of the shopper ""
_SESSION = b"s:"


@dataclass(frozen=True)
class Numbering:
    """Where all that is read of a shop is numbered together.

    Shoppers are customers, and sessions with "s:" before them; "" is a guest. Words are everything else.
    """

    shoppers: Names = field(default_factory=Names)
    products: Names = field(default_factory=Names)
    words: Names = field(default_factory=Names)


@dataclass(frozen=True)
class Rows:
    """Columns of equal length; shoppers, sessions and products are numbers of a `Numbering`.

    session    the visit in which it happened, that of "" where none is known
    """

    shopper: np.ndarray
    session: np.ndarray
    product: np.ndarray
    moment: np.ndarray
    kind: np.ndarray
    units: np.ndarray
    order: np.ndarray  # -1 where there is none

    def __len__(self) -> int:
        return len(self.moment)


@dataclass(frozen=True)
class Catalogue:
    """A row per product; its number, and numbers of words and lists; prices are NaN where there is none."""

    product: np.ndarray
    title: np.ndarray
    brand: np.ndarray
    price: np.ndarray
    categories: np.ndarray  # of JSON lists, as are the tags
    tags: np.ndarray


# No joins in the database: just after a large import its statistics do not know the tables, and it
# would look up every line by itself. Moments and kinds as they are stored: the server is slower at changing them.
_CUSTOMERS = "select id, external_id from recommendations_customer where tenant_id = %(tenant)s order by id"
_ORDERS = """
select id, coalesce(customer_id, 0), session_id, ordered_at, is_countable
from recommendations_order
where tenant_id = %(tenant)s and (is_countable or state = 'refunded') and ordered_at < %(until)s order by id
"""
_LINES = """
select order_id, product_external_id, quantity
from recommendations_orderline where tenant_id = %(tenant)s and quantity > 0
"""

# A purchase that also arrived as an order is the order's to tell, whatever became of the order.
EVENTS = """
select e.customer_external_id, e.session_id, e.product_external_id, e.kind, e.occurred_at, e.quantity
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
def lines(tenant: Tenant, until: datetime | None, names: Numbering) -> Rows:
    """Lines of countable orders (kind "order") and of refunded ones (kind RETURN)."""
    customers, customer = _copy(tenant, _CUSTOMERS, None, [NUMBER, Text(names.shoppers)])
    orders, who, session, moment, countable = _copy(
        tenant, _ORDERS, until, [NUMBER, NUMBER, Text(names.shoppers, _SESSION), NUMBER, NUMBER])
    order, product, units = _copy(tenant, _LINES, None, [NUMBER, Text(names.products), NUMBER])
    place = np.searchsorted(orders, order)
    counts = np.append(orders, -1)[place] == order
    place = place[counts]
    return Rows(
        shopper=_buyers(customers, customer, who, session)[place],
        session=session[place],
        product=product[counts],
        moment=wire.seconds(moment)[place],
        kind=np.where(countable > 0, np.uint8(KINDS["order"]), np.uint8(RETURN))[place],
        units=units[counts].astype(np.float32),
        order=orders[place],
    )


def _buyers(customers: np.ndarray, names: np.ndarray, who: np.ndarray, session: np.ndarray) -> np.ndarray:
    """Who placed each order: its customer, otherwise its session, otherwise "" for a guest."""
    place = np.searchsorted(customers, who)
    is_customer = np.append(customers, -1)[place] == who
    return np.where(is_customer, np.append(names, -1)[place], session).astype(np.int32)


def events(tenant: Tenant, until: datetime | None, names: Numbering) -> Rows:
    shopper, visit, what = Text(names.shoppers), Text(names.shoppers, _SESSION), Text(names.products)
    customer, session, product, kinds, moment, units = _copy(
        tenant, EVENTS, until, [shopper, visit, what, Text(names.words), NUMBER, NUMBER])
    kind = _kinds(kinds, names.words)
    return Rows(
        shopper=np.where(customer == NOBODY, session, customer),
        session=session,
        product=product,
        moment=wire.seconds(moment),
        kind=kind,
        units=np.where(kind == KINDS["purchase"], np.maximum(units, 1), 1).astype(np.float32),
        order=np.full(len(moment), -1, np.int64),
    )


def _kinds(kinds: np.ndarray, names: Names) -> np.ndarray:
    met = np.flatnonzero(names.marked(kinds))
    codes = np.zeros(len(names), np.uint8)
    codes[met] = [_EVENTS[str(kind)] for kind in names.texts(met)]
    return codes[kinds]


def catalogue(tenant: Tenant, names: Numbering) -> Catalogue:
    word = Text(names.words)
    product, title, brand, price, categories, tags = _copy(
        tenant, PRODUCTS, None, [Text(names.products), word, word, NUMBER, word, word])
    return Catalogue(product, title, brand, price.view(np.float64), categories, tags)


def _copy(
    tenant: Tenant, query: str, until: datetime | None, fields: list[Field]
) -> list[np.ndarray]:
    """A query's fields as columns, through the transaction that sees this tenant's rows only."""
    with closing(wire.Columns(fields)) as columns, connections[tenant.alias].cursor() as cursor:
        text = cursor.cursor.mogrify(query, {"tenant": tenant.pk, "until": until or "infinity"}).decode()
        sink = BufferedWriter(columns, wire.BLOCK)
        cursor.cursor.copy_expert(f"copy ({text}) to stdout (format binary)", sink)
        sink.flush()
        return columns.finish()
