"""Series: what each stream's value was in one bucket of five minutes.

Read from rows and counters that are there anyway: one query per source and bucket, for many shops at once, through
the operators' role. Money and time stay in the shop's own units. A value of None is "no data": its
source was silent or lost, which is not a zero. A stream that is absent has nothing to say for this bucket (too few
answers for a percentile, a figure that is read hourly).
"""

from collections.abc import Sequence, Set
from datetime import UTC, datetime, timedelta

from django.db import connections

from anomalies import suspects
from anomalies.metrics import BUCKET_SECONDS
from luxebrain.lib import redis
from tenants import pace, refusals

Values = dict[int, dict[str, tuple[float | None, float]]]  # tenant → metric → (value, exposure)
FEWEST_ANSWERS = 20  # of a 95 % quantile
LATE = timedelta(hours=2)  # events and orders that arrive later than this are history, not traffic

_ANSWERS = """
select tenant_id, count(*), count(*) filter (where version = 0),
       percentile_cont(0.95) within group (order by seconds) filter (where seconds > 0)
from recommendations_servedlist
where tenant_id = any(%s) and at >= %s and at < %s and not is_test group by tenant_id
"""
_EVENTS = """
select tenant_id, count(*), count(*) filter (where kind = 'click'), count(*) filter (where kind = 'impression')
from recommendations_event
where tenant_id = any(%s) and occurred_at >= %s and occurred_at < %s and received_at >= %s and received_at < %s
group by tenant_id
"""
_ORDERS = """
select tenant_id, count(*), percentile_cont(0.5) within group (order by total) filter (where is_countable)
from recommendations_order
where tenant_id = any(%s) and updated_at >= %s and created_at >= %s and created_at < %s and ordered_at >= %s
group by tenant_id
"""
_REJECTED = """
select tenant_id, count(*) from recommendations_webhookreceipt
where tenant_id = any(%s) and state = 'rejected' and received_at >= %s and received_at < %s group by tenant_id
"""
_ERRORS = """
select tenant_id, count(*) from tenants_erroroccurrence
where tenant_id = any(%s) and happened_at >= %s and happened_at < %s group by tenant_id
"""
_BATCHES = """
select tenant_id, count(*) from tenants_occurrence
where tenant_id = any(%s) and kind = 'batch.failed' and happened_at >= %s and happened_at < %s group by tenant_id
"""
_CATALOGUE = """
select tenant_id, count(*) filter (where is_published and (stock is null or stock > 0)),
       extract(epoch from %s - max(updated_at)) / 3600
from recommendations_product where tenant_id = any(%s) group by tenant_id
"""
_LISTENING = """
select distinct tenant_id from recommendations_webhookendpoint where tenant_id = any(%s) and state = 'active'
"""
_STUCK = "select min(received_at) from recommendations_eventbatch"


def read(tenant_ids: Sequence[int], at: datetime) -> Values:
    """Every stream's value in the bucket that begins at `at`."""
    ids, end = list(tenant_ids), at + timedelta(seconds=BUCKET_SECONDS)
    found: Values = {tenant_id: {} for tenant_id in ids}
    counted = _is_counted(at, end)
    _calls(found, ids, at, counted)
    seen = _refusals(at, end, counted)
    _refused(found, seen)
    with connections["ops"].cursor() as cursor:

        def rows(statement: str, *values: object) -> list[tuple]:
            cursor.execute(statement, values)
            return cursor.fetchall()

        _counted(found, "webhook_rejections", rows(_REJECTED, ids, at, end))
        _forged(found, seen, {row[0] for row in rows(_LISTENING, ids)})
        _counted(found, "batch_failures", rows(_BATCHES, ids, at, end))
        _counted(found, "errors", rows(_ERRORS, ids, at, end), per="requests")
        _orders(found, rows(_ORDERS, ids, at, at, end, at - LATE))
        _answers(found, rows(_ANSWERS, ids, at, end))
        stuck = rows(_STUCK)[0][0]
        drained = stuck is None or stuck >= end
        _events(found, rows(_EVENTS, ids, at - LATE, end + LATE, at, end) if drained else None)
        if at.minute < BUCKET_SECONDS // 60:  # what moves slowly is read once an hour
            _catalogue(found, rows(_CATALOGUE, end, ids))
    return found


def _counted(found: Values, metric: str, rows: list[tuple], *, per: str = "") -> None:
    counts = {row[0]: float(row[1]) for row in rows}
    for tenant_id, values in found.items():
        base = values.get(per, (1.0, 1.0))[0] if per else 1.0
        if base is None or base == 0:
            continue
        values[metric] = (counts.get(tenant_id, 0.0), base)


def _is_counted(at: datetime, end: datetime) -> bool:
    """Whether the cache server was there for the whole bucket, and still keeps it: emptied or away is no data."""
    now = datetime.now(UTC)
    if (now - end).total_seconds() > pace.KEPT_SECONDS - BUCKET_SECONDS:
        return False
    try:
        return pace.began(now.timestamp()) <= at.timestamp()
    except redis.Unreachable:
        return False


def _calls(found: Values, ids: Sequence[int], at: datetime, whole: bool) -> None:
    first = int(at.timestamp()) // 60
    try:
        counted = pace.read(ids, range(first, first + BUCKET_SECONDS // 60)) if whole else {}
    except redis.Unreachable:
        whole, counted = False, {}
    for tenant_id, values in found.items():
        minutes = counted.get(tenant_id, {})
        total = float(sum(sum(counts.values()) for counts in minutes.values()))
        values["requests"] = (total if whole else None, 1.0)


def _refusals(at: datetime, end: datetime, whole: bool) -> list[refusals.Refusal] | None:
    """None: nobody knows."""
    try:
        return refusals.between(at, end) if whole else None
    except redis.Unreachable:
        return None


def _refused(found: Values, seen: list[refusals.Refusal] | None) -> None:
    of_tenant = None if seen is None else suspects.sort(seen).of_tenant
    for tenant_id, values in found.items():
        values["refusals"] = (None if of_tenant is None else float(len(of_tenant.get(tenant_id, ()))), 1.0)


def _forged(found: Values, seen: list[refusals.Refusal] | None, listening: Set[int]) -> None:
    """Of shops with an address that webhooks may come to; the others have nothing to count."""
    of_tenant = None if seen is None else suspects.forgers(seen)
    for tenant_id in listening & found.keys():
        count = None if of_tenant is None else float(len(of_tenant.get(tenant_id, ())))
        found[tenant_id]["webhook_forgeries"] = (count, 1.0)


def _orders(found: Values, rows: list[tuple]) -> None:
    medians = {tenant_id: median for tenant_id, _, median in rows}
    _counted(found, "orders", rows)
    for tenant_id, median in medians.items():
        if median is not None and median > 0:
            found[tenant_id]["order_value"] = (float(median), 1.0)


def _answers(found: Values, rows: list[tuple]) -> None:
    for tenant_id, count, without, slow in rows:
        found[tenant_id]["fallbacks"] = (float(without), float(count))
        if count >= FEWEST_ANSWERS and slow is not None and slow > 0:
            found[tenant_id]["latency"] = (float(slow), 1.0)


def _events(found: Values, rows: list[tuple] | None) -> None:
    """None: the inbox is not being drained, so that nobody knows yet."""
    counts = {row[0]: row[1:] for row in rows or ()}
    for tenant_id, values in found.items():
        events, clicks, shown = counts.get(tenant_id, (0, 0, 0))
        values["events"] = (None if rows is None else float(events), 1.0)
        if shown:
            values["clicks"] = (float(clicks), float(shown))


def _catalogue(found: Values, rows: list[tuple]) -> None:
    for tenant_id, count, age in rows:
        found[tenant_id]["catalogue"] = (float(count), 1.0)
        if age is not None:
            found[tenant_id]["freshness"] = (max(0.01, float(age)), 1.0)
