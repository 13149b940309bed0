"""Setting up an experiment for a shop, by the platform's staff: first the shop, then the shop's own form."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luxebrain.lib.pages import render_page
from recommendations import experiment_setup
from tenants import tenancy
from tenants.access import shop_named, staff_page
from tenants.models import Tenant

MOST_SHOPS = 500  # choices; a page of a shop's versions leads to its form too


@staff_page(may="platform.write")
@require_safe
def choose(request: Any) -> HttpResponse:
    """Whose experiment it will be; with ?shop= at once to the form."""
    slug = request.GET.get("shop", "")
    if slug and _open().filter(slug=slug).exists():
        return redirect("tenant-experiment-new", slug)
    context = {"shops": _able().select_related("plan").order_by("name")[:MOST_SHOPS], "slug": slug}
    return render_page(request, "recommendations/experiment_shop.html", context, status=422 if slug else 200)


@staff_page(may="platform.write")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: Any, slug: str) -> HttpResponse:
    tenant = _shop(slug)
    around = experiment_setup.Around(
        layout="layouts/backoffice.html",
        forecast_url=reverse("tenant-experiment-forecast", args=[slug]),
        back_url=reverse("experiments"),
        one=lambda number: reverse("tenant-experiment", args=[slug, number]),
        plans_url=reverse("tenant", args=[slug]),
        plans_label="Change the plan",
        shop=tenant.name,
    )
    return experiment_setup.new(request, tenant, around)


@staff_page(may="platform.write")
@require_POST
def look_ahead(request: Any, slug: str) -> HttpResponse:
    return experiment_setup.look_ahead(request, _shop(slug))


def _able() -> Any:
    return _open().filter(plan__has_experiments=True)


def _open() -> Any:
    return tenancy.across().exclude(state=Tenant.State.CLOSED)


def _shop(slug: str) -> Tenant:
    """Not of one that is closed. Raises Http404."""
    tenant = shop_named(slug)
    if tenant.state == Tenant.State.CLOSED:
        raise Http404
    return tenant
