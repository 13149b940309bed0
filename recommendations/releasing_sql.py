"""The statements of the watch over releases: fixed text, every value is a parameter."""

# A list's id holds its moment (12 hexadecimal digits of milliseconds) and its version (8): recommendations/identity.py.
_VERSION = "('x' || substr(recommendation_id, 17, 8))::bit(32)::bigint"
_MOMENT = "to_timestamp(('x' || substr(recommendation_id, 5, 12))::bit(48)::bigint / 1000.0)"

LISTS = """
with lists as (
    select at, seconds, products, coalesce((facts ->> 'fallback_used')::boolean, false) as fell_back
    from recommendations_servedlist
    where tenant_id = %(tenant)s and at >= %(since)s and at < %(until)s and version = %(version)s and not is_test
), newest as (select products from lists order by at desc limit %(many)s)
select count(*), count(*) filter (where fell_back), percentile_cont(0.95) within group (order by seconds),
       (select count(distinct product) from newest, unnest(products) product)
from lists
"""

TOUCHES = f"""
with touched as (
    select kind, recommendation_id from recommendations_event
    where tenant_id = %(tenant)s and occurred_at >= %(since)s and kind in ('impression', 'click')
      and recommendation_id ~ '^rec_[0-9a-f]{{32}}$'
      and {_VERSION} = %(version)s and {_MOMENT} >= %(since)s and {_MOMENT} < %(until)s
)
select (select count(distinct recommendation_id) from touched where kind = 'impression'),
       (select count(distinct recommendation_id) from touched where kind = 'click'),
       (select count(distinct recommendation_id) from recommendations_attribution
        where tenant_id = %(tenant)s and version = %(version)s and clicked_at >= %(since)s
          and clicked_at < %(until)s)
"""  # noqa: S608  (only constants of this module are put in)

SHADOWS = """
with made as (
    select s.seconds, s.usual_seconds, s.products, s.fell_back, s.error, l.products as shown,
           coalesce((l.facts ->> 'fallback_used')::boolean, false) as usually
    from modelregistry_shadowlist s
    join recommendations_servedlist l
      on l.tenant_id = s.tenant_id and l.at = s.at and l.recommendation_id = s.recommendation_id
    where s.tenant_id = %(tenant)s and s.release_id = %(release)s and l.at >= %(since)s
), whole as (select * from made where error = '')
select (select count(*) from whole), (select count(*) from made where error <> ''),
       (select count(*) from whole where fell_back),
       (select percentile_cont(0.95) within group (order by seconds) from whole),
       (select count(distinct product) from whole, unnest(products) product),
       (select percentile_cont(0.95) within group (order by usual_seconds) from whole),
       (select count(*) from whole where usually),
       (select count(distinct product) from whole, unnest(shown) product)
"""
