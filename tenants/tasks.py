"""The two Celery tasks there are: do the work of a row, and make a chore due; and the app's chores."""

import time

from celery import shared_task
from django.db import connections

from luxebrain.lib import redis
from tenants import delivering, idempotency, notices, occurrences, quota, usage, work, workers


@shared_task(name="tenants.work")
def run(work_id: int) -> None:
    workers.seen()
    work.run(work_id)


@shared_task(name="tenants.tick")
def tick(task: str, seconds: int) -> None:
    work.tick(task, int(time.time() // seconds))


@work.handler("tenants.heartbeat")
def heartbeat(lease: work.Lease) -> None:
    """Proves that the whole chain beat, relay, broker, worker is alive; the supervisor watches the file."""
    work.beat()
    redis.client().set("worker:heartbeat", int(time.time()), ex=3600)


@work.handler("tenants.heartbeat_heavy", heavy=True)
def heartbeat_heavy(lease: work.Lease) -> None:
    """The same for the workers that train."""
    work.beat()
    redis.client().set("trainer:heartbeat", int(time.time()), ex=3600)


@work.handler("tenants.fold_usage")
def fold_usage(lease: work.Lease) -> None:
    usage.fold()


@work.handler("tenants.watch_quotas")
def watch_quotas(lease: work.Lease) -> None:
    quota.watch()


@work.handler("tenants.sweep_work")
def sweep_work(lease: work.Lease) -> None:
    """Finished chores go after a day, finished work of tenants after 30, dead work stays 90."""
    with connections["ops"].cursor() as cursor:
        cursor.execute(
            "delete from tenants_work "
            "where (state = 'done' and tenant_id is null and finished_at < now() - interval '1 day') "
            "or (state = 'done' and finished_at < now() - interval '30 days') "
            "or (state = 'dead' and finished_at < now() - interval '90 days')"
        )


@work.handler("tenants.sweep_idempotency")
def sweep_idempotency(lease: work.Lease) -> None:
    """Answers of repeated writes are kept for a day; some thousands at a time, so that no lock is held for long."""
    with connections["ops"].cursor() as cursor:
        while True:
            cursor.execute(
                "delete from tenants_idempotentanswer where id in (select id from tenants_idempotentanswer "
                "where created_at < now() - make_interval(hours => %s) order by created_at limit 5000)",
                [idempotency.KEPT_HOURS],
            )
            if cursor.rowcount < 5000:
                return
            lease.renew()


@work.handler("tenants.sweep_occurrences")
def sweep_occurrences(lease: work.Lease) -> None:
    occurrences.sweep()


@work.handler("tenants.sweep_outgoing")
def sweep_outgoing(lease: work.Lease) -> None:
    """Takes up deliveries whose work was lost; lets old deliveries and notices go."""
    delivering.take_up_lost()
    delivering.sweep()
    notices.sweep()
