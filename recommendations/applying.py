"""One kept delivery becomes rows: validated, in the order of the shop's own times, exactly once."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import connections
from django.utils import timezone

from luxebrain.lib import problems
from recommendations import ingest, rows, suppression
from recommendations.models import WebhookReceipt
from recommendations.storefronts.reading import instant
from recommendations.validator import InputValidator
from tenants import audit
from tenants.models import Tenant

State = WebhookReceipt.State
_TAKE = {"product": ingest.products, "customer": ingest.customers, "order": ingest.orders}
Erase = Callable[..., object]  # privacy.request_erasure, which stands above this
_KINDS = {"product": rows.PRODUCTS, "customer": rows.CUSTOMERS, "order": rows.ORDERS}


def apply(tenant: Tenant, receipt_id: int, *, erase: Erase) -> WebhookReceipt | None:
    """Applies the receipt inside the caller's transaction and writes what became of it; None if it was settled.

    Two workers with deliveries of one object take turns, or a late change could pass a deletion.
    `erase(tenant, customer, by=…)` is asked when the shop system demands that a customer be forgotten.
    """
    receipt = tenant.webhook_receipts.filter(pk=receipt_id).first()
    if receipt is None:
        return None
    _take_turn(tenant, f"{receipt.kind}|{receipt.object_id}")
    receipt = tenant.webhook_receipts.select_for_update().get(pk=receipt_id)
    if receipt.is_settled:
        return None
    receipt.attempts += 1
    try:
        with tenant.atomic():
            _apply(tenant, receipt, erase)
    except problems.Problem as problem:
        settle(receipt, State.REJECTED, problem.detail, errors=problem.errors)
    receipt.processed_at = timezone.now()
    receipt.save(update_fields=["state", "reason", "errors", "ignored", "attempts", "processed_at"])
    if _is_of_erased(tenant, receipt):
        _empty(tenant, receipt)
    return receipt


def _is_of_erased(tenant: Tenant, receipt: WebhookReceipt) -> bool:
    data = receipt.reading.get("data") or {}
    customer = receipt.object_id if receipt.kind in ("customer", "privacy") else data.get("customer_id", "")
    return bool(customer) and suppression.read(tenant).has(f"c:{customer}")


def _empty(tenant: Tenant, receipt: WebhookReceipt) -> None:
    """A delivery about an erased person is counted, and says nothing of them."""
    if receipt.kind in ("customer", "privacy"):
        tenant.tombstones.filter(kind="customer", external_id=receipt.object_id).delete()
        receipt.object_id = ""
    receipt.payload, receipt.reading, receipt.headers, receipt.errors = {}, {}, {}, []
    receipt.save(update_fields=["object_id", "payload", "reading", "headers", "errors"])


def settle(receipt: WebhookReceipt, state: str, reason: str = "", *, errors: Any = ()) -> None:
    receipt.state, receipt.reason, receipt.errors = state, reason[:500], list(errors)


def _take_turn(tenant: Tenant, of: str) -> None:
    with connections[tenant.alias].cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, %s))", [of, tenant.pk])


def _apply(tenant: Tenant, receipt: WebhookReceipt, erase: Erase) -> None:
    action = receipt.reading.get("action", "ignore")
    version = instant(receipt.reading.get("modified_at")) or receipt.received_at
    if action == "upsert":
        _upsert(tenant, receipt, version)
    elif action == "delete":
        _delete(tenant, receipt, version)
    elif receipt.kind == "privacy":
        _privacy(tenant, receipt, action, erase)
    else:
        settle(receipt, State.UNCHANGED, receipt.reading.get("reason") or "There is nothing to do.")


def _privacy(tenant: Tenant, receipt: WebhookReceipt, action: str, erase: Erase) -> None:
    """A customer is forgotten at once; what a person has to do is said, and never done by a delivery."""
    if action == "shop_redact":
        audit.record(tenant, "privacy.shop_erasure_demanded", by=receipt.get_source_display(), target=tenant.slug)
        settle(receipt, State.APPLIED, "Written into the audit trail: the platform erases the shop within 30 days.")
    elif not receipt.object_id:
        settle(receipt, State.UNCHANGED, receipt.reading.get("reason") or "The request names no customer.")
    elif action == "redact":
        erase(tenant, receipt.object_id, by=receipt.get_source_display())
        settle(receipt, State.APPLIED, "The erasure of the customer is under way; its proof stands under Privacy.")
    else:
        settle(receipt, State.APPLIED, "Noted. The customer asks for a copy of their data: make it under Privacy.")


def _upsert(tenant: Tenant, receipt: WebhookReceipt, version: datetime) -> None:
    """An older state than what is stored, or than a deletion, changes nothing."""
    clean, errors, receipt.ignored = InputValidator.validate_webhook_data(receipt.kind, receipt.reading["data"])
    if errors:
        settle(receipt, State.REJECTED, _first(errors), errors=errors)
        return
    grave = tenant.tombstones.filter(kind=receipt.kind, external_id=clean["id"]).first()
    if grave is not None and grave.deleted_at >= version:
        settle(receipt, State.UNCHANGED, "It was deleted after this.")
        return
    customer = clean.get("customer_id")
    if customer and tenant.tombstones.filter(kind="customer", external_id=customer).exists():
        clean.pop("customer_id")
    clean["updated_at"] = clean.get("updated_at") or min(version, timezone.now())
    result = _TAKE[receipt.kind](tenant, [clean], now=timezone.now())[0]
    if result["status"] == "refused":
        settle(receipt, State.REJECTED, _first(result["errors"]), errors=result["errors"])
        return
    if grave is not None:
        grave.delete()  # the shop brought it back
    done = State.UNCHANGED if result["status"] == "unchanged" else State.APPLIED
    note = receipt.reading.get("reason", "")
    told = {"created": "Stored.", "updated": "Changed."}.get(result["status"])
    settle(receipt, done, f"{told or result.get('reason') or 'Nothing had changed.'} {note}".strip())


def _delete(tenant: Tenant, receipt: WebhookReceipt, version: datetime) -> None:
    """Deletes what is there, and remembers when, for what arrives late."""
    kind, name = _KINDS[receipt.kind], receipt.object_id
    grave, is_new = tenant.tombstones.get_or_create(
        kind=receipt.kind, external_id=name, defaults={"deleted_at": version}
    )
    if not is_new and grave.deleted_at < version:
        grave.deleted_at = version
        grave.save(update_fields=["deleted_at"])
    try:
        row = kind.find(tenant, name, lock=True)
    except rows.NoSuchRow:
        settle(receipt, State.UNCHANGED, "There was nothing to delete.")
        return
    if row.source_updated_at is not None and row.source_updated_at > version:
        grave.delete()
        settle(receipt, State.UNCHANGED, "It was changed after this.")
        return
    kind.delete(tenant, row)
    settle(receipt, State.APPLIED, "Deleted.")


def _first(errors: list[dict[str, Any]]) -> str:
    first = errors[0]
    more = f" ({len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{first['field']}: {first['message']}{more}".lstrip(": ")
