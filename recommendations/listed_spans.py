"""How often each product stood in the lists of the last whole weeks: counted at night, so that Insights need not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from django.db import connections
from django.utils import timezone

from tenants.models import Tenant

DAYS = (7, 28)  # the windows of Insights
SETTLED = timedelta(hours=1)  # a day is counted so long after its end: nothing of it is written any more


@dataclass(frozen=True, slots=True)
class Parts:
    """The lists answered since a moment: those of a counted span, without those before `since`, and those after it.

    span    its key, 0: none; then all lists since `since` are read
    begins  where the span begins, not after `since`
    ends    where it ends: later lists are read
    """

    span: int
    begins: datetime
    since: datetime
    ends: datetime


def keep(tenant: Tenant) -> None:
    """Counts the windows that end with the last whole day (UTC) anew. Call inside the tenant."""
    ends = datetime.combine((timezone.now() - SETTLED).astimezone(UTC).date(), time(), UTC)
    with connections[tenant.alias].cursor() as cursor:
        for days in DAYS:
            values = {"tenant": tenant.pk, "days": days, "begins": ends - timedelta(days=days), "ends": ends}
            cursor.execute(_COUNT, values)
    # The last ones stay for whoever reads them at this moment.
    tenant.listed_spans.filter(ends_at__lt=ends - timedelta(days=1)).delete()


def parts(tenant: Tenant, *, days: int, since: datetime) -> Parts:
    """How the lists since a moment are counted. A span that begins before the day before is left: the lists that
    would have to be taken off it are many, or gone."""
    rows = tenant.listed_spans.filter(days=days, begins_at__lte=since, begins_at__gt=since - timedelta(days=2))
    found = rows.order_by("-ends_at").values_list("pk", "begins_at", "ends_at").first()
    if found is None:
        return Parts(0, since, since, since)
    span, begins, ends = found
    return Parts(span, begins, since, ends)


def forget(tenant: Tenant) -> None:
    """Lists were erased: the next looks count what is left, and the next night keeps it again."""
    tenant.listed_spans.all().delete()


_COUNT = """
with lists as (
    select products from recommendations_servedlist
    where tenant_id = %(tenant)s and at >= %(begins)s and at < %(ends)s and not is_test and cardinality(products) > 0
), counted as (
    select p.product, count(*) as n from lists cross join unnest(lists.products) as p(product) group by 1
)
insert into recommendations_listedspan (tenant_id, days, begins_at, ends_at, lists, products, counts)
select %(tenant)s, %(days)s, %(begins)s, %(ends)s, (select count(*) from lists),
       coalesce(array_agg(product order by product), '{}'), coalesce(array_agg(n order by product), '{}')
from counted
on conflict (tenant_id, days, ends_at) do update
set lists = excluded.lists, products = excluded.products, counts = excluded.counts
"""
