"""How many subjects see a shop's lists, and what they do: what a planned experiment can be forecast from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import connections
from django.utils import timezone

from tenants.models import Tenant

DAYS = 28


@dataclass(frozen=True, slots=True)
class Traffic:
    """The subjects of a period: customers, and guests by session, that were shown a list.

    days      days of the period on which lists were seen, 1 to DAYS
    revenue   of countable orders after the first list, in the shop's currency
    """

    subjects: int = 0
    days: int = 1
    clickers: int = 0
    buyers: int = 0
    revenue: float = 0.0
    revenue_squared: float = 0.0

    @property
    def per_day(self) -> float:
        """New subjects a day. Taken as even, though some come back: a forecast, on the long side."""
        return self.subjects / self.days

    def moments(self, goal: str) -> tuple[float, float]:
        """(mean, variance) per subject of a goal: "clicks", "conversion" or "revenue"; zeros without subjects."""
        if not self.subjects:
            return 0.0, 0.0
        if goal == "revenue":
            mean = self.revenue / self.subjects
            return mean, max(self.revenue_squared / self.subjects - mean * mean, 0.0)
        share = (self.clickers if goal == "clicks" else self.buyers) / self.subjects
        return share, share * (1 - share)


def read(tenant: Tenant, *, placements: Sequence[str] = ()) -> Traffic:
    """The last 28 days; `placements`: only lists there, empty = all."""
    values = {
        "tenant": tenant.pk,
        "since": timezone.now() - timedelta(days=DAYS),
        "placements": list(placements),
        "everywhere": not placements,
        "currency": tenant.currency,
    }
    with connections[tenant.alias].cursor() as cursor:
        cursor.execute(_TRAFFIC, values)
        subjects, days, clickers, buyers, revenue, squares = cursor.fetchone()
    return Traffic(subjects, max(days, 1), clickers, buyers, float(revenue), float(squares))


_TRAFFIC = """
with shown as (
    select coalesce(nullif(customer_external_id, ''), session_id) as subject, min(occurred_at) as since,
           min(occurred_at::date) as first_day
    from recommendations_event
    where tenant_id = %(tenant)s and occurred_at >= %(since)s and kind = 'impression'
      and (%(everywhere)s or placement = any(%(placements)s))
      and coalesce(nullif(customer_external_id, ''), session_id) <> ''
    group by 1
), clicked as (
    select distinct coalesce(nullif(e.customer_external_id, ''), e.session_id) as subject
    from recommendations_event e
    where e.tenant_id = %(tenant)s and e.occurred_at >= %(since)s and e.kind = 'click'
      and (%(everywhere)s or e.placement = any(%(placements)s))
), bought as (
    select s.subject, sum(o.total) filter (where o.currency = %(currency)s) as spent
    from recommendations_order o
    left join recommendations_customer c on c.tenant_id = o.tenant_id and c.id = o.customer_id
    join shown s on s.subject = coalesce(c.external_id, o.session_id) and o.ordered_at >= s.since
    where o.tenant_id = %(tenant)s and o.ordered_at >= %(since)s and o.is_countable
    group by 1
)
select count(*), coalesce(current_date - min(s.first_day), 0), count(c.subject), count(b.subject),
       coalesce(sum(b.spent), 0), coalesce(sum(b.spent * b.spent), 0)
from shown s left join clicked c using (subject) left join bought b using (subject)
"""
