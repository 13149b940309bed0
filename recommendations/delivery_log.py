"""The list of a shop's webhook deliveries, as its own panel and the staff show it."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django import forms
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from luxebrain.lib.forms import FilterForm
from luxebrain.lib.pages import Column, ListPage
from recommendations import deliveries
from recommendations.models import WebhookReceipt
from recommendations.models.webhook import Source
from tenants.models import Tenant

State = WebhookReceipt.State
DAYS = 7
TONES = {
    State.RECEIVED: "info", State.APPLIED: "good", State.UNCHANGED: "neutral",
    State.REJECTED: "warning", State.FAILED: "bad",
}  # fmt: skip


class DeliveryFilter(FilterForm):
    state = forms.ChoiceField(label="State", choices=[("", "All states"), *State.choices])
    kind = forms.ChoiceField(label="Of", choices=[("", "Everything"), *WebhookReceipt.Kind.choices])
    source = forms.ChoiceField(label="From", choices=[("", "Any software"), *Source.choices])


def listing(request: HttpRequest, tenant: Tenant, *, template: str, page: str) -> ListPage:
    """The shop's deliveries without what came in them, each with the `tone` of its state and its `url` on this page."""
    found = ListPage(
        request,
        tenant.webhook_receipts.defer("payload", "reading", "headers"),
        template=template,
        columns=(Column("Delivery"), Column("State"), Column("What became of it"), Column("Received", "received")),
        search=("topic", "object_id", "reason", "request_id", "delivery_id"),
        filters=DeliveryFilter,
        sorts={"received": ("received_at", "pk")},
        default_sort="-received",
        nouns=("delivery", "deliveries"),
    )
    for receipt in found.rows:
        receipt.tone = TONES[receipt.state]
    _linked(found.rows, tenant, page)
    return found


def replays(receipt: WebhookReceipt, tenant: Tenant, *, page: str) -> list[WebhookReceipt]:
    """Those that this one was sent through again as, without what came; these and the one it is of have their `url`."""
    again = list(receipt.replays.only("pk", "state", "tenant_id").order_by("pk"))
    _linked([*again, *([receipt.replay_of] if receipt.replay_of else [])], tenant, page)
    return again


def _linked(receipts: Iterable[Any], tenant: Tenant, page: str) -> None:
    for receipt in receipts:
        receipt.url = reverse(page, args=[tenant.slug, receipt.pk])


def figures(tenant: Tenant) -> dict[str, Any]:
    """counts by state in the last `days`; share: of those worked on, how many were taken, None where there are none."""
    counts = deliveries.rate(tenant, since=timezone.now() - timedelta(days=DAYS))
    done = counts["total"] - counts[State.RECEIVED]
    share = (counts[State.APPLIED] + counts[State.UNCHANGED]) / done if done else None
    return {"counts": counts, "days": DAYS, "share": share}
