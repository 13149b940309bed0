"""The events' way in: each accepted call is one durable row at once, and is drained into Event soon after."""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
from django.db import DatabaseError, connections, transaction

from luxebrain.lib import logs
from recommendations import history, suppression
from tenants import tenancy

BATCHES_A_TURN = 64  # of one shop, before it is the next one's turn
_LOCK = 0x6576  # of advisory locks: one drain a shop at a time, or two could both miss a repetition
_NO_PARTITION = "23514"
log = logs.get(__name__)


def keep(tenant_id: int, rows: list[dict[str, Any]]) -> None:
    """Stores validated events: one text, one round trip, one transaction. Call outside a transaction.

    Statements that are sent as one text are one transaction, so the tenant's context holds for both.
    """
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "select enter_tenant(%s); insert into recommendations_eventbatch (tenant_id, events) values (%s, %s)",
            [tenant_id, tenant_id, orjson.dumps(rows).decode()],
        )


def put(tenant_id: int, rows: list[dict[str, Any]]) -> None:
    """Stores validated events inside the transaction that the tenant was entered in."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "insert into recommendations_eventbatch (tenant_id, events) values (%s, %s)",
            [tenant_id, orjson.dumps(rows).decode()],
        )


_retention: dict[int, tuple[float, dict[str, timedelta]]] = {}


def kept_for(tenant_id: int) -> dict[str, timedelta]:
    """How long the shop's plan keeps events: by kind, and under "" all others; asked every five minutes."""
    held = _retention.get(tenant_id)
    if held is None or time.monotonic() - held[0] > 300:
        with tenancy.enter(tenant_id) as tenant:
            days = {kind: timedelta(days=tenant.plan.days_of(kind)) for kind in ("", *tenant.plan.event_days)}
        held = _retention[tenant_id] = time.monotonic(), days
    return held[1]


def tell_history(tenant_id: int, rows: Iterable[dict[str, Any]]) -> None:
    """What the shoppers just did, for their next answers. Call after the commit."""
    acts = []
    signed_in = set()
    erased = suppression.known(tenant_id)
    for row in rows:
        product = row.get("product_external_id")
        if product and row["kind"] in history.WEIGHTS:
            moment = datetime.fromisoformat(row["occurred_at"]).timestamp()
            customer, session = row.get("customer_external_id"), row.get("session_id")
            if erased.has(f"c:{customer}", f"s:{session}"):
                continue
            if customer and session:
                signed_in.add((customer, session))
            if customer:
                acts.append((history.subject(customer=customer), product, row["kind"], moment))
            if session:
                acts.append((history.subject(session=session), product, row["kind"], moment))
    if acts:
        acts.sort(key=lambda act: act[3])
        history.push(tenant_id, acts, signed_in=signed_in)


def waiting() -> list[int]:
    """Shops with events to drain, the one that has waited longest first."""
    with connections["ops"].cursor() as cursor:
        cursor.execute(
            "select tenant_id from recommendations_eventbatch group by tenant_id order by min(received_at), tenant_id"
        )
        return [row[0] for row in cursor.fetchall()]


def drain(*, renew: Callable[[], object] = lambda: None, turns: int = 100) -> int:
    """Moves everything that waits, each shop a turn at a time; returns the number of new events.

    A shop whose turn fails does not hold up the others; its fault is raised when they are done.
    """
    stored = 0
    failed: dict[int, Exception] = {}
    for _ in range(turns):
        shops = [tenant_id for tenant_id in waiting() if tenant_id not in failed]
        moved = 0
        for tenant_id in shops:
            try:
                batches, events = drain_turn(tenant_id)
            except DatabaseError as error:
                log.exception("events.not_drained", tenant_id=tenant_id)
                failed[tenant_id] = error
                continue
            moved, stored = moved + batches, stored + events
            renew()
        if not moved:
            break
    if failed:
        raise next(iter(failed.values()))
    return stored


def drain_turn(tenant_id: int) -> tuple[int, int]:
    """One turn of one shop in one transaction: (batches taken, events new). Killed anywhere, it is repeated whole."""
    try:
        return _move(tenant_id)
    except DatabaseError as error:
        if getattr(error.__cause__, "pgcode", "") != _NO_PARTITION:
            raise
    # Outside the transaction that found it missing: making a partition waits for every reader of the table.
    with tenancy.enter(tenant_id), connections["default"].cursor() as cursor:
        cursor.execute(_MONTHS, [tenant_id])
        months = [row[0] for row in cursor.fetchall()]
    ensure_partitions(months)
    return _move(tenant_id)


def _move(tenant_id: int) -> tuple[int, int]:
    try:
        with tenancy.enter(tenant_id) as tenant, connections["default"].cursor() as cursor:
            cursor.execute("select pg_try_advisory_xact_lock(%s, %s)", [_LOCK, tenant_id % 2**31])
            if not cursor.fetchone()[0]:
                return 0, 0
            values = {"tenant": tenant_id, "is_demo": tenant.is_demo, "batches": BATCHES_A_TURN}
            cursor.execute(_MOVE, values | suppression.pads(tenant))
            return cursor.fetchone()
    except tenancy.NoSuchTenant:
        return 0, 0


_known_months: set[date] = set()


def ensure_partitions(months: Iterable[date]) -> None:
    """Makes the months' partitions where they are missing; of those that are never dropped, each is asked
    for once in a process (recommendations/retention.py drops old ones that are empty)."""
    for month in sorted({one.replace(day=1) for one in months} - _known_months):
        with transaction.atomic(), connections["default"].cursor() as cursor:
            cursor.execute("select ensure_event_partition(%s)", [month])
        if month > datetime.now(UTC).date() - timedelta(days=55):
            _known_months.add(month)


def coming_months(now: datetime, *, ahead: int = 2) -> list[date]:
    first = now.astimezone(UTC).date().replace(day=1)
    return [date(first.year + (first.month - 1 + n) // 12, (first.month - 1 + n) % 12 + 1, 1) for n in range(ahead + 1)]


_MONTHS = """
select distinct date_trunc('month', e.occurred_at at time zone 'UTC')::date
from recommendations_eventbatch b, jsonb_to_recordset(b.events) as e (occurred_at timestamptz)
where b.tenant_id = %s
"""

# A repetition is an event with an id that the shop gave and that is stored already, also when the
# shop did not say the time and each call filled in its own. A week bounds how far apart they may be.
_GONE = suppression.erased("'c:' || e.customer_external_id", "'s:' || e.session_id")
_MOVE = f"""
with picked as materialized (
    select id from recommendations_eventbatch where tenant_id = %(tenant)s
    order by received_at limit %(batches)s for update skip locked
), taken as (
    delete from recommendations_eventbatch b using picked where b.tenant_id = %(tenant)s and b.id = picked.id
    returning b.received_at, b.events
), come as (
    select distinct on (e.id) e.*, taken.received_at
    from taken, jsonb_to_recordset(taken.events) as e (
        id uuid, given boolean, occurred_at timestamptz, kind text, customer_external_id text, session_id text,
        product_external_id text, quantity integer, value numeric, currency text, order_external_id text,
        recommendation_id text, placement text, properties jsonb)
    where {_GONE} is not true
    order by e.id, taken.received_at
), stored as (
    insert into recommendations_event (tenant_id, occurred_at, id, kind, customer_external_id, session_id,
        product_external_id, quantity, value, currency, order_external_id, recommendation_id, placement, properties,
        is_demo, received_at)
    select %(tenant)s, c.occurred_at, c.id, c.kind, coalesce(c.customer_external_id, ''), coalesce(c.session_id, ''),
        coalesce(c.product_external_id, ''), coalesce(c.quantity, 1), c.value, coalesce(c.currency, ''),
        coalesce(c.order_external_id, ''), coalesce(c.recommendation_id, ''), coalesce(c.placement, ''),
        coalesce(c.properties, '{{}}'), %(is_demo)s, c.received_at
    from come c
    where c.given is not true or (
        select 1 from recommendations_event x
        where x.tenant_id = %(tenant)s and x.id = c.id
          and x.occurred_at between c.occurred_at - interval '7 days' and c.occurred_at + interval '7 days'
        limit 1) is null
    on conflict do nothing
    returning 1
)
select (select count(*) from taken), (select count(*) from stored)
"""  # noqa: S608  (a condition of our own)
