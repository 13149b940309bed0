"""The statement that counts an experiment: fixed text, every value is a parameter."""

_ID = "recommendation_id"
_OURS = f"{_ID} ~ '^rec_[0-9a-f]{{32}}$'"
_MOMENT = f"to_timestamp(('x' || substr({_ID}, 5, 12))::bit(48)::bigint / 1000.0)"
_TRIAL = f"('x' || substr({_ID}, 25, 4))::bit(16)::integer"  # recommendations/identity.py
# A holdout takes in every list of its time: who is in another experiment is not held out.
_MINE = f"(case when %(holdout)s then {_TRIAL} > 1 else {_TRIAL} >> 1 = %(number)s end)"
_ARM = f"case when {_TRIAL} >> 1 = %(number)s and {_TRIAL} & 1 = 1 then 'B' else 'A' end"
_DAY = "(at at time zone %(zone)s)::date"
_SUMS = (
    "subjects", "crossed", "impressions", "impressions_squared", "clicks", "clicks_squared", "clicks_impressions",
    "clickers", "carts", "carts_squared", "orders", "orders_squared", "buyers", "revenue", "revenue_squared",
    "before_orders", "before_orders_squared", "before_orders_orders", "before_revenue", "before_revenue_squared",
    "before_revenue_revenue",
)

# Lists shown, by whom they were seen: the customer, else who signs in in that session, else the session.
_SEEN = f"""
with seen_raw as materialized (
    select occurred_at as at, customer_external_id as customer, session_id as session, placement, {_ID}, {_ARM} as arm
    from recommendations_event
    where tenant_id = %(tenant)s and kind = 'impression' and occurred_at >= %(since)s and occurred_at < %(until)s
      and {_OURS} and (customer_external_id <> '' or session_id <> '') and {_MINE} and {_MOMENT} >= %(answered)s
), signed as materialized (
    select distinct on (session) session, customer from (
        select session_id as session, customer_external_id as customer, occurred_at as at from recommendations_event
        where tenant_id = %(tenant)s and occurred_at >= %(since)s and occurred_at < %(until)s
          and kind in ('impression', 'click', 'cart', 'purchase') and customer_external_id <> '' and session_id <> ''
        union all
        select o.session_id, c.external_id, o.ordered_at
        from recommendations_order o join recommendations_customer c
          on c.tenant_id = o.tenant_id and c.id = o.customer_id
        where o.tenant_id = %(tenant)s and o.session_id <> ''
          and o.ordered_at >= %(since)s and o.ordered_at < %(until)s
    ) both_known order by session, at
), seen as materialized (
    select at, {_DAY} as day, arm, placement, {_ID},
           case when r.customer <> '' then 'c:' || r.customer else coalesce('c:' || s.customer, 's:' || r.session) end
             as subject
    from seen_raw r left join signed s on r.customer = '' and s.session = r.session
), whole as materialized (
    select subject, min(at) as first, (array_agg(arm order by at))[1] as arm,
           (greatest(min(at) filter (where arm = 'A'), min(at) filter (where arm = 'B')) at time zone %(zone)s)::date
             as last_first, count(distinct arm) as arms
    from seen group by subject
), places as materialized (
    select placement from seen group by placement order by count(*) desc, placement limit %(places)s
)"""  # noqa: S608  (only constants of this module are put in)

# By segment, who is in it since when; `crossed` is the day on which a subject saw its second arm.
_EXPOSED = """
, exposed as materialized (
    select w.subject, g.segment, w.arm, w.first, (w.first at time zone %(zone)s)::date as day,
           case when w.arms > 1 then w.last_first end as crossed
    from whole w cross join lateral
         (values (''), (case when w.subject like 'c:%%' then 'shopper:customer' else 'shopper:guest' end)) g (segment)
    union all
    select w.subject, 'placement:' || s.placement, w.arm, min(s.at), (min(s.at) at time zone %(zone)s)::date,
           case when w.arms > 1 then w.last_first end
    from seen s join places p using (placement) join whole w using (subject)
    group by w.subject, s.placement, w.arm, w.arms, w.last_first
)"""

# What subjects did, each act as a row: (subject, placement or null, moment, …). A list counts once.
_ACTS = f"""
, lists as materialized (
    select subject, placement, {_ID}, min(at) as at from seen group by 1, 2, 3
), clicked as (
    select l.subject, l.placement, min(e.occurred_at) as at
    from recommendations_event e join lists l on l.{_ID} = e.{_ID}
    where e.tenant_id = %(tenant)s and e.kind = 'click' and e.occurred_at >= %(since)s and e.occurred_at < %(until)s
    group by l.subject, l.placement, l.{_ID}
), bought as (
    select o.external_id as order_id, coalesce(c.external_id, '') as customer, o.session_id as session,
           o.ordered_at as at, o.currency, coalesce(sum(l.quantity * l.unit_price), 0) as amount
    from recommendations_order o
    left join recommendations_orderline l on l.tenant_id = o.tenant_id and l.order_id = o.id
    left join recommendations_customer c on c.tenant_id = o.tenant_id and c.id = o.customer_id
    where o.tenant_id = %(tenant)s and o.is_countable and o.ordered_at >= %(before)s and o.ordered_at < %(until)s
    group by o.external_id, c.external_id, o.session_id, o.ordered_at, o.currency
), told as (
    select coalesce(nullif(order_external_id, ''),
                    'event:' || md5(customer_external_id || '|' || session_id || '|' || occurred_at::text)) as order_id,
           max(customer_external_id) as customer, max(session_id) as session, min(occurred_at) as at,
           coalesce(nullif(max(currency), ''), %(currency)s) as currency,
           sum(quantity * coalesce(value, 0)) as amount
    from recommendations_event
    where tenant_id = %(tenant)s and kind = 'purchase' and occurred_at >= %(before)s and occurred_at < %(until)s
    group by 1
), purchases as materialized (
    select case when p.customer <> '' then 'c:' || p.customer
                else coalesce('c:' || s.customer, 's:' || p.session) end as subject,
           p.at, case when p.currency = %(currency)s then p.amount else 0 end as amount
    from (
        select * from bought
        union all
        select * from told where not exists (
            select 1 from recommendations_order o where o.tenant_id = %(tenant)s and o.external_id = told.order_id)
    ) p left join signed s on p.customer = '' and s.session = p.session
), earlier as materialized (
    select subject, count(*) as orders, sum(amount) as revenue
    from purchases where at < %(since)s and subject like 'c:%%' group by subject
), carts as (
    select case when e.customer_external_id <> '' then 'c:' || e.customer_external_id
                else coalesce('c:' || s.customer, 's:' || e.session_id) end as subject, e.occurred_at as at
    from recommendations_event e left join signed s on e.customer_external_id = '' and s.session = e.session_id
    where e.tenant_id = %(tenant)s and e.kind = 'cart' and e.occurred_at >= %(since)s and e.occurred_at < %(until)s
), acts as (
    select subject, placement, at, 1 as impressions, 0 as clicks, 0 as carts, 0 as orders, 0::numeric as revenue
    from lists
    union all select subject, placement, at, 0, 1, 0, 0, 0 from clicked
    union all select subject, null, at, 0, 0, 1, 0, 0 from carts
    union all select subject, null, at, 0, 0, 0, 1, amount from purchases where at >= %(since)s
)"""  # noqa: S608  (only constants of this module are put in)

# A sum of squares grows on a day by new² - old² of those who did something; who crosses takes all of theirs
# out again. So no row is needed for a subject on a day without an act.
_DELTAS = f"""
, daily as (
    select e.segment, e.subject, e.arm, {_DAY.replace("at at", "a.at at")} as day, sum(a.impressions) as i,
           sum(a.clicks) as c, sum(a.carts) as k, sum(a.orders) as o, sum(a.revenue) as r
    from exposed e join acts a on a.subject = e.subject and a.at >= e.first
     and (a.placement is null or e.segment not like 'placement:%%' or e.segment = 'placement:' || a.placement)
    where e.crossed is null or {_DAY.replace("at at", "a.at at")} < e.crossed
    group by 1, 2, 3, 4
), added as (
    select *, sum(i) over w as si, sum(c) over w as sc, sum(k) over w as sk, sum(o) over w as so, sum(r) over w as sr
    from daily window w as (partition by segment, subject order by day)
), grown as (
    select a.segment, a.arm, a.day, a.subject, 0 as subjects, 0 as crossed, i as impressions,
           si * si - (si - i) * (si - i) as impressions_squared, c as clicks,
           sc * sc - (sc - c) * (sc - c) as clicks_squared,
           sc * si - (sc - c) * (si - i) as clicks_impressions, (sc > 0 and sc = c)::int as clickers,
           k as carts, sk * sk - (sk - k) * (sk - k) as carts_squared,
           o as orders, so * so - (so - o) * (so - o) as orders_squared, (so > 0 and so = o)::int as buyers,
           r as revenue, sr * sr - (sr - r) * (sr - r) as revenue_squared,
           0::numeric as before_orders, 0::numeric as before_orders_squared,
           coalesce(b.orders, 0) * o as before_orders_orders, 0::numeric as before_revenue,
           0::numeric as before_revenue_squared, coalesce(b.revenue, 0) * r as before_revenue_revenue
    from added a left join earlier b using (subject)
    union all
    select e.segment, e.arm, e.day, e.subject, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
           coalesce(b.orders, 0), coalesce(b.orders, 0) * coalesce(b.orders, 0), 0,
           coalesce(b.revenue, 0), coalesce(b.revenue, 0) * coalesce(b.revenue, 0), 0
    from exposed e left join earlier b using (subject)
    where e.crossed is null or e.day < e.crossed
), moved as (
    select segment, arm, day, {", ".join(_SUMS)} from grown
    union all
    select g.segment, g.arm, e.crossed, {", ".join(f"-g.{name}" for name in _SUMS)}
    from grown g join exposed e on e.subject = g.subject and e.segment = g.segment where e.crossed is not null
    union all
    select segment, arm, greatest(crossed, day), 0, 1, {", ".join("0" for _ in _SUMS[2:])}
    from exposed where crossed is not null
)"""  # noqa: S608  (only constants of this module are put in)

_GRID = f"""
, grid as (
    select g.segment, a.arm, d::date as day
    from (select distinct segment from exposed union select '') g, (values ('A'), ('B')) a (arm),
         generate_series(%(first)s::date, %(last)s::date, interval '1 day') d
), changes as (
    select segment, arm, day, {", ".join(f"sum({name}) as {name}" for name in _SUMS)} from moved group by 1, 2, 3
)
insert into modelregistry_experimentday (tenant_id, experiment_id, phase, arm, segment, day, {", ".join(_SUMS)},
    updated_at)
select %(tenant)s, %(experiment)s, %(phase)s, arm, segment, day,
    {", ".join(f"coalesce(sum({name}) over w, 0)" for name in _SUMS)}, statement_timestamp()
from grid left join changes using (segment, arm, day)
window w as (partition by segment, arm order by day)
"""  # noqa: S608  (only constants of this module are put in)

COUNT = _SEEN + _EXPOSED + _ACTS + _DELTAS + _GRID

# Running ones, and those that ended lately: what comes late belongs to them too.
DUE = """
select distinct tenant_id from modelregistry_experiment
where state = 'running' or ended_at > now() - interval '2 days'
"""

NEWS = """
select exists (select 1 from recommendations_event where tenant_id = %(tenant)s and received_at > %(after)s)
    or exists (select 1 from recommendations_order where tenant_id = %(tenant)s and updated_at > %(after)s)
"""
