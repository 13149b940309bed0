"""Simulation: real requests of yesterday replayed with and without a decision, and what that costs in clicks.

The lists come from the pipeline that serves, with the model, catalogue and shoppers' histories of now;
what was bought or sold out since yesterday is known to both sides. A decision with a schedule is looked
at as if it held now. The clicks follow recommendations/evaluation/clicks.py, whose limits are theirs.
"""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connections
from django.utils import timezone

from luxebrain.lib.problems import Problem
from recommendations import explaining, queries, reach
from recommendations.control import Control
from recommendations.evaluation import changes, clicks
from recommendations.evaluation.changes import Changes, Pair
from recommendations.evaluation.clicks import Expected
from recommendations.models import Placement, Rule
from recommendations.queries import Query
from recommendations.serving import RecommendationEngine
from tenants.models import Tenant

MOST = 300  # requests of one simulation
NEWEST = 15_000  # of the days looked at, which they are picked from
SECONDS = 4.0  # for all of them; what is not replayed by then is left out, and said
CLICK_DAYS = 28
CLICK_LISTS = 20_000  # newest lists that the clicks are learned from


@dataclass(frozen=True, slots=True)
class Requests:
    """A sample of real requests in random order: of which days, and how many there were."""

    queries: tuple[Query, ...]
    days: str
    total: int


@dataclass(frozen=True, slots=True)
class Clicks:
    """What is expected of the replayed lists, or why nothing is said.

    seen        clicks that it was learned from
    of_answers  the shop reports no list as shown, so that every answered one is taken for shown
    """

    expected: Expected | None
    seen: int
    is_own_curve: bool = False
    of_answers: bool = False

    @property
    def said(self) -> tuple[str, str, str]:
        """(low, change, high) as shares of the clicks expected before, with their sign."""
        assert self.expected is not None
        base = self.expected.before or float("inf")
        parts = (self.expected.low, self.expected.change, self.expected.high)
        return tuple(f"{part / base:+.1%}".replace("-", "−") for part in parts)  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Simulated:
    """What one simulation found; `replayed` of the sample, in `seconds`."""

    requests: Requests
    replayed: int
    seconds: float
    changes: Changes
    clicks: Clicks
    titles: dict[str, str]

    @property
    def was_cut(self) -> bool:
        return self.replayed < len(self.requests.queries)

    @property
    def entering(self) -> list[tuple[str, int]]:
        """(title, lists) of what comes into the most lists."""
        return [(self.titles.get(name, name), count) for name, count in self.changes.entering]

    @property
    def leaving(self) -> list[tuple[str, int]]:
        return [(self.titles.get(name, name), count) for name, count in self.changes.leaving]


def of_rule(tenant: Tenant, rule: Rule) -> Simulated | None:
    """The shop's lists with this rule, saved or not, against those without it; None without any request."""
    control = reach.shop_of(tenant).control
    now = Rule(**{field.attname: getattr(rule, field.attname) for field in Rule._meta.concrete_fields})
    now.starts_at = now.ends_at = None
    now.is_active = True
    requests = sample(tenant, placements=rule.placements)
    return _run(tenant, requests, control.beside(without=rule.pk or 0), control.beside(rules=[now]))


def of_placement(tenant: Tenant, draft: Placement, saved: Placement) -> Simulated | None:
    """The lists of this placement with unsaved settings against the saved ones; None without any request."""
    control = reach.shop_of(tenant).control
    requests = sample(tenant, placements=[saved.code])
    return _run(tenant, requests, control.beside(placement=saved), control.beside(placement=draft))


def _run(tenant: Tenant, requests: Requests, before: Control, after: Control) -> Simulated | None:
    if not requests.queries:
        return None
    began = time.monotonic()
    pairs = replay(tenant, requests.queries, before, after, seconds=SECONDS)
    found = changes.between(pairs)
    named = {name for name, _ in (*found.entering, *found.leaving)}
    seconds = time.monotonic() - began
    return Simulated(requests, len(pairs), seconds, found, expected(tenant, pairs), reach.titles(tenant, named))


def replay(tenant: Tenant, asked: Sequence[Query], before: Control, after: Control, *, seconds: float) -> list[Pair]:
    """Both lists of each request, as product ids, until the time is up; at least one."""
    engine = RecommendationEngine(tenant.pk, currency=tenant.currency)
    ends = time.monotonic() + seconds
    pairs: list[Pair] = []
    for query in asked:
        call = explaining.fetched(engine, query)
        both = [engine.serve(query, call, rules=rules)[0] for rules in (before, after)]
        pairs.append(tuple(one.shop.assortment.ids(one.composed.pool.items) for one in both))  # type: ignore[arg-type]
        if time.monotonic() > ends:
            break
    return pairs


# --- Which requests ---------------------------------------------------------------------------------
def sample(tenant: Tenant, *, placements: Sequence[str]) -> Requests:
    """Yesterday's, in the shop's time; without any those of the last seven days."""
    today = timezone.now().astimezone(tenant.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    for days, words in ((1, "yesterday"), (7, "in the last 7 days")):
        ends = today if days == 1 else timezone.now()
        found, total = _answered(tenant, today - timedelta(days=days), ends, placements)
        if found:
            return Requests(tuple(found), words, total)
    return Requests((), words, 0)


def _answered(
    tenant: Tenant, starts: datetime, ends: datetime, placements: Sequence[str]
) -> tuple[list[Query], int]:
    """The requests of lists that were answered, at most MOST at random, and how many there were."""
    rows = tenant.served_lists.filter(at__gte=starts, at__lt=ends, is_test=False)
    if placements:
        rows = rows.filter(placement__in=placements)
    asked = list(rows.order_by("-at").values_list("facts__query", flat=True)[:NEWEST])
    chosen = random.Random(len(asked)).sample(asked, min(MOST, len(asked)))  # noqa: S311  (no secret)
    found = [_query(values) for values in chosen]
    return [query for query in found if query is not None], len(asked)


def _query(values: Any) -> Query | None:
    try:
        return queries.parse(values)
    except Problem:  # a field that was taken out of the language since
        return None


# --- What it costs ----------------------------------------------------------------------------------
def expected(tenant: Tenant, pairs: Sequence[Pair]) -> Clicks:
    """Clicks of the lists before and after, by what was shown and clicked in the last 28 days."""
    since = timezone.now() - timedelta(days=CLICK_DAYS)
    values = {"tenant": tenant.pk, "since": since, "most": CLICK_LISTS}
    with connections[tenant.alias].cursor() as cursor:
        cursor.execute(_OF_SHOWN, values)
        rows = cursor.fetchall()
        if of_answers := not rows:
            cursor.execute(_OF_ANSWERS, values)
            rows = cursor.fetchall()
    seen = sum(row[3] for row in rows)
    if seen < clicks.ENOUGH:
        return Clicks(None, seen, of_answers=of_answers)
    numbers = {name: number for number, name in enumerate(dict.fromkeys(row[0] for row in rows))}
    columns = [np.array([row[place] for row in rows], np.int64) for place in (1, 2, 3)]
    shown = clicks.Shown(np.array([numbers[row[0]] for row in rows], np.int64), *columns)
    model = clicks.fit(shown, products=len(numbers))
    before, after = ([[numbers.get(name, -1) for name in pair[side]] for pair in pairs] for side in (0, 1))
    return Clicks(clicks.expect(model, before, after), seen, model.is_own, of_answers)


_SHOWN = """
    select recommendation_id, (array_agg(properties->'items' order by occurred_at))[1] as items
    from recommendations_event
    where tenant_id = %(tenant)s and kind = 'impression' and occurred_at >= %(since)s and recommendation_id <> ''
      and jsonb_typeof(properties->'items') = 'array'
    group by recommendation_id order by max(occurred_at) desc limit %(most)s
"""
_ANSWERED = """
    select recommendation_id, to_jsonb(products) as items from recommendations_servedlist
    where tenant_id = %(tenant)s and at >= %(since)s and not is_test order by at desc limit %(most)s
"""
_COUNTED = """
), shown as (
    select l.recommendation_id as list, i.product, i.place - 1 as place
    from lists l, jsonb_array_elements_text(l.items) with ordinality as i(product, place) where i.place <= 100
), hits as (
    select distinct recommendation_id as list, product_external_id as product from recommendations_event
    where tenant_id = %(tenant)s and kind = 'click' and occurred_at >= %(since)s and recommendation_id <> ''
      and product_external_id <> ''
)
select s.product, s.place, count(*), count(h.list)
from shown s left join hits h on h.list = s.list and h.product = s.product group by 1, 2
"""
_OF_SHOWN = f"with lists as ({_SHOWN}{_COUNTED}"
_OF_ANSWERS = f"with lists as ({_ANSWERED}{_COUNTED}"
