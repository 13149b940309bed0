"""The list of the messages that a shop was sent, as its own panel and the staff show it."""

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from luxebrain.lib.forms import FilterForm
from luxebrain.lib.pages import Column, ListPage
from tenants.models import OutgoingDelivery

TONES = {"waiting": "info", "delivered": "good", "failed": "bad"}


class DeliveryFilter(FilterForm):
    state = forms.ChoiceField(label="State", choices=[("", "All states"), *OutgoingDelivery.State.choices])


def listing(request: HttpRequest, rows: QuerySet[OutgoingDelivery], *, template: str) -> ListPage:
    """These messages without what they say, each with the `tone` of its state."""
    found = ListPage(
        request, rows.defer("body", "attempts_log"), template=template,
        columns=(Column("Message"), Column("State"), Column("Attempts", numeric=True), Column("Answer"),
                 Column("Made", "made")),
        search=("type", "message_id", "reason"), filters=DeliveryFilter, sorts={"made": ("created_at", "pk")},
        default_sort="-made", nouns=("message", "messages"),
    )  # fmt: skip
    for delivery in found.rows:
        delivery.tone = TONES[delivery.state]
    return found


def attempts(delivery: OutgoingDelivery) -> list[dict[str, Any]]:
    """Every attempt, the oldest first: at, status, seconds, why."""
    return [{**line, "at": datetime.fromisoformat(line["at"])} for line in delivery.attempts_log]


def staff_tabs(slug: str, current: str) -> list[dict[str, Any]]:
    """The two webhook logs of a shop in the back office; current: "received" or "sent"."""
    return [
        {"label": label, "url": reverse(name, args=[slug]), "current": tab == current}
        for tab, label, name in (
            ("received", "Received", "tenant-deliveries"), ("sent", "Sent", "tenant-sent"),
        )
    ]  # fmt: skip
