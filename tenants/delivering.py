"""Delivering outgoing webhooks: one signed call per attempt, with patience, until it is taken or given up."""

import random
import time
from datetime import datetime, timedelta

import orjson
from django.utils import timezone

from luxebrain.lib import outbound, sealed, webhooks
from luxebrain.lib.problems import Problem
from tenants import notices, occurrences, outgoing, tenancy, work
from tenants.models import OutgoingDelivery, OutgoingEndpoint, Tenant
from tenants.models.outgoing import PURPOSE

# The waits after the first, second, … failed attempt: the schedule that Standard Webhooks recommend.
WAITS = (5, 300, 1800, 7200, 18_000, 36_000, 50_400)
FAILING_DAYS = 3  # nothing was taken for so long, and a message was given up: the address is switched off
GONE = 410
TIMEOUT = 15.0
LOGGED = 20
LOST = timedelta(minutes=15)  # a delivery whose turn was so long ago and that nobody took up
KEPT = timedelta(days=30)
State = OutgoingDelivery.State


def signed(row: OutgoingEndpoint, message_id: str, body: bytes, now: datetime) -> dict[str, str]:
    """The headers of one attempt. While an old secret is in grace there are two signatures."""
    kept = [row.sealed_secret]
    if row.sealed_previous and row.previous_ends_at and row.previous_ends_at > now:
        kept.append(row.sealed_previous)
    secrets = (sealed.unseal(text, purpose=PURPOSE) for text in kept)
    return webhooks.headers(message_id, body, now, secrets)


@work.handler(outgoing.TASK)
def deliver(lease: work.Lease) -> None:
    """One attempt: the call in no transaction, then its outcome and the next attempt in one."""
    assert lease.tenant_id is not None
    with tenancy.enter(lease.tenant_id) as tenant:
        delivery = tenant.outgoing_deliveries.select_related("endpoint").filter(pk=int(lease.subject)).first()
    if delivery is None or delivery.state != State.WAITING:
        return
    body = orjson.dumps(delivery.body)
    began = time.monotonic()
    try:
        headers = signed(delivery.endpoint, delivery.message_id, body, timezone.now())
        answer = outbound.fetch(
            delivery.endpoint.url, method="POST", headers=headers, content=body, timeout=TIMEOUT
        )
        status, why = answer.status, "" if 200 <= answer.status < 300 else f"The server answered {answer.status}."
    except Problem as problem:
        status, why = None, problem.detail
    with tenancy.enter(lease.tenant_id) as tenant:
        _note(tenant, delivery.pk, status, why, seconds=time.monotonic() - began)
        lease.finish("default")


def _note(tenant: Tenant, delivery_id: int, status: int | None, why: str, *, seconds: float) -> None:
    row = tenant.outgoing_deliveries.select_for_update(of=("self",)).filter(pk=delivery_id).first()
    if row is None or row.state != State.WAITING:
        return
    now = timezone.now()
    line = {"at": now.isoformat(timespec="seconds"), "status": status, "seconds": round(seconds, 3), "why": why[:200]}
    row.attempts, row.attempts_log = row.attempts + 1, [*row.attempts_log, line][-LOGGED:]
    row.status, row.reason, row.next_at = status, why[:200], None
    if not why:
        row.state, row.ended_at = State.DELIVERED, now
        row.save()
        tenant.outgoing_endpoints.filter(pk=row.endpoint_id).update(failing_since=None)
        return
    tenant.outgoing_endpoints.filter(pk=row.endpoint_id, failing_since=None).update(failing_since=now)
    if status == GONE or row.attempts > len(WAITS):
        row.state, row.ended_at = State.FAILED, now
        row.save()
        _judge(tenant, row, now)
        return
    wait = WAITS[row.attempts - 1] * random.uniform(1.0, 1.2)  # noqa: S311  (jitter, so that many do not call at once)
    row.next_at = now + timedelta(seconds=wait)
    row.save()
    work.enqueue(tenant, outgoing.TASK, subject=row.pk, delay_seconds=wait)


def _judge(tenant: Tenant, delivery: OutgoingDelivery, now: datetime) -> None:
    """Switches the address off when it says that it is gone, or took nothing for days."""
    endpoint = tenant.outgoing_endpoints.get(pk=delivery.endpoint_id)
    if delivery.status == GONE:
        reason = "The server answered 410: the address is gone."
    elif endpoint.failing_since and now - endpoint.failing_since > timedelta(days=FAILING_DAYS):
        reason = f"Nothing was taken for {FAILING_DAYS} days. {delivery.reason}"
    else:
        return
    outgoing.switch_off(endpoint, by="LuxeBrain", reason=reason)
    occurrences.record(tenant, "outgoing.switched_off", subject=str(endpoint)[:160], facts={"reason": reason})
    notices.tell(
        tenant, "outgoing.switched_off", tone="warning", title="An outgoing webhook was switched off",
        text=f"{endpoint}: {reason}", path=f"/t/{tenant.slug}/outgoing/{endpoint.pk}", right="keys.read",
    )  # fmt: skip


def take_up_lost() -> int:
    """Deliveries that wait though their work was given up, all tenants'; how many were asked for again."""
    late = OutgoingDelivery.objects.across_tenants().filter(state=State.WAITING, next_at__lt=timezone.now() - LOST)
    found = list(late.values_list("tenant_id", "pk")[:500])
    for tenant_id, pk in found:
        with tenancy.enter(tenant_id) as tenant:
            work.enqueue(tenant, outgoing.TASK, subject=pk, key=f"outgoing-{pk}")
    return len(found)


def sweep() -> int:
    """Removes deliveries that ended more than 30 days ago; returns how many went."""
    over = OutgoingDelivery.objects.across_tenants().filter(ended_at__lt=timezone.now() - KEPT)
    return over.delete()[0]
