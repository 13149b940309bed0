"""Webhook deliveries: kept first, answered at once, applied by a worker, corrected and sent through again.

Pages may call: replay, replay_all, rate; and read `tenant.webhook_receipts`.
"""

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connections, transaction
from django.db.models import Count, F, JSONField, Q, Value
from django.db.models.functions import Now
from django.utils import timezone

from luxebrain.lib import jsonbody, logs, problems, redis
from recommendations.endpoints import Bound
from recommendations.models import WebhookEndpoint, WebhookReceipt
from recommendations.models.webhook import Source
from recommendations.storefronts import generic, masking, shopify, woocommerce
from recommendations.storefronts.reading import Reading, Unreadable
from recommendations.validator import InputValidator
from tenants import audit, tenancy, usage, work
from tenants.models import Tenant, User

TASK = "recommendations.apply_delivery"
MOST_WAITING = 5_000  # deliveries of a shop that no worker has seen yet
MOST_REPLAYED = 1_000  # by one click
State = WebhookReceipt.State
log = logs.get(__name__)
_READERS = {Source.WOOCOMMERCE: woocommerce.read, Source.SHOPIFY: shopify.read, Source.GENERIC: generic.read}
_KINDS = frozenset(WebhookReceipt.Kind.values)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One call of a shop's server, its signature checked. `body` are the bytes that were signed."""

    source: str
    topic: str
    body: bytes
    headers: Mapping[str, str]
    delivery_id: str = ""
    request_id: str = ""
    shop: str = ""


def receive(tenant_id: int, delivery: Delivery, *, endpoint_id: int, most_a_minute: int = 0) -> WebhookReceipt:
    """Keeps a delivery to an endpoint and the work that it causes in one transaction; returns its receipt.

    A repetition finds the receipt of the first. What cannot be read is kept as rejected. Raises Problem
    (429) when the shop sends more than its plan allows and will send again, or has too many waiting.
    """
    with tenancy.enter(tenant_id) as tenant:
        receipt = receive_within(tenant, delivery, endpoint_id=endpoint_id, most_a_minute=most_a_minute)
        _note_delivery(tenant, endpoint_id)
        if delivery.source == Source.SHOPIFY and delivery.topic == "app/uninstalled":
            # Not closed: what Shopify demands two days later (shop/redact) must still be heard.
            tenant.webhook_endpoints.filter(pk=endpoint_id).update(state=WebhookEndpoint.State.DISCONNECTED)
    return receipt


def receive_within(
    tenant: Tenant, delivery: Delivery, *, endpoint_id: int | None = None, most_a_minute: int = 0
) -> WebhookReceipt:
    """The same inside the tenant's transaction."""
    payload, reading, fault = read(delivery)
    _refuse_flood(tenant, delivery.source, most_a_minute)
    receipt, is_new = _keep(tenant, delivery, payload, reading, fault, endpoint_id=endpoint_id)
    if is_new and receipt.state == State.RECEIVED:
        work.enqueue(tenant, TASK, subject=receipt.pk)
    if is_new:
        transaction.on_commit(lambda: _count_new(tenant, receipt), using=tenant.alias, robust=True)
    return receipt


def _count_new(tenant: Tenant, receipt: WebhookReceipt) -> None:
    count(tenant, "webhooks")
    if receipt.state == State.REJECTED:
        count(tenant, "webhook_rejections")


def read(delivery: Delivery) -> tuple[Any, Reading | None, Unreadable | None]:
    """(payload, what it says, why it cannot be read)."""
    try:
        payload = jsonbody.decode(delivery.body)
    except ValueError as error:
        return {}, None, Unreadable("", str(error))
    try:
        return payload, _READERS[Source(delivery.source)](delivery.topic, payload, shop=delivery.shop), None
    except Unreadable as fault:
        return payload, None, fault


def _keep(
    tenant: Tenant,
    delivery: Delivery,
    payload: Any,
    reading: Reading | None,
    fault: Unreadable | None,
    *,
    endpoint_id: int | None,
) -> tuple[WebhookReceipt, bool]:
    """The receipt, and whether it is new. The unique digest decides, also between two calls at once."""
    receipt, is_new = tenant.webhook_receipts.get_or_create(
        source=delivery.source,
        digest=digest(delivery, reading),
        replay_of=None,
        defaults={
            "endpoint_id": endpoint_id,
            "topic": delivery.topic[:80],
            "delivery_id": delivery.delivery_id[:120],
            "payload": Value(None, JSONField()) if payload is None else masking.mask(payload),  # null is JSON too
            "headers": masking.headers(dict(delivery.headers)),
            "request_id": delivery.request_id,
            **_told(delivery.source, reading, fault),
        },
    )
    if not is_new:
        tenant.webhook_receipts.filter(pk=receipt.pk).update(duplicates=F("duplicates") + 1)
    return receipt, is_new


def _told(source: str, reading: Reading | None, fault: Unreadable | None) -> dict[str, Any]:
    """The fields of a receipt that follow from what the payload says."""
    if reading is None:
        assert fault is not None
        errors = [{"field": fault.field, "code": "unreadable", "message": fault.message}]
        return {"kind": WebhookReceipt.Kind.OTHER, **_rejected(errors)}
    told: dict[str, Any] = {
        "kind": reading.kind if reading.kind in _KINDS else WebhookReceipt.Kind.OTHER,
        "object_id": reading.object_id[:64],
    }
    if reading.action == "ignore":
        return told | {"state": State.UNCHANGED, "reason": reading.reason[:500], "processed_at": timezone.now()}
    if source == Source.GENERIC and reading.action == "upsert":
        # Anything may stand in a row of somebody's own; only what we know of it is kept uncovered.
        clean, errors, ignored = InputValidator.validate_webhook_data(reading.kind, reading.data)
        told["ignored"] = ignored
        if errors:
            return told | _rejected(errors)
        reading = replace(reading, data=clean)
    return told | {"reading": json.loads(json.dumps(asdict(reading), default=str))}


def _rejected(errors: list[dict[str, str]]) -> dict[str, Any]:
    reason = f"{errors[0]['field']}: {errors[0]['message']}".lstrip(": ")[:500]
    return {"state": State.REJECTED, "reason": reason, "errors": errors, "processed_at": timezone.now()}


def digest(delivery: Delivery, reading: Reading | None) -> bytes:
    """What makes two deliveries one. Vendors' delivery ids are not unique, their bodies carry their time; our
    own callers' ids are, and a body without a time may mean it again."""
    if delivery.source == Source.GENERIC:
        timed = reading is not None and reading.modified_at is not None
        mark = delivery.delivery_id or ("" if timed else uuid.uuid4().hex)
    else:
        # A deletion says no time: the second one of an object that came back is not the first.
        mark = delivery.delivery_id if reading is not None and reading.action == "delete" else ""
    content = b"" if delivery.source == Source.GENERIC and delivery.delivery_id else delivery.body
    return hashlib.sha256(b"\0".join((delivery.topic.encode(), mark.encode(), content))).digest()


def _refuse_flood(tenant: Tenant, source: str, most_a_minute: int) -> None:
    """WooCommerce never repeats and switches a hook off that fails: its deliveries wait. Others come again."""
    waiting = tenant.webhook_receipts.filter(state=State.RECEIVED).order_by()[: MOST_WAITING + 1].count()
    if waiting > MOST_WAITING:
        raise _too_many("Too many deliveries of this shop are waiting.", seconds=60)
    if most_a_minute and source != Source.WOOCOMMERCE:
        lately = tenant.webhook_receipts.filter(received_at__gt=Now() - timedelta(minutes=1)).order_by()
        if lately[: most_a_minute + 1].count() > most_a_minute:
            raise _too_many(f"More than {most_a_minute} deliveries a minute.", seconds=15)


def _too_many(detail: str, *, seconds: int) -> problems.Problem:
    return problems.Problem(
        f"{detail} Send it again in {seconds} s.",
        status=429,
        code="rate_limited",
        headers={"Retry-After": str(seconds)},
    )


def _note_delivery(tenant: Tenant, endpoint_id: int) -> None:
    """At most every five seconds, or a shop's deliveries would queue for one row."""
    due = Q(last_delivery_at=None) | Q(last_delivery_at__lt=Now() - timedelta(seconds=5))
    tenant.webhook_endpoints.filter(due, pk=endpoint_id).update(
        last_delivery_at=Now(), state=WebhookEndpoint.State.ACTIVE
    )


def count(tenant: Tenant, meter: str) -> None:
    """Counts for the usage page and the anomaly streams; a cache server that is away costs a count only."""
    try:
        usage.record(tenant, meter)
    except redis.Unreachable:
        log.warning("webhooks.not_counted", tenant_id=tenant.pk, meter=meter)


def forged(bound: Bound) -> None:
    """A delivery whose signature does not fit: nothing of it is kept but when and how often."""
    with tenancy.enter(bound.tenant_id) as tenant:
        due = Q(last_forgery_at=None) | Q(last_forgery_at__lt=Now() - timedelta(seconds=5))
        tenant.webhook_endpoints.filter(due, pk=bound.endpoint_id).update(last_forgery_at=Now())
    count(tenant, "webhook_forgeries")


def pinged(bound: Bound) -> None:
    with tenancy.enter(bound.tenant_id) as tenant:
        tenant.webhook_endpoints.filter(pk=bound.endpoint_id).update(last_ping_at=Now())


def replay(
    tenant: Tenant, receipt: WebhookReceipt, *, by: User | str | None, payload: Any = None
) -> WebhookReceipt:
    """Sends a delivery through again as a receipt of its own; `payload` is a corrected one.

    Raises Problem when a corrected payload cannot be read, Conflict while the delivery still waits.
    """
    if receipt.state == State.RECEIVED:
        raise problems.Conflict("This delivery has not been worked on yet.")
    fields: dict[str, Any] = {"kind": receipt.kind, "object_id": receipt.object_id, "reading": receipt.reading}
    if payload is not None or not receipt.reading:
        kept = receipt.payload if payload is None else payload
        reader = _READERS[Source(receipt.source)]
        shop = receipt.endpoint.shop_domain if receipt.endpoint else ""
        try:
            fields = _told(receipt.source, reader(receipt.topic, kept, shop=shop), None)
        except Unreadable as fault:
            raise problems.Problem("It cannot be read.", fields={fault.field or "payload": fault.message}) from None
    with tenant.atomic():
        again = tenant.webhook_receipts.create(
            endpoint=receipt.endpoint,
            source=receipt.source,
            topic=receipt.topic,
            delivery_id=receipt.delivery_id,
            digest=bytes(receipt.digest),
            payload=receipt.payload if payload is None else masking.mask(payload),
            headers=receipt.headers,
            replay_of=receipt,
            received_at=receipt.received_at if payload is None else timezone.now(),
            **fields,
        )
        if again.state == State.RECEIVED:
            work.enqueue(tenant, TASK, subject=again.pk)
        audit.record(tenant, "deliveries.replay", by=by, target=f"{receipt.topic} {receipt.object_id}".strip())
    return again


def replay_all(tenant: Tenant, *, by: User | str | None, **chosen: Any) -> int:
    """Sends every rejected or failed delivery that `chosen` (filters on receipts) names through again, the
    oldest first, at most 1,000 at a time; each once. Returns how many could be read."""
    settled = tenant.webhook_receipts.filter(state__in=(State.REJECTED, State.FAILED), replays=None, **chosen)
    sent = 0
    for receipt in settled.select_related("endpoint").order_by("received_at", "pk")[:MOST_REPLAYED]:
        try:
            replay(tenant, receipt, by=by)
        except problems.Problem:
            continue  # it still cannot be read, and says so itself
        sent += 1
    return sent


def settle_dead() -> int:
    """Marks deliveries failed whose work was given up, so that none waits for ever. Returns how many."""
    with connections["ops"].cursor() as cursor:
        cursor.execute(
            "update recommendations_webhookreceipt r set state = 'failed', processed_at = now(), "
            "reason = 'We could not apply it, five times over. We have noted the fault; send it through again later.' "
            "from tenants_work w where w.tenant_id = r.tenant_id and w.task = %s and w.subject = r.id::text "
            "and w.state = 'dead' and r.state = 'received'",
            [TASK],
        )
        return cursor.rowcount


def rate(tenant: Tenant, *, since: datetime) -> dict[str, int]:
    """Counts of deliveries by state since then, and under "total"; replays count for themselves."""
    rows = tenant.webhook_receipts.filter(received_at__gte=since).values("state").annotate(n=Count("pk")).order_by()
    found = {row["state"]: row["n"] for row in rows}
    return {**{state: found.get(state, 0) for state in State.values}, "total": sum(found.values())}
