"""Pages of a shop's models to look at: measures over time, two versions side by side, what was live."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from luxebrain.lib import pages
from modelregistry import dossier, facts, graphs, lineage, tabs, versions
from tenants.access import tenant_page
from tenants.models import Tenant


@tenant_page(may="models.read")
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    tenant = request.tenant  # type: ignore[attr-defined]
    context = over_time(tenant, dossier.days_of(request.GET.get("days", "")))
    context["tabs"] = tabs.of_tenant(tenant.slug, "Metrics")
    return pages.render_page(request, "modelregistry/metrics.html", context)


def over_time(tenant: Tenant, days: int) -> dict[str, Any]:
    """Every measure of the shop's versions by day, and the quality over versions."""
    spread = graphs.days(tenant, days)
    return {
        "online": [graphs.daily(tenant, metric, spread) for metric in ("ctr", "cart_rate", "conversion")],
        "logged": [graphs.measured(tenant, metric, spread) for metric in ("coverage", "score_shift", "fallback_share")],
        "quality": facts.chart(tenant),
        "days": days,
        "periods": dossier.PERIODS,
        "window_hours": tenant.attribution_hours,
    }


@tenant_page(may="models.read")
@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    tenant = request.tenant  # type: ignore[attr-defined]
    context = {
        **side_by_side(tenant, request),
        "tabs": tabs.of_tenant(tenant.slug, "Compare"),
        "action": request.path,
    }
    return pages.render_page(request, "modelregistry/compare.html", context)


def side_by_side(tenant: Tenant, request: HttpRequest) -> dict[str, Any]:
    """The two versions that the address names; without names the one in service and the one before it."""
    choices = list(tenant.model_versions.filter(model=settings.MODEL_NAME).order_by("-number"))
    chosen = [request.GET.get(name, "") for name in ("a", "b")]
    if all(chosen):
        pair = [versions.find(tenant, int(one) if one.isdecimal() and len(one) < 10 else 0) for one in chosen]
    else:
        pair = usual(tenant, choices)
    if len(pair) < 2:
        return {"choices": choices}
    days = dossier.days_of(request.GET.get("days", ""))
    return {"choices": choices, **dossier.compare(tenant, pair[0], pair[1], days=days)}


def usual(tenant: Tenant, choices: list[Any]) -> list[Any]:
    """The version before the one in service and that one; else the newest two; fewer when there are fewer."""
    now, before = lineage.champion(tenant), lineage.previous(tenant)
    if now and before:
        return [before, now]
    return choices[:2][::-1]


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
