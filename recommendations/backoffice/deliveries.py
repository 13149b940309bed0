"""The staff's look at the webhook deliveries of one shop. What came in one is shown for a reason, which is kept."""

import json
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from luxebrain.lib.pages import render_confirm, render_page
from recommendations import delivery_log, endpoints
from recommendations.models import WebhookReceipt
from tenants import audit, outgoing_log
from tenants.access import may_operate, shop_named, staff_page

SEEN = "What came is shown with names, addresses and secrets covered. Your name and the reason are kept."


@require_safe
@staff_page()
def deliveries(request: Any, slug: str) -> HttpResponse:
    shop = shop_named(slug)
    listing = delivery_log.listing(request, shop, template="recommendations/shop_deliveries.html")
    return listing.render({
        "shop": shop,
        "tabs": outgoing_log.staff_tabs(slug, "received"),
        "addresses": shop.webhook_endpoints.order_by("pk"),
        "silent": {endpoint.pk for endpoint in endpoints.silent(shop)},
        **delivery_log.figures(shop),
    })  # fmt: skip


@require_safe
@staff_page()
def delivery(request: Any, slug: str, pk: int) -> HttpResponse:
    shop = shop_named(slug)
    rows = shop.webhook_receipts.select_related("endpoint", "replay_of").defer("payload", "reading", "headers")
    return _page(request, shop, get_object_or_404(rows, pk=pk), payload="")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(may="platform.write")
def look_inside(request: Any, slug: str, pk: int) -> HttpResponse:
    """What came, after the question why; a line of the shop's audit trail says who asked."""
    shop = shop_named(slug)
    found = get_object_or_404(shop.webhook_receipts.select_related("endpoint", "replay_of"), pk=pk)
    back = reverse("tenant-delivery", args=[slug, pk])
    if request.method != "POST":
        return render_confirm(
            request, layout="layouts/backoffice.html", title=f"See what {shop.name} sent?", text=SEEN,
            button="Show it", action=request.path, back=back, reason="Why",
        )  # fmt: skip
    reason = request.POST.get("reason", "").replace("\x00", "").strip()
    if not reason:
        messages.error(request, "It is not shown: say why you need it.")
        return redirect(back)
    target = f"delivery {found.pk}: {found}"
    audit.record(shop, "deliveries.looked_inside", by=request.user, target=target, reason=reason)
    return _page(request, shop, found, payload=json.dumps(found.payload, indent=2, ensure_ascii=False))


def _page(request: Any, shop: Any, receipt: WebhookReceipt, *, payload: str) -> HttpResponse:
    context = {
        "shop": shop,
        "receipt": receipt,
        "tone": delivery_log.TONES[receipt.state],
        "payload": payload,
        "seen": SEEN,
        "replays": receipt.replays.only("pk", "state", "tenant_id").order_by("pk"),
        "may_write": may_operate(request),
    }
    return render_page(request, "recommendations/shop_delivery.html", context)
