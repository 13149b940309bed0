"""The readiness page: what data is there, and what each kind of recommendation still needs."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from luxebrain.lib.pages import render_page
from recommendations import readiness as meter
from recommendations.panel import catalogue
from tenants.access import tenant_page

RIGHTS = {"catalogue": "catalogue.read", "orders": "catalogue.read", "api-keys": "keys.read"}


@require_safe
@tenant_page(may="catalogue.read")
def readiness(request: Any) -> HttpResponse:
    tenant, member = request.tenant, request.membership
    facts = meter.of(tenant)
    needs = meter.needs(facts)

    def page(name: str) -> str:
        return reverse(f"panel:{name}", kwargs={"slug": tenant.slug}) if member.may(RIGHTS[name]) else ""

    context = {
        "tabs": catalogue.tabs(request, "readiness"),
        "facts": facts,
        "shares": shares(facts),
        "needs": [{"need": need, "url": page(need.page)} for need in needs],
        "ready": sum(need.done for need in needs),
        "arrivals": meter.arrivals(tenant),
        "events": sorted(facts.events.items(), key=lambda kind: -kind[1]),
        "days": meter.EVENT_DAYS,
        "faults": tenant.data_findings.filter(state="open").count(),
        "bounds": {
            "products": facts.products >= meter.PRODUCTS_COUNTED,
            "customers": facts.customers >= meter.ORDERS_COUNTED,
            "orders": facts.orders >= meter.ORDERS_COUNTED,
            "events": facts.event_total >= meter.EVENTS_LOOKED_AT,
        },
    }
    return render_page(request, "recommendations/readiness.html", context)


def shares(facts: meter.Facts) -> list[dict[str, Any]]:
    """How much of the catalogue says what about itself."""
    parts = (
        ("For sale", facts.for_sale), ("With a picture", facts.pictured), ("With a price", facts.priced),
        ("With a description", facts.worded), ("With a category", facts.categorised),
    )
    return [{"label": label, "n": n, "share": n / facts.products} for label, n in parts if facts.products]
