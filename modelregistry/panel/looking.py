"""Pages of a shop's models to look at: measures over time, two versions side by side, what was live."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from luxebrain.lib import pages
from modelregistry import dossier, facts, graphs, labels, lineage, tabs
from tenants.access import tenant_page
from tenants.models import Tenant


@tenant_page(may="models.read")
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    tenant = request.tenant  # type: ignore[attr-defined]
    context = {
        **graphs.over_time(tenant, dossier.days_of(request.GET.get("days", "")), facts.chart(tenant)),
        "tabs": tabs.of_tenant(tenant.slug, "Metrics"),
        "periods": dossier.PERIODS,
    }
    return pages.render_page(request, "modelregistry/metrics.html", context)


@tenant_page(may="models.read")
@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    tenant = request.tenant  # type: ignore[attr-defined]
    context = {
        **dossier.chosen(tenant, request.GET),
        "tabs": tabs.of_tenant(tenant.slug, "Compare"),
        "action": request.path,
    }
    return pages.render_page(request, "modelregistry/compare.html", context)


@tenant_page(may="models.read")
@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    context = {"terms": labels.terms(), "tabs": tabs.of_tenant(request.tenant.slug, "Terms")}  # type: ignore[attr-defined]
    return pages.render_page(request, "modelregistry/terms.html", {**context, "layout": "layouts/panel.html"})


@tenant_page(may="models.read")
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """What served at the moment asked for, and every stretch of service."""
    tenant = request.tenant  # type: ignore[attr-defined]
    found = dossier.live(tenant, request.GET.get("at", ""))
    context = {
        "live": found,
        "spells": lineage.spells(tenant),
        "tabs": tabs.of_tenant(tenant.slug, "Versions"),
        "action": request.path,
        "version_url": _version_url(tenant, found),
    }
    return pages.render_page(request, "modelregistry/live.html", context, status=422 if found["wrong"] else 200)


def _version_url(tenant: Tenant, found: dict[str, Any]) -> str:
    if found["spell"] is None:
        return ""
    return reverse("panel:model-version", kwargs={"slug": tenant.slug, "number": found["spell"].version.number})
