"""The pages of webhook deliveries: what came, what became of it, and sending it through again."""

import json
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from luxebrain.lib import jsonbody, markup
from luxebrain.lib.pages import render_page
from luxebrain.lib.problems import Problem
from recommendations import deliveries as use
from recommendations import delivery_log, endpoints
from recommendations.models import WebhookReceipt
from recommendations.models.webhook import Source
from recommendations.panel.catalogue import tabs
from tenants.access import tenant_page

State = WebhookReceipt.State
KINDS = {"product": "product", "customer": "customer", "order": "order"}


@require_safe
@tenant_page(may="catalogue.read")
def deliveries(request: Any) -> HttpResponse:
    listing = delivery_log.listing(
        request, request.tenant, template="recommendations/deliveries.html", page="panel:delivery"
    )
    return listing.render({
        "tabs": tabs(request, "deliveries"),
        **delivery_log.figures(request.tenant),
        "again": request.tenant.webhook_receipts.filter(
            state__in=(State.REJECTED, State.FAILED), replays=None, **chosen(request.GET)
        ).count(),
        "chosen": chosen(request.GET).items(),
        "silent": endpoints.silent(request.tenant),
        "connect_url": reverse("panel:endpoints", kwargs={"slug": request.tenant.slug}),
        "may_write": request.membership.may("catalogue.write"),
        "may_connect": request.membership.may("keys.read"),
    })  # fmt: skip


def chosen(given: Any) -> dict[str, str]:
    """The kind and the source that the list is narrowed to."""
    allowed = {"kind": WebhookReceipt.Kind.values, "source": Source.values}
    return {name: given[name] for name, values in allowed.items() if given.get(name) in values}


@require_safe
@tenant_page(may="catalogue.read")
def delivery(request: Any, pk: int) -> HttpResponse:
    found = get_object_or_404(request.tenant.webhook_receipts.select_related("endpoint", "replay_of"), pk=pk)
    return page(request, found)


def page(request: Any, receipt: WebhookReceipt, *, payload: str | None = None, fault: str = "") -> HttpResponse:
    """One delivery; with `payload` and `fault` a correction that cannot be taken."""
    shown = json.dumps(receipt.payload, indent=2, ensure_ascii=False)
    kind = KINDS.get(receipt.kind)
    exists = kind and getattr(request.tenant, f"{kind}s").filter(external_id=receipt.object_id).exists()
    context = {
        "receipt": receipt,
        "tone": delivery_log.TONES[receipt.state],
        "payload": shown if payload is None else payload,
        "fault": fault,
        "headers": sorted(receipt.headers.items()),
        "replays": delivery_log.replays(receipt, request.tenant, page="panel:delivery"),
        "object_url": reverse(f"panel:{kind}", kwargs={"slug": request.tenant.slug, "external_id": receipt.object_id})
        if exists
        else "",
        "may_write": request.membership.may("catalogue.write"),
        "can_replay": receipt.is_settled and receipt.kind != "privacy",
        "under_way": not receipt.is_settled,
    }
    status = 422 if fault else 200
    return render_page(request, "recommendations/delivery.html", context, fragment="state", status=status)


@require_POST
@tenant_page(may="catalogue.write")
def replay(request: Any, pk: int) -> HttpResponse:
    """Through again, as it was or with a corrected payload."""
    found = get_object_or_404(request.tenant.webhook_receipts.select_related("endpoint"), pk=pk)
    text = request.POST.get("payload")
    try:
        corrected = None if text is None else jsonbody.decode(text.encode())
        unchanged = corrected == found.payload
        again = use.replay(request.tenant, found, by=request.user, payload=None if unchanged else corrected)
    except Problem as problem:
        told = "; ".join(f"{error['field']}: {error['message']}" for error in problem.errors)
        return page(request, found, payload=text, fault=told or problem.detail)
    except ValueError as error:
        return page(request, found, payload=text, fault=str(error))
    messages.success(request, "It was sent through again; this is the new delivery.")
    return redirect("panel:delivery", slug=request.tenant.slug, pk=again.pk)


@require_POST
@tenant_page(may="catalogue.write")
def replay_all(request: Any) -> HttpResponse:
    """What was rejected or failed and was not sent through again yet, of the kind that is shown; judged anew."""
    sent = use.replay_all(request.tenant, by=request.user, **chosen(request.POST))
    messages.success(request, f"{markup.plural(sent, 'delivery was,deliveries were')} sent through again.")
    return redirect("panel:deliveries", slug=request.tenant.slug)
