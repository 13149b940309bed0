"""Background work: enqueue as a row, publish by relay, claim with a lease, finish with its token.

The record of work is the row; a Celery message is only a hint that a row is due. Lost messages are
sent again by the relay, doubled ones find the row taken. Time is always the database's.
"""

import random
import traceback
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.conf import settings
from django.db import InterfaceError, OperationalError, connections, transaction
from django.utils import timezone

from luxebrain.lib import logs
from tenants import errors
from tenants.models import Tenant, Work

LEASE_SECONDS = 30
MAX_ATTEMPTS = 5
RESEND_SECONDS = 10
_RELAYS = 0x72656C6179  # of advisory locks

log = logs.get(__name__)
_handlers: dict[str, Callable[["Lease"], None]] = {}
_heavy: set[str] = set()


class Fenced(RuntimeError):
    """The lease ran out and somebody else holds the work: stop, write nothing."""


class RetryLater(Exception):
    """Raised by a handler: put the work back for `seconds`; does not count as a failure."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"again in {seconds} s")
        self.seconds = seconds


@dataclass
class Lease:
    """The right to do one piece of work until the lease runs out."""

    work_id: int
    tenant_id: int | None
    task: str
    subject: str
    payload: dict[str, Any]
    attempt: int
    token: uuid.UUID
    finished: bool = field(default=False)

    def renew(self, seconds: int = LEASE_SECONDS) -> None:
        """Call at least every ten seconds from long work. Raises Fenced when the lease is lost."""
        if not _update(
            "lease_until = clock_timestamp() + make_interval(secs => %s)", [seconds], self
        ):
            raise Fenced(self.work_id)
        beat()  # long work keeps the heartbeat chore waiting; it is a sign of life itself

    def finish(self, alias: str = "ops") -> None:
        """Marks the work done; with alias="default" inside the transaction that holds the effect."""
        done = "state = 'done', lease_until = null, finished_at = clock_timestamp(), error = ''"
        if not _update(done, [], self, alias):
            raise Fenced(self.work_id)
        self.finished = True


def beat() -> None:
    """Touches the file by which the supervisor sees that a worker is alive."""
    settings.WORKER_HEARTBEAT.parent.mkdir(parents=True, exist_ok=True)
    settings.WORKER_HEARTBEAT.touch()


def _update(assignment: str, values: list[Any], lease: Lease, alias: str = "ops") -> int:
    with connections[alias].cursor() as cursor:
        cursor.execute(
            f"update tenants_work set {assignment} "  # noqa: S608  (fixed text of this module)
            "where id = %s and state = 'running' and lease_token = %s",
            [*values, lease.work_id, lease.token],
        )
        return cursor.rowcount


def handler(task: str, *, heavy: bool = False) -> Callable[[Callable[[Lease], None]], Callable[[Lease], None]]:
    """Registers the function that does the work named `task`. Heavy work, minutes of a core, has
    workers of its own, so that it never keeps the short chores waiting."""

    def register(function: Callable[[Lease], None]) -> Callable[[Lease], None]:
        _handlers[task] = function
        if heavy:
            _heavy.add(task)
        return function

    return register


def names() -> set[str]:
    return set(_handlers)


def enqueue(
    tenant: Tenant | None,
    task: str,
    *,
    subject: object = "",
    payload: dict[str, Any] | None = None,
    key: str | None = None,
    delay_seconds: float = 0,
) -> None:
    """Writes the work into the caller's transaction. Equal pending keys are one piece of work."""
    alias = tenant.alias if tenant else "ops"
    with connections[alias].cursor() as cursor:
        cursor.execute(
            "insert into tenants_work (tenant_id, task, subject, payload, key, state, attempts, error, due_at) "
            "values (%s, %s, %s, %s::jsonb, %s, 'pending', 0, '', now() + make_interval(secs => %s)) "
            "on conflict do nothing",
            [tenant.pk if tenant else None, task, str(subject), _json(payload or {}), key, delay_seconds],
        )


def tick(task: str, slot: int) -> None:
    """Makes a chore due for this slot of the timetable; however many beats run, once."""
    with connections["ops"].cursor() as cursor:
        cursor.execute(
            "insert into tenants_work (task, subject, payload, slot, state, attempts, error) "
            "values (%s, '', '{}', %s, 'pending', 0, '') on conflict do nothing",
            [task, slot],
        )


def claim(work_id: int) -> Lease | None:
    """Takes the work if it is due and nobody holds it. One row, one short transaction."""
    token = uuid.uuid4()
    with connections["ops"].cursor() as cursor:
        cursor.execute(
            "update tenants_work set state = 'running', attempts = attempts + 1, lease_token = %s, "
            "lease_until = clock_timestamp() + make_interval(secs => %s) "
            "where id = %s and attempts < %s and ((state = 'pending' and due_at <= clock_timestamp()) "
            "or (state = 'running' and lease_until < clock_timestamp())) "
            "returning tenant_id, task, subject, payload::text, attempts",
            [token, LEASE_SECONDS, work_id, MAX_ATTEMPTS],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    return Lease(work_id, row[0], row[1], row[2], _load(row[3]), row[4], token)


def run(work_id: int) -> bool:
    """Claims and does one piece of work. True if it was ours. Faults are kept on the row."""
    lease = claim(work_id)
    if lease is None:
        return False
    logs.bind(work=lease.work_id, task=lease.task, tenant_id=lease.tenant_id)
    try:
        _handlers[lease.task](lease)
        if not lease.finished:
            lease.finish()
    except Fenced:
        log.warning("work.fenced")
    except RetryLater as later:
        _release(lease, seconds=later.seconds, error="", give_back=True)
    except Exception as error:
        log.exception("work.failed")
        errors.record(error, source="worker", tenant_id=lease.tenant_id, path=f"{lease.task}#{lease.work_id}")
        _release(lease, seconds=pause_after(lease.attempt), error=traceback.format_exc(limit=-3)[-2000:])
    finally:
        logs.clear()
    return True


def pause_after(attempt: int) -> float:
    """Seconds until the next attempt: twice as long each time, five minutes at most, and not the same for all,
    so that what failed together does not come back together."""
    return min(2.0**attempt, 300) * random.uniform(0.75, 1.25)  # noqa: S311  (spreads load, guards nothing)


def _release(lease: Lease, *, seconds: float, error: str, give_back: bool = False) -> None:
    """Puts the work back. The fault may have been the database's: then over a new connection, and if
    there is none yet, the lease runs out by itself."""
    last = lease.attempt >= MAX_ATTEMPTS and not give_back
    assignment = (
        "state = %s, attempts = attempts - %s, lease_until = null, lease_token = null, dispatched_at = null, "
        "error = %s, due_at = clock_timestamp() + make_interval(secs => %s), "
        "finished_at = case when %s then clock_timestamp() end"
    )
    values = ["dead" if last else "pending", int(give_back), error, seconds, last]
    for _ in range(2):
        try:
            _update(assignment, values, lease)
            return
        except (OperationalError, InterfaceError):
            connections["ops"].close()
    log.warning("work.not_released")


def retry(work_id: int) -> bool:
    """Gives work that was given up all its attempts again. False when it is not given up (any more)."""
    with connections["ops"].cursor() as cursor:
        cursor.execute(
            "update tenants_work set state = 'pending', attempts = 0, due_at = clock_timestamp(), finished_at = null, "
            "dispatched_at = null, lease_token = null, lease_until = null where id = %s and state = 'dead'",
            [work_id],
        )
        return bool(cursor.rowcount)


def due(limit: int, *, heavy: bool | None = None) -> list[int]:
    """Ids of due work, fairly: each tenant's oldest, then each tenant's second, and so on.

    heavy: only heavy work, only the other, or (None) both.
    """
    with connections["ops"].cursor() as cursor:
        wanted = {"heavy": heavy, "heavy_tasks": sorted(_heavy)}
        cursor.execute(_FAIR_PICK, {"limit": limit, "resend": RESEND_SECONDS, **wanted})
        return [row[0] for row in cursor.fetchall()]


_FAIR_PICK = """
with recursive waiting(tenant_id) as (
    (select coalesce(tenant_id, 0) from tenants_work where state = 'pending' order by coalesce(tenant_id, 0) limit 1)
    union all
    select (select coalesce(w.tenant_id, 0) from tenants_work w
            where w.state = 'pending' and coalesce(w.tenant_id, 0) > waiting.tenant_id
            order by coalesce(w.tenant_id, 0) limit 1)
    from waiting where waiting.tenant_id is not null
)
select picked.id from waiting, lateral (
    select id, row_number() over (order by due_at, id) as turn from (
        select id, due_at from tenants_work
        where state = 'pending' and coalesce(tenant_id, 0) = waiting.tenant_id and due_at <= clock_timestamp()
          and (%(heavy)s::boolean is null or (task = any(%(heavy_tasks)s::text[])) = %(heavy)s)
          and (dispatched_at is null or dispatched_at < clock_timestamp() - make_interval(secs => %(resend)s))
        order by due_at, id limit 8
    ) oldest
) picked where waiting.tenant_id is not null order by picked.turn, picked.id limit %(limit)s
"""


def relay(publish: Callable[[list[int]], None], *, limit: int = 32, heavy: bool | None = None) -> int:
    """One round: frees lost leases, gives up poison, publishes due ids, then stamps them.

    Publishing comes before the stamp: a crash in between doubles messages and never loses one.
    """
    with transaction.atomic(using="ops"), connections["ops"].cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [_RELAYS])  # several relays take turns
        cursor.execute(
            "update tenants_work set state = case when attempts >= %s then 'dead' else 'pending' end, "
            "finished_at = case when attempts >= %s then clock_timestamp() end, "
            "error = case when attempts >= %s then 'The worker stopped while doing this, five times.' else error end, "
            "dispatched_at = null, lease_until = null "
            "where state = 'running' and lease_until < clock_timestamp()",
            [MAX_ATTEMPTS] * 3,
        )
        cursor.execute(
            "select count(*) from tenants_work where state = 'pending' "
            "and dispatched_at > clock_timestamp() - make_interval(secs => %s) "
            "and (%s::boolean is null or (task = any(%s::text[])) = %s)",
            [RESEND_SECONDS, heavy, sorted(_heavy), heavy],
        )
        room = limit - cursor.fetchone()[0]
        ids = due(room, heavy=heavy) if room > 0 else []
        if ids:
            publish(ids)
            cursor.execute("update tenants_work set dispatched_at = clock_timestamp() where id = any(%s)", [ids])
    return len(ids)


def run_due(*, limit: int = 1000, tasks: set[str] | None = None) -> int:
    """Does all due work here and now, without a broker: tests and the development worker."""
    done = 0
    while done < limit:
        rows = Work.objects.using("ops").filter(state=Work.State.PENDING, due_at__lte=timezone.now())
        if tasks is not None:
            rows = rows.filter(task__in=tasks)
        ids = list(rows.order_by("due_at", "id").values_list("pk", flat=True)[:50])
        if not ids or not sum([run(work_id) for work_id in ids]):
            break
        done += len(ids)
    return done


def _json(value: Any) -> str:
    return orjson.dumps(value, default=str).decode()


def _load(text: str) -> Any:
    return orjson.loads(text)
