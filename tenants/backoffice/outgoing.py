"""The staff's look at the messages that one shop was sent. What one says is shown for a reason, which is kept."""

import json
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from luxebrain.lib.pages import render_page
from tenants import inside, outgoing_log
from tenants.access import may_operate, shop_named, staff_page
from tenants.models import OutgoingDelivery, OutgoingEndpoint

SEEN = "What was sent is shown as it is. Your name and the reason are kept."


def host(row: OutgoingEndpoint) -> str:
    """Where to, without the path, which may hold a secret of the shop's."""
    return urlsplit(row.url).hostname or ""


@require_safe
@staff_page()
def sent(request: Any, slug: str) -> HttpResponse:
    shop = shop_named(slug)
    rows = shop.outgoing_deliveries.select_related("endpoint")
    listing = outgoing_log.listing(request, rows, template="tenants/backoffice/sent.html")
    for row in listing.rows:
        row.host = host(row.endpoint)
    addresses = list(shop.outgoing_endpoints.all())
    for address in addresses:
        address.host = host(address)
    tabs = outgoing_log.staff_tabs(slug, "sent")
    return listing.render({"shop": shop, "tabs": tabs, "addresses": addresses})


@require_safe
@staff_page()
def message(request: Any, slug: str, pk: int) -> HttpResponse:
    shop = shop_named(slug)
    rows = shop.outgoing_deliveries.select_related("endpoint").defer("body")
    return _page(request, shop, get_object_or_404(rows, pk=pk), body="")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(may="platform.write")
def look_inside(request: Any, slug: str, pk: int) -> HttpResponse:
    """What was sent, after the question why; a line of the shop's audit trail says who asked."""
    shop = shop_named(slug)
    row = get_object_or_404(shop.outgoing_deliveries.select_related("endpoint"), pk=pk)
    answer = inside.asked(
        request, shop, "outgoing.looked_inside", target=f"{row.type} {row.message_id}",
        title=f"See what {shop.name} was sent?", text=SEEN, back=reverse("tenant-sent-message", args=[slug, pk]),
    )  # fmt: skip
    if answer is not None:
        return answer
    return _page(request, shop, row, body=json.dumps(row.body, indent=2, ensure_ascii=False))


def _page(request: Any, shop: Any, row: OutgoingDelivery, *, body: str) -> HttpResponse:
    context = {
        "shop": shop,
        "delivery": row,
        "host": host(row.endpoint),
        "tone": outgoing_log.TONES[row.state],
        "attempts": outgoing_log.attempts(row),
        "body": body,
        "seen": SEEN,
        "may_write": may_operate(request),
    }
    return render_page(request, "tenants/backoffice/sent_message.html", context)
