"""Setting up an experiment for a shop, by the platform's staff: first the shop, then the shop's own form."""

from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luxebrain.lib.pages import render_page
from recommendations import experiment_setup
from tenants import tenancy
from tenants.access import shop_named, staff_page
from tenants.models import Tenant
from tenants.picking import ShopField


class ShopForm(forms.Form):
    shop = ShopField(among="experiments", help_text="Only shops whose plan includes experiments.")


@staff_page(may="platform.write")
@require_safe
def choose(request: Any) -> HttpResponse:
    """Whose experiment it will be; with ?shop= at once to the form, which says so where the plan has none."""
    named = tenancy.named(request.GET.get("shop", ""))
    if named is not None and named.state != Tenant.State.CLOSED:
        return redirect("tenant-experiment-new", named.slug)
    form = ShopForm(request.GET or None)
    if form.is_valid():
        return redirect("tenant-experiment-new", form.cleaned_data["shop"].slug)
    status = 422 if form.errors else 200
    return render_page(request, "recommendations/experiment_shop.html", {"form": form}, status=status)


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


def _shop(slug: str) -> Tenant:
    """Not of one that is closed. Raises Http404."""
    tenant = shop_named(slug)
    if tenant.state == Tenant.State.CLOSED:
        raise Http404
    return tenant
