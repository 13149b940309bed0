"""What is kept how long: events by kind and plan, deliveries of webhooks; the nightly chore that lets go."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connections
from django.utils import timezone

from luxebrain.lib import logs
from recommendations import batch_schedules, saved_audiences
from recommendations.exporting import files as exports
from recommendations.importing import files
from recommendations.models import Event, WebhookReceipt
from tenants import tenancy
from tenants.models import Tenant

RECEIPTS = timedelta(days=30)
ANSWERS = timedelta(days=30)
PIECE = 5_000  # rows of one transaction
TASK = "recommendations.let_go"
log = logs.get(__name__)


def table(tenant: Tenant) -> list[dict[str, Any]]:
    """What is kept and for how many days, for people."""
    plan = tenant.plan
    own = [(Event.Kind(kind).label, plan.days_of(kind)) for kind in Event.Kind.values if kind in plan.event_days]
    return [
        {"what": "Events", "days": plan.retention_days},
        *({"what": f"Events: {label.lower()}", "days": days} for label, days in own),
        {"what": "Lists that were answered", "days": ANSWERS.days},
        {"what": f"Files of versions beyond the newest {plan.kept_versions}", "days": plan.kept_version_days},
        {"what": "Webhook deliveries", "days": RECEIPTS.days},
        {"what": "Former states of an import, to undo it", "days": files.UNDO_DAYS},
        {"what": "Saved audiences that were removed", "days": saved_audiences.KEPT.days},
        {"what": "Planned batch jobs that were removed", "days": batch_schedules.KEPT.days},
        {"what": "Export files", "days": exports.KEPT.days},
    ]


def let_go(tenant_id: int, *, renew: Callable[[], None]) -> dict[str, int]:
    """Deletes what one shop's plan keeps no longer, piece by piece; returns how many rows of each."""
    with tenancy.enter(tenant_id) as tenant:
        plan, now = tenant.plan, timezone.now()
        audiences, planned = saved_audiences.let_go(tenant), batch_schedules.let_go(tenant)
    gone = {"events": 0, "receipts": 0, "audiences": audiences, "planned": planned}
    for kind in plan.event_days:
        gone["events"] += _events(tenant_id, before=now - timedelta(days=plan.days_of(kind)), kind=kind, renew=renew)
    gone["events"] += _events(tenant_id, before=now - timedelta(days=plan.retention_days), kind=None, renew=renew)
    while True:
        with tenancy.enter(tenant_id) as tenant:
            old = tenant.webhook_receipts.filter(received_at__lt=now - RECEIPTS)
            old = old.exclude(state=WebhookReceipt.State.RECEIVED).order_by("received_at")
            names = list(old.values_list("pk", flat=True)[:PIECE])
            tenant.webhook_receipts.filter(pk__in=names).delete()
        gone["receipts"] += len(names)
        renew()
        if len(names) < PIECE:
            break
    if any(gone.values()):
        log.info("retention.let_go", tenant_id=tenant_id, **gone)
    return gone


def _events(tenant_id: int, *, before: datetime, kind: str | None, renew: Callable[[], None]) -> int:
    deleted = 0
    while True:
        with tenancy.enter(tenant_id), connections["default"].cursor() as cursor:
            cursor.execute(_DELETE, {"tenant": tenant_id, "before": before, "kind": kind, "piece": PIECE})
            found = cursor.rowcount
        deleted += found
        renew()
        if found < PIECE:
            return deleted


_DELETE = """
with old as materialized (
    select occurred_at, id from recommendations_event
    where tenant_id = %(tenant)s and occurred_at < %(before)s and (%(kind)s::text is null or kind = %(kind)s)
    order by occurred_at limit %(piece)s
)
delete from recommendations_event e using old
where e.tenant_id = %(tenant)s and e.occurred_at = old.occurred_at and e.id = old.id
"""


def drop_empty_months() -> list[date]:
    """Drops the partitions of months of which no shop keeps anything; a month that is in use waits."""
    with connections["ops"].cursor() as cursor:
        cursor.execute(
            "select right(c.relname, 6) from pg_inherits i join pg_class c on c.oid = i.inhrelid "
            "where i.inhparent = 'recommendations_event'::regclass order by 1"
        )
        months = [date(int(name[:4]), int(name[4:]), 1) for (name,) in cursor.fetchall()]
        dropped = []
        for month in months:
            cursor.execute("select drop_empty_event_partition(%s)", [month])
            if cursor.fetchone()[0]:
                dropped.append(month)
    return dropped


def drop_old_answers() -> int:
    """Drops the days of the log of answers that are kept no longer; how many. Those in use wait a day."""
    with connections["ops"].cursor() as cursor:
        cursor.execute("select drop_answer_partitions(%s)", [(timezone.now() - ANSWERS).date()])
        return int(cursor.fetchone()[0])
