"""The statements of the roll-up: fixed text, every value is a parameter."""

# The version is eight hexadecimal digits of the id (see recommendations/identity.py). Ids that are
# not ours, or name a version that cannot be, are left out.
_OURS = "recommendation_id ~ '^rec_[0-9a-f]{32}$'"
_VERSION = "('x' || substr(recommendation_id, 17, 8))::bit(32)::bigint"
_LARGEST = 2_147_483_647

# A touch is what leads from a list to a purchase: a click on a product of it, or its being put into the
# cart straight from the list. The last touch before the order earns it.
_TOUCH = "kind in ('click', 'cart')"

# Which days what arrived after a moment belongs to. A touch touches the days on which it can earn.
TOUCHED_DAYS = f"""
(with news as (
    select kind, occurred_at from recommendations_event
    where tenant_id = %(tenant)s and received_at > %(after)s and kind in ('impression', 'click', 'cart', 'purchase')
), changed as (
    select external_id, ordered_at from recommendations_order
    where tenant_id = %(tenant)s and updated_at > %(after)s
)
select (occurred_at at time zone %(zone)s)::date from news
union select generate_series(
    (occurred_at at time zone %(zone)s)::date, ((occurred_at + %(window)s) at time zone %(zone)s)::date, '1 day'
)::date from news where {_TOUCH}
union select (ordered_at at time zone %(zone)s)::date from changed
union select (a.ordered_at at time zone %(zone)s)::date from recommendations_attribution a
    join changed c on c.external_id = a.order_external_id where a.tenant_id = %(tenant)s)
"""  # noqa: S608  (only constants of this module are put in)

DAYS_SINCE = """
(select distinct (occurred_at at time zone %(zone)s)::date from recommendations_event
    where tenant_id = %(tenant)s and occurred_at >= %(since)s and kind in ('impression', 'click', 'cart', 'purchase')
union select (ordered_at at time zone %(zone)s)::date from recommendations_order
    where tenant_id = %(tenant)s and ordered_at >= %(since)s
union select (ordered_at at time zone %(zone)s)::date from recommendations_attribution
    where tenant_id = %(tenant)s and ordered_at >= %(since)s
union select day from modelregistry_dailyperformance
    where tenant_id = %(tenant)s and day >= (%(since)s at time zone %(zone)s)::date)
"""

# The first roll-up: nothing happened to recommendations on a day without such an event.
ALL_DAYS = f"""
with acts as (
    select kind, occurred_at from recommendations_event
    where tenant_id = %(tenant)s and kind in ('impression', 'click', 'cart', 'purchase')
)
select distinct (occurred_at at time zone %(zone)s)::date from acts
union select generate_series(
    (occurred_at at time zone %(zone)s)::date, ((occurred_at + %(window)s) at time zone %(zone)s)::date, '1 day'
)::date from acts where {_TOUCH}
"""  # noqa: S608  (only constants of this module are put in)

FORGET = """
delete from recommendations_attribution a where a.tenant_id = %(tenant)s and (
    (a.ordered_at >= %(first)s and a.ordered_at < %(end)s
     and (a.ordered_at at time zone %(zone)s)::date = any(%(days)s))
    or (%(after)s::timestamptz is not null and a.order_external_id in (
        select external_id from recommendations_order where tenant_id = %(tenant)s and updated_at > %(after)s)))
"""

# Purchases without an order id are told apart by shopper and moment. A purchase event counts only
# while there is no order row of that id: the order knows about refunds, the event does not.
ATTRIBUTE = f"""
with bought as (
    select o.external_id as order_id, l.product_external_id as product, coalesce(c.external_id, '') as customer,
           o.session_id as session, sum(l.quantity * l.unit_price) as amount, o.currency, o.ordered_at, o.is_demo
    from recommendations_order o
    join recommendations_orderline l on l.tenant_id = o.tenant_id and l.order_id = o.id
    left join recommendations_customer c on c.tenant_id = o.tenant_id and c.id = o.customer_id
    where o.tenant_id = %(tenant)s and o.is_countable and o.ordered_at >= %(first)s and o.ordered_at < %(end)s
      and (o.ordered_at at time zone %(zone)s)::date = any(%(days)s)
    group by o.external_id, l.product_external_id, c.external_id, o.session_id, o.currency, o.ordered_at, o.is_demo
), told as (
    select coalesce(nullif(order_external_id, ''),
                    'event:' || md5(customer_external_id || '|' || session_id || '|' || occurred_at::text)) as order_id,
           product_external_id as product, customer_external_id as customer, session_id as session,
           quantity * coalesce(value, 0) as amount, coalesce(nullif(currency, ''), %(currency)s) as currency,
           occurred_at as ordered_at, is_demo
    from recommendations_event
    where tenant_id = %(tenant)s and kind = 'purchase' and product_external_id <> ''
      and occurred_at >= %(first)s and occurred_at < %(end)s
      and (occurred_at at time zone %(zone)s)::date = any(%(days)s)
), purchases as (
    select * from bought
    union all
    select distinct on (order_id, product) *
    from told where not exists (
        select 1 from recommendations_order o where o.tenant_id = %(tenant)s and o.external_id = told.order_id)
    order by order_id, product, ordered_at
), clicks as (
    select product_external_id as product, customer_external_id as customer, session_id as session,
           recommendation_id, placement, occurred_at, {_VERSION} as version
    from recommendations_event
    where tenant_id = %(tenant)s and {_TOUCH} and product_external_id <> '' and {_OURS}
      and occurred_at >= %(first)s - %(window)s and occurred_at < %(end)s
), pairs as (
    select p.*, c.recommendation_id, c.placement, c.version, c.occurred_at as clicked_at
    from purchases p join clicks c on c.product = p.product and c.customer = p.customer
    where p.customer <> '' and c.occurred_at <= p.ordered_at and c.occurred_at >= p.ordered_at - %(window)s
    union all
    select p.*, c.recommendation_id, c.placement, c.version, c.occurred_at
    from purchases p join clicks c on c.product = p.product and c.session = p.session
    where p.session <> '' and c.occurred_at <= p.ordered_at and c.occurred_at >= p.ordered_at - %(window)s
)
insert into recommendations_attribution
    (tenant_id, order_external_id, product_external_id, recommendation_id, version, placement,
     amount, currency, clicked_at, ordered_at, is_demo)
select distinct on (order_id, product) %(tenant)s, order_id, product, recommendation_id, version, placement,
       amount, currency, clicked_at, ordered_at, is_demo
from pairs where version <= {_LARGEST} order by order_id, product, clicked_at desc, recommendation_id
on conflict (tenant_id, order_external_id, product_external_id) do nothing returning 1
"""  # noqa: S608  (only constants of this module are put in)

# Lists shown, clicked and put into the cart stand in the row of the shop's own currency; money in that of
# the order. A cart event that names no list of ours belongs to the last click on its product before it.
FIGURES = f"""
with clicks as (
    select product_external_id as product, customer_external_id as customer, session_id as session,
           recommendation_id, placement, occurred_at, {_VERSION} as version
    from recommendations_event
    where tenant_id = %(tenant)s and kind = 'click' and product_external_id <> '' and {_OURS}
      and occurred_at >= %(first)s - %(window)s and occurred_at < %(end)s
), put as (
    select id, product_external_id as product, customer_external_id as customer, session_id as session,
           recommendation_id, placement, occurred_at, {_OURS} as is_ours,
           (occurred_at at time zone %(zone)s)::date as day
    from recommendations_event
    where tenant_id = %(tenant)s and kind = 'cart' and occurred_at >= %(first)s and occurred_at < %(end)s
      and (occurred_at at time zone %(zone)s)::date = any(%(days)s)
), led as (
    select p.id, p.day, c.recommendation_id, c.placement, c.version, c.occurred_at
    from put p join clicks c on c.product = p.product and c.customer = p.customer
    where not p.is_ours and p.customer <> '' and c.occurred_at between p.occurred_at - %(window)s and p.occurred_at
    union all
    select p.id, p.day, c.recommendation_id, c.placement, c.version, c.occurred_at
    from put p join clicks c on c.product = p.product and c.session = p.session
    where not p.is_ours and p.session <> '' and c.occurred_at between p.occurred_at - %(window)s and p.occurred_at
), carts as (
    select day, {_VERSION} as version, placement, recommendation_id from put where is_ours
    union
    select day, version, placement, recommendation_id from (
        select distinct on (id) * from led order by id, occurred_at desc, recommendation_id) last_touch
), lists as (
    select (occurred_at at time zone %(zone)s)::date as day, {_VERSION} as version, placement,
           recommendation_id, kind
    from recommendations_event
    where tenant_id = %(tenant)s and kind in ('impression', 'click') and {_OURS}
      and occurred_at >= %(first)s and occurred_at < %(end)s
      and (occurred_at at time zone %(zone)s)::date = any(%(days)s)
), parts as (
    select day, version, placement, %(currency)s::varchar as currency,
           count(distinct recommendation_id) filter (where kind = 'impression') as impressions,
           count(distinct recommendation_id) filter (where kind = 'click') as clicks, 0 as carts, 0 as bought,
           0 as orders, 0 as revenue
    from lists where version <= {_LARGEST} group by 1, 2, 3
    union all
    select day, version, placement, %(currency)s, 0, 0, count(distinct recommendation_id), 0, 0, 0
    from carts where version <= {_LARGEST} group by 1, 2, 3
    union all
    select (ordered_at at time zone %(zone)s)::date, coalesce(version, 0), placement, currency, 0, 0, 0,
           count(distinct recommendation_id), count(distinct order_external_id), sum(amount)
    from recommendations_attribution
    where tenant_id = %(tenant)s and ordered_at >= %(first)s and ordered_at < %(end)s
      and (ordered_at at time zone %(zone)s)::date = any(%(days)s)
    group by 1, 2, 3, 4
)
select day, version::bigint, placement, currency, sum(impressions)::bigint, sum(clicks)::bigint, sum(carts)::bigint,
       sum(bought)::bigint, sum(orders)::bigint, sum(revenue)::numeric(16, 2)
from parts group by 1, 2, 3, 4
"""  # noqa: S608  (only constants of this module are put in)

TENANTS_WITH_NEWS = """
select t.id from tenants_tenant t, lateral (
    select coalesce(max(arrived_until) - interval '2 minutes', '-infinity') as since, max(window_hours) as window_hours
    from recommendations_rollup where tenant_id = t.id
) r
where t.state <> 'closed' and (
    r.window_hours <> t.attribution_hours
    or exists (select 1 from recommendations_event e
            where e.tenant_id = t.id
              and e.received_at > r.since)
    or exists (select 1 from recommendations_order o
               where o.tenant_id = t.id and o.updated_at > r.since))
order by t.id
"""

EARNED = """
select currency, sum(amount) from recommendations_attribution
where tenant_id = %(tenant)s and ordered_at >= %(first)s and ordered_at < %(end)s group by currency
"""

# An order that two lists share is one order; a list that two orders followed is one list.
ATTRIBUTED_ORDERS = """
select count(distinct order_external_id), count(distinct recommendation_id) from recommendations_attribution
where tenant_id = %(tenant)s and ordered_at >= %(first)s and ordered_at < %(end)s
"""
