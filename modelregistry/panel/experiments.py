"""Experiments of a shop: the list, one with its figures, and what may be done with it."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from modelregistry import experiment_pages as pages
from modelregistry import experiment_plans
from tenants.access import tenant_page

LAYOUT = "layouts/panel.html"


@tenant_page(may="models.read")
@require_safe
def index(request: Any) -> HttpResponse:
    tenant, slug = request.tenant, request.tenant.slug
    refusal = "" if experiment_plans.includes(tenant) else experiment_plans.reason(tenant)
    return pages.index(
        request, tenant.experiments.all(), template="modelregistry/experiments.html", shop=False,
        address=lambda one: reverse("panel:experiment", args=[slug, one.number]),
        more={"may_write": request.membership.may("models.write") and not refusal, "plan_refusal": refusal},
    )  # fmt: skip


@tenant_page(may="models.read")
@require_safe
def detail(request: Any, number: int) -> HttpResponse:
    slug = request.tenant.slug

    def address(verb: str) -> str:
        return reverse(f"panel:experiment-{'share' if verb == 'share' else 'act'}",
                       args=[slug, number] if verb == "share" else [slug, number, verb])  # fmt: skip

    return pages.show(
        request, pages.find(request.tenant, number), layout=LAYOUT, address=address,
        may_write=request.membership.may("models.write"), back=reverse("panel:experiments", args=[slug]),
    )  # fmt: skip


@tenant_page(may="models.write")
@require_http_methods(["GET", "POST"])
def act(request: Any, number: int, verb: str) -> HttpResponse:
    slug = request.tenant.slug
    return pages.perform(
        request, pages.find(request.tenant, number), verb, layout=LAYOUT,
        back=reverse("panel:experiment", args=[slug, number]), index=reverse("panel:experiments", args=[slug]),
    )  # fmt: skip


@tenant_page(may="models.write")
@require_POST
def share(request: Any, number: int) -> HttpResponse:
    pages.move_share(request, pages.find(request.tenant, number))
    return redirect("panel:experiment", request.tenant.slug, number)
