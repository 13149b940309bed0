"""The kinds of fault in a shop's data: how each is seen, what it does to recommendations, how it is mended."""

from dataclasses import dataclass

# No look reads more than this, so a shop of a million orders costs no more than one of these.
BOUNDS = {"products": 100_000, "orders": 10_000, "events": 20_000, "days": 30}
LOW, MEDIUM, HIGH = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault. `rows` is a statement that gives (n, label, ref) of what is wrong, n adding up to
    the count and ref naming a product or order as `of` says; `page` is the panel page of the repair.
    """

    code: str
    title: str
    severity: int
    unit: str
    effect: str
    repair: str
    page: str
    rows: str
    of: str = ""


_PRODUCTS = """
(select title, external_id, price, image_url, categories, is_published and (stock is null or stock > 0) as for_sale
 from recommendations_product where tenant_id = %(tenant)s limit %(products)s) p
"""
_ORDERS = """
(select id, external_id, state, currency, ordered_at, is_countable from recommendations_order
 where tenant_id = %(tenant)s and state <> 'test' order by ordered_at desc limit %(orders)s) o
"""
_EVENTS = """
(select kind, product_external_id, customer_external_id from recommendations_event
 where tenant_id = %(tenant)s and occurred_at > now() - make_interval(days => %(days)s)
 order by occurred_at desc limit %(events)s) x
"""
# Neither in the catalogue nor taken out of it: a product that was deleted was known once.
_UNKNOWN = """
not exists (select 1 from recommendations_product p
            where p.tenant_id = %(tenant)s and p.external_id = x.product_external_id)
and not exists (select 1 from recommendations_tombstone t
                where t.tenant_id = %(tenant)s and t.kind = 'product' and t.external_id = x.product_external_id)
"""

# ruff: noqa: S608  (statements of fixed text; what differs between shops are parameters)
KINDS: tuple[Kind, ...] = (
    Kind(
        "orders-without-products", "Orders without products", HIGH, "order,orders",
        "They name nobody's taste and cannot be attributed to a list.",
        "Send these orders again with their lines.", "imports",
        f"select 1 as n, o.external_id as label, o.external_id as ref from {_ORDERS} where not exists "
        "(select 1 from recommendations_orderline l where l.tenant_id = %(tenant)s and l.order_id = o.id)",
        "order",
    ),
    Kind(
        "ordered-unknown", "Orders name products that are not in the catalogue", HIGH, "order line,order lines",
        "What was bought is learnt, but a product that we do not know can never be shown.",
        "Send the missing products, with the ids that your orders use.", "imports",
        f"select count(*) as n, x.product_external_id as label, max(o.external_id) as ref from {_ORDERS} "
        "join recommendations_orderline x on x.tenant_id = %(tenant)s and x.order_id = o.id "
        f"where {_UNKNOWN} group by x.product_external_id",
        "order",
    ),
    Kind(
        "no-price", "Products for sale without a price, or at zero", HIGH, "product,products",
        "Shoppers see them without a price, and revenue from them counts as nothing.",
        "Send these products with their price.", "imports",
        f"select 1 as n, title as label, external_id as ref from {_PRODUCTS} "
        "where for_sale and (price is null or price <= 0)",
        "product",
    ),
    Kind(
        "no-image", "Products for sale without a picture", MEDIUM, "product,products",
        "They appear in lists as an empty frame, which few shoppers click.",
        "Send these products with the address of a picture.", "imports",
        f"select 1 as n, title as label, external_id as ref from {_PRODUCTS} where for_sale and image_url = ''",
        "product",
    ),
    Kind(
        "no-category", "Products for sale without a category", LOW, "product,products",
        "Likeness leans on categories: until they are bought, these products are hardly ever found alike.",
        "Send these products with their categories.", "imports",
        f"select 1 as n, title as label, external_id as ref from {_PRODUCTS} "
        "where for_sale and cardinality(categories) = 0",
        "product",
    ),
    Kind(
        "same-title", "Products for sale with the same title", LOW, "product,products",
        "Variants sent as products of their own split what is learnt, and a list shows the same thing twice.",
        "Send one product for all variants, or give them titles that differ.", "catalogue",
        f"select count(*) as n, min(title) as label, min(external_id) as ref from {_PRODUCTS} "
        "where for_sale group by lower(title) having count(*) > 1",
        "product",
    ),
    Kind(
        "mostly-off-sale", "Most of the catalogue is not for sale", HIGH, "product,products",
        "Only products that are published and in stock are shown; lists are drawn from the few that are left.",
        "Look whether stock and publication are sent rightly.", "catalogue",
        f"select count(*) filter (where not for_sale) as n, '' as label, '' as ref from {_PRODUCTS} "
        "having count(*) >= 10 and count(*) filter (where for_sale) * 2 < count(*)",
    ),
    Kind(
        "catalogue-loss", "Products for sale have suddenly become fewer", HIGH, "product fewer,products fewer",
        "What is gone from sale is gone from every list, also if it was taken away by mistake.",
        "Look at the last import; it can be undone for 30 days.", "imports",
        f"select highest - now as n, '' as label, '' as ref from (select count(*) filter (where for_sale) as now "
        f"from {_PRODUCTS}) today, (select max(for_sale) as highest from (select for_sale "
        "from recommendations_catalogueday where tenant_id = %(tenant)s order by day desc limit 7) d) days "
        "where highest >= 10 and now < 0.8 * highest",
    ),
    Kind(
        "seen-unknown", "Events name products that are not in the catalogue", MEDIUM, "event,events",
        "Such a view or cart says nothing: there is no product to be shown because of it.",
        "Let the script send the ids of your catalogue, or send the missing products.", "imports",
        f"select count(*) as n, x.product_external_id as label, '' as ref from {_EVENTS} "
        f"where x.product_external_id <> '' and {_UNKNOWN} group by x.product_external_id",
    ),
    Kind(
        "seen-strangers", "Events name customers that were never sent", LOW, "customer,customers",
        "If events call a customer by another id than orders do, what they looked at never meets what they bought.",
        "Send your customers, and use one id for each everywhere.", "customers",
        # No examples: a person's id is kept in as few places as can be.
        "select count(*) filter (where not known) as n, '' as label, '' as ref from (select exists (select 1 "
        "from recommendations_customer c where c.tenant_id = %(tenant)s and c.external_id = s.id) as known "
        f"from (select distinct customer_external_id as id from {_EVENTS} where customer_external_id <> '') s) k "
        "having count(*) filter (where not known) >= 20 and count(*) filter (where not known) * 5 > count(*)",
    ),
    Kind(
        "mixed-currencies", "Orders in more than one currency", LOW, "order,orders",
        "Amounts of different currencies are never added up: revenue shows those in your shop's currency alone.",
        "If this is not meant, send these orders again in one currency.", "orders",
        f"select 1 as n, o.external_id as label, o.external_id as ref from {_ORDERS} where o.is_countable and "
        f"o.currency <> (select mode() within group (order by o.currency) from {_ORDERS} where o.is_countable)",
        "order",
    ),
    Kind(
        "odd-dates", "Orders dated before 2000 or after tomorrow", MEDIUM, "order,orders",
        "The newest orders weigh most: a wrong date makes old taste look new, or hides what was bought today.",
        "Look how the date is written in your export, and send these orders again.", "imports",
        "select 1 as n, external_id as label, external_id as ref from (select external_id from recommendations_order "
        "where tenant_id = %(tenant)s and state <> 'test' and (ordered_at < timestamptz '2000-01-01 00:00Z' "
        "or ordered_at > now() + interval '1 day') limit %(orders)s) o",
        "order",
    ),
    Kind(
        "events-stopped", "Events have stopped", HIGH, "hour of silence,hours of silence",
        "Lists no longer follow the visit, and clicks on them are not counted.",
        "Look whether the script is still on your pages and its key still works.", "readiness",
        # Quiet for eight times the usual gap of the seven days before the last event, and two hours at least.
        "select extract(epoch from now() - at)::bigint / 3600 as n, '' as label, '' as ref "
        "from (select max(occurred_at) as at from recommendations_event "
        "where tenant_id = %(tenant)s and occurred_at <= now()) newest, lateral (select count(*) as n from (select 1 "
        "from recommendations_event where tenant_id = %(tenant)s and occurred_at <= at "
        "and occurred_at > at - interval '7 days' limit %(events)s) b) before "
        "where before.n >= 20 and now() - at > greatest(8 * interval '7 days' / before.n, interval '2 hours')",
    ),
    Kind(
        "purchases-without-orders", "Purchases come as events and never as orders", MEDIUM, "purchase,purchases",
        "Only orders count towards personal recommendations, and only they can be refunded.",
        "Connect your shop, so that its orders come by themselves.", "deliveries",
        f"select count(*) as n, '' as label, '' as ref from {_EVENTS} where kind = 'purchase' "
        "and not exists (select 1 from recommendations_order where tenant_id = %(tenant)s "
        "and ordered_at > now() - make_interval(days => %(days)s)) having count(*) >= 5",
    ),
    Kind(
        "refunds-jumped", "Many more orders than usual were refunded or cancelled", MEDIUM, "order,orders",
        "They count for nobody's taste; if their state is read wrongly, best sellers sink for no reason.",
        "Look at these orders, and at how your shop names their state.", "orders",
        f"""with o as (select external_id, state in ('refunded', 'cancelled') as back,
                   ordered_at > now() - interval '7 days' as new
                   from {_ORDERS} where ordered_at between now() - interval '35 days' and now())
        select 1 as n, external_id as label, external_id as ref from o where back and new and (
          select count(*) filter (where new) >= 20 and count(*) filter (where not new) >= 20
             and avg(back::int) filter (where new) > 0.1 + avg(back::int) filter (where not new)
             and avg(back::int) filter (where new) > 2 * avg(back::int) filter (where not new) from o)""",
        "order",
    ),
)
BY_CODE = {kind.code: kind for kind in KINDS}

# Up to five examples, of the largest first.
COUNTED = {
    kind.code: "select coalesce(sum(n), 0)::bigint, coalesce(json_agg(json_build_array(left(label, 200), ref) "
    "order by place) filter (where place <= 5 and label <> ''), '[]')::text "
    f"from (select n, label, ref, row_number() over (order by n desc, ref, label) as place from ({kind.rows}) r) ranked"
    for kind in KINDS
}
# Products and products for sale as they stand; the statement that keeps the highest of the day, and holds its row.
REMEMBER = f"""
insert into recommendations_catalogueday (tenant_id, day, products, for_sale, looked_at)
select %(tenant)s, (now() at time zone 'utc')::date, count(*), count(*) filter (where for_sale), now() from {_PRODUCTS}
on conflict (tenant_id, day) do update set looked_at = now(),
  products = greatest(recommendations_catalogueday.products, excluded.products),
  for_sale = greatest(recommendations_catalogueday.for_sale, excluded.for_sale)
"""
# Active shops where something came since the last look; and every six hours, because silence is no news.
TENANTS_TO_LOOK_AT = """
select t.id from tenants_tenant t
left join lateral (select looked_at from recommendations_catalogueday where tenant_id = t.id
                   order by day desc limit 1) d on true
where t.state = 'active' and (
  d.looked_at is null or d.looked_at < now() - interval '6 hours'
  or exists (select 1 from recommendations_product where tenant_id = t.id and updated_at > d.looked_at)
  or exists (select 1 from recommendations_order where tenant_id = t.id and updated_at > d.looked_at)
  or exists (select 1 from recommendations_event where tenant_id = t.id and received_at > d.looked_at)
  or exists (select 1 from recommendations_tombstone where tenant_id = t.id and deleted_at > d.looked_at))
order by t.id
"""
