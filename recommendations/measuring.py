"""Measures versions in the shop, night by night: shares of clicks and orders, coverage, shift of the scores."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connections

from modelregistry import drift, metrics
from modelregistry.models import ModelVersion
from modelregistry.statistics import shares
from tenants import tenancy, work
from tenants.models import Tenant

TASK = "recommendations.measure_models"
AGAIN_DAYS = 3  # what arrives late changes the figures of days that were measured already
MOST_DAYS = 30  # answers are kept so long
SCORES = 2_000  # lists of a version and day whose scores are looked at
_Window = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class _Day:
    """One version on one day. lists: answered and logged; listed: distinct products for sale among them."""

    version: int
    day: date
    lists: int
    fallbacks: int
    listed: int
    scores: list[float]


def fan_out() -> int:
    """Makes the measuring due for every shop with a version; how many there are."""
    shops = tenancy.across().filter(model_versions__isnull=False).exclude(state=Tenant.State.CLOSED).distinct()
    for tenant in shops:
        work.enqueue(tenant, TASK, key="measure")
    return len(shops)


def measure(tenant: Tenant) -> int:
    """Measures the last days anew, all that are kept if none was measured before; how many values that made.

    Today's values are of a part of the day, and measured again tomorrow.
    """
    metrics.keep_offline(tenant)
    versions = {row.number: row for row in tenant.model_versions.filter(model=settings.MODEL_NAME)}
    known = tenant.model_metrics.filter(source=metrics.ONLINE).exists()
    today = tenant.today()
    first = today - timedelta(days=AGAIN_DAYS if known else MOST_DAYS)
    made = 0
    for number, day, name, hits, trials in _shares(tenant, first):
        if number in versions and trials:
            hits = min(hits, trials)  # a list shown before midnight may be clicked after it
            metrics.record(
                versions[number], name, value=hits / trials, sample_size=trials, window=_window(tenant, day),
                source=metrics.ONLINE, interval=shares.wilson(hits, trials),
            )  # fmt: skip
            made += 1
    for_sale = tenant.products.filter(is_published=True).exclude(stock__lte=0).count()
    for found in _days(tenant, first):
        if found.version in versions:
            made += _logged(tenant, versions[found.version], found, for_sale)
    return made


def _logged(tenant: Tenant, version: ModelVersion, found: _Day, for_sale: int) -> int:
    """What the log of answers says of a version's day."""
    window = _window(tenant, found.day)
    values: dict[str, tuple[float, int]] = {"fallback_share": (found.fallbacks / found.lists, found.lists)}
    if for_sale:
        values["coverage"] = (found.listed / for_sale, found.lists)
    shifted = _shift(version, found, window)
    if shifted is not None:
        values["score_shift"] = (shifted, len(found.scores))
    for name, (value, size) in values.items():
        metrics.record(version, name, value=value, sample_size=size, window=window, source=metrics.ONLINE)
    return len(values)


def _shift(version: ModelVersion, found: _Day, window: _Window) -> float | None:
    """Against the version's first day with enough lists, which is kept as the reference; None on that day."""
    if len(found.scores) < drift.ENOUGH:
        return None
    reference = version.measured.filter(metric="score_reference").first()
    if reference is None or reference.window_from == window[0]:
        before = drift.reference(found.scores)
        metrics.record(
            version, "score_reference", value=len(before.shares), sample_size=before.size, window=window,
            source=metrics.ONLINE, facts=before.told(),
        )  # fmt: skip
        return None
    return drift.shift(drift.Reference.read(reference.facts), found.scores)


def _window(tenant: Tenant, day: date) -> _Window:
    begin = datetime.combine(day, datetime.min.time(), tzinfo=tenant.zone)
    return begin, datetime.combine(day + timedelta(days=1), datetime.min.time(), tzinfo=tenant.zone)


def _shares(tenant: Tenant, first: date) -> Iterator[tuple[int, date, str, int, int]]:
    """(version, day, metric, hits, trials) from the daily figures."""
    for version, day, shown, clicked, carted, bought in _rows(tenant, _FIGURES, first):
        yield version, day, "ctr", clicked, shown
        yield version, day, "cart_rate", carted, clicked
        yield version, day, "conversion", bought, clicked


def _days(tenant: Tenant, first: date) -> Iterator[_Day]:
    for row in _rows(tenant, _LISTS, first):
        yield _Day(*row[:5], [score for score in row[5] or [] if score is not None])


def _rows(tenant: Tenant, query: str, first: date) -> list[tuple[Any, ...]]:
    values = {"tenant": tenant.pk, "zone": tenant.time_zone, "first": first, "since": _window(tenant, first)[0],
              "scores": SCORES}  # fmt: skip
    with connections[tenant.alias].cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()


_FIGURES = """
select version, day, sum(impressions)::bigint, sum(clicks)::bigint, sum(carts)::bigint, sum(bought)::bigint
from modelregistry_dailyperformance where tenant_id = %(tenant)s and day >= %(first)s group by 1, 2 order by 2, 1
"""

# The score of a list is that of its first product. The last digits of an id are chance, so the lists looked
# at are a fair sample. Personal lists only: scores of other kinds are on other scales.
_LISTS = """
with lists as (
    select version, (at at time zone %(zone)s)::date as day, products, facts, kind, recommendation_id,
           coalesce((facts ->> 'fallback_used')::boolean, false) as fell_back
    from recommendations_servedlist
    where tenant_id = %(tenant)s and at >= %(since)s and not is_test and version > 0
), counts as (
    select version, day, count(*) as lists, count(*) filter (where fell_back) as fallbacks from lists group by 1, 2
), listed as (
    select l.version, l.day, count(distinct p.external_id) as products
    from lists l cross join unnest(l.products) as u(product)
    join recommendations_product p on p.tenant_id = %(tenant)s and p.external_id = u.product
        and p.is_published and coalesce(p.stock > 0, true)
    group by 1, 2
), personal as (
    select version, day, (facts -> 'items' -> 0 ->> 1)::double precision as score,
           row_number() over (partition by version, day order by right(recommendation_id, 12)) as place
    from lists where kind = 'personalised' and not fell_back and cardinality(products) > 0
), scores as (
    select version, day, array_agg(score) as scores from personal where place <= %(scores)s group by 1, 2
)
select c.version, c.day, c.lists, c.fallbacks, coalesce(l.products, 0), s.scores
from counts c left join listed l using (version, day) left join scores s using (version, day)
order by c.day, c.version
"""
