"""Outgoing webhooks: the addresses of a shop that are told what happened, in the Standard Webhooks format.

`emit` writes one delivery per address that wants the type, in the transaction of its cause; a worker sends
it (tenants/delivering.py). The body is {"type", "timestamp", "data"}; the headers are webhook-id,
webhook-timestamp and webhook-signature (v1, HMAC-SHA256), as https://www.standardwebhooks.com describes.
"""

import uuid
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from luxebrain.lib import outbound, sealed, webhooks
from luxebrain.lib.problems import Conflict, NotFound, Problem
from tenants import audit, work
from tenants.models import OutgoingDelivery, OutgoingEndpoint, Tenant, User
from tenants.models.outgoing import PURPOSE

TASK = "tenants.deliver"
MOST = 10  # addresses of a shop
GRACE = timedelta(hours=24)
TEST = "webhook.test"
TYPES: dict[str, str] = {}  # what may be asked for: type → what it says; parts above add theirs
State = OutgoingDelivery.State


def announce(type: str, label: str) -> None:
    """Names a type of message that a shop may want, once, when the part that sends it is loaded."""
    TYPES[type] = label


def open(tenant: Tenant, *, url: str, name: str = "", types: Iterable[str] = (), by: User) -> tuple[
    OutgoingEndpoint, str
]:
    """A new address and its secret, which is shown now and never again. Raises Problem with a reason per field."""
    clean = _checked(url=url, name=name, types=types)
    if tenant.outgoing_endpoints.count() >= MOST:
        raise Conflict(f"A shop has at most {MOST} addresses. Remove one first.")
    secret = webhooks.new_secret()
    row = tenant.outgoing_endpoints.create(
        **clean, created_by=by, sealed_secret=sealed.seal(secret, purpose=PURPOSE)
    )
    audit.record(tenant, "outgoing.opened", by=by, target=str(row), details={"types": row.types})
    return row, secret


def change(row: OutgoingEndpoint, *, url: str, name: str, types: Iterable[str], by: User) -> None:
    """Raises Problem with a reason per field."""
    clean = _checked(url=url, name=name, types=types)
    for field, value in clean.items():
        setattr(row, field, value)
    row.save(update_fields=list(clean))
    audit.record(row.tenant, "outgoing.changed", by=by, target=str(row), details={"types": row.types})


def _checked(*, url: str, name: str, types: Iterable[str]) -> dict[str, Any]:
    wrong: dict[str, str] = {}
    try:
        outbound.check_address(url.strip())
    except ValidationError as refused:
        wrong["url"] = " ".join(refused.messages)
    if len(url) > 1000:
        wrong["url"] = "Must be at most 1000 characters long."
    chosen = list(dict.fromkeys(types))
    if unknown := [one for one in chosen if one not in TYPES]:
        wrong["types"] = f"There is no message {', '.join(str(one)[:60] for one in unknown[:5])}."
    if len(name) > 80 or not name.isprintable():
        wrong["name"] = "Must be at most 80 visible characters."
    if wrong:
        raise Problem("Some fields are not right.", fields=wrong)
    return {"url": url.strip(), "name": name.strip(), "types": chosen}


def rotate(row: OutgoingEndpoint, *, by: User, grace: timedelta = GRACE) -> str:
    """A new secret, shown now and never again. The old one signs beside it for `grace` more."""
    secret = webhooks.new_secret()
    row.sealed_previous, row.previous_ends_at = row.sealed_secret, timezone.now() + grace
    row.sealed_secret = sealed.seal(secret, purpose=PURPOSE)
    row.save(update_fields=["sealed_secret", "sealed_previous", "previous_ends_at"])
    audit.record(row.tenant, "outgoing.rotated", by=by, target=str(row))
    return secret


def switch_on(row: OutgoingEndpoint, *, by: User) -> None:
    """What was emitted while it was off is not sent later; what waits is."""
    row.state, row.reason, row.failing_since = OutgoingEndpoint.State.ON, "", None
    row.save(update_fields=["state", "reason", "failing_since"])
    audit.record(row.tenant, "outgoing.switched_on", by=by, target=str(row))


def switch_off(row: OutgoingEndpoint, *, by: User | str | None, reason: str = "Switched off by a member.") -> None:
    row.state, row.reason = OutgoingEndpoint.State.OFF, reason[:200]
    row.save(update_fields=["state", "reason"])
    row.deliveries.filter(state=State.WAITING).update(
        state=State.FAILED, reason="The address was switched off.", next_at=None, ended_at=timezone.now()
    )
    audit.record(row.tenant, "outgoing.switched_off", by=by, target=str(row), reason=reason)


def remove(row: OutgoingEndpoint, *, by: User) -> None:
    """Ends the address and forgets its log."""
    audit.record(row.tenant, "outgoing.removed", by=by, target=str(row))
    row.deliveries.all().delete()
    row.delete()


def emit(tenant: Tenant, type: str, payload: Mapping[str, Any]) -> int:
    """Tells every address that wants this type; how many. In the caller's transaction, inside the tenant."""
    message_id, now = f"msg_{uuid.uuid4().hex}", timezone.now()
    rows = [
        row for row in tenant.outgoing_endpoints.filter(state=OutgoingEndpoint.State.ON)
        if not row.types or type in row.types
    ]  # fmt: skip
    for row in rows:
        _deliver(row, message_id, type, _body(type, payload, now))
    return len(rows)


def send_test(row: OutgoingEndpoint, *, by: User) -> OutgoingDelivery:
    """Sends a message that says nothing, so that the shop can see whether it arrives. Raises Conflict."""
    if row.state != OutgoingEndpoint.State.ON:
        raise Conflict("The address is switched off. Switch it on first.")
    said = {"message": "This is a test. Nothing happened.", "sent_by": str(by)}
    return _deliver(row, f"msg_{uuid.uuid4().hex}", TEST, _body(TEST, said, timezone.now()))


def replay(tenant: Tenant, delivery_id: int, *, by: User) -> OutgoingDelivery:
    """The same message once more, under its own id, so that a careful receiver knows it. Raises NotFound, Conflict."""
    old = tenant.outgoing_deliveries.select_related("endpoint").filter(pk=delivery_id).first()
    if old is None:
        raise NotFound("There is no such delivery.")
    if old.state == State.WAITING:
        raise Conflict("It is still being delivered.")
    if old.endpoint.state != OutgoingEndpoint.State.ON:
        raise Conflict("The address is switched off. Switch it on first.")
    audit.record(tenant, "outgoing.replayed", by=by, target=old.message_id)
    return _deliver(old.endpoint, old.message_id, old.type, old.body)


def _body(type: str, payload: Mapping[str, Any], now: Any) -> dict[str, Any]:
    return {"type": type, "timestamp": now.isoformat(), "data": dict(payload)}


def _deliver(row: OutgoingEndpoint, message_id: str, type: str, body: dict[str, Any]) -> OutgoingDelivery:
    delivery = row.tenant.outgoing_deliveries.create(
        endpoint=row, message_id=message_id, type=type, body=body, next_at=timezone.now()
    )
    work.enqueue(row.tenant, TASK, subject=delivery.pk)
    return delivery

