"""The staff's look at the webhook deliveries of one shop. What came in one is shown for a reason, which is kept."""

import json
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from luxebrain.lib.pages import render_page
from recommendations import delivery_log, endpoints
from recommendations.models import WebhookReceipt
from tenants import inside, outgoing_log
from tenants.access import may_operate, shop_named, staff_page

SEEN = "What came is shown with names, addresses and secrets covered. Your name and the reason are kept."


@require_safe
@staff_page()
def deliveries(request: Any, slug: str) -> HttpResponse:
    shop = shop_named(slug)
    listing = delivery_log.listing(
        request, shop, template="recommendations/shop_deliveries.html", page="tenant-delivery"
    )
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
    answer = inside.asked(
        request, shop, "deliveries.looked_inside", target=f"delivery {found.pk}: {found}",
        title=f"See what {shop.name} sent?", text=SEEN, back=reverse("tenant-delivery", args=[slug, pk]),
    )  # fmt: skip
    if answer is not None:
        return answer
    return _page(request, shop, found, payload=json.dumps(found.payload, indent=2, ensure_ascii=False))


def _page(request: Any, shop: Any, receipt: WebhookReceipt, *, payload: str) -> HttpResponse:
    context = {
        "shop": shop,
        "receipt": receipt,
        "tone": delivery_log.TONES[receipt.state],
        "payload": payload,
        "seen": SEEN,
        "replays": delivery_log.replays(receipt, shop, page="tenant-delivery"),
        "may_write": may_operate(request),
    }
    return render_page(request, "recommendations/shop_delivery.html", context)
