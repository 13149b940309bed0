"""The page of a shop's isolated model: what it takes, asking for it, every step, how the model does."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luxebrain.lib import pages
from luxebrain.lib.problems import Conflict, Problem
from modelregistry import eligibility, isolation_health, isolation_told, tabs
from modelregistry.eligibility import NotEligible
from modelregistry.isolation import TenantModelIsolation
from modelregistry.models import IsolationRequest
from tenants.access import tenant_page
from tenants.models import Tenant

TEMPLATE = "modelregistry/isolated.html"


@tenant_page(may="models.read")
@require_safe
def isolated(request: HttpRequest) -> HttpResponse:
    return _page(request)


@tenant_page(may="models.read")
@require_safe
def progress(request: HttpRequest) -> HttpResponse:
    """The part that is polled while the request is on its way; the whole page when a step was taken."""
    tenant = request.tenant  # type: ignore[attr-defined]
    row = TenantModelIsolation(tenant).latest()
    if not pages.wants_fragment(request):
        return redirect("panel:isolation", slug=tenant.slug)
    if row is None or request.GET.get("state") != row.state:
        response = HttpResponse()
        response["HX-Refresh"] = "true"
        return response
    context = {"row": row, "progress": isolation_told.progress(tenant), "is_moving": True}
    return pages.render_page(request, TEMPLATE, context, fragment="progress")


@tenant_page(may="models.write")
@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    tenant, reason = request.tenant, request.POST.get("reason", "")  # type: ignore[attr-defined]
    try:
        TenantModelIsolation(tenant).request(reason=reason, by=request.user)  # type: ignore[arg-type]
    except (Conflict, NotEligible) as problem:
        messages.error(request, problem.words)
        return _back(tenant)
    except Problem as problem:
        return _page(request, problem=problem, said=reason)
    messages.success(request, "Your request was sent. You see here what becomes of it.")
    return _back(tenant)


@tenant_page(may="models.write")
@require_http_methods(["GET", "POST"])
def cancel(request: HttpRequest) -> HttpResponse:
    tenant = request.tenant  # type: ignore[attr-defined]
    isolated = TenantModelIsolation(tenant)
    row = isolated.current()
    if row is None:
        messages.error(request, "There is no request to withdraw.")
        return _back(tenant)
    if request.method == "GET":
        return pages.render_confirm(
            request, layout="layouts/panel.html", title="Withdraw the request?", text="You can ask again at any time.",
            button="Withdraw", action=request.path, back=reverse("panel:isolation", args=[tenant.slug]), danger=True,
        )
    try:
        isolated.cancel(row, by=request.user)  # type: ignore[arg-type]
        messages.success(request, "The request was withdrawn.")
    except Problem as problem:
        messages.error(request, problem.detail)
    return _back(tenant)


def _page(request: HttpRequest, *, problem: Problem | None = None, said: str = "") -> HttpResponse:
    tenant = request.tenant  # type: ignore[attr-defined]
    isolated = TenantModelIsolation(tenant)
    checks, row = isolated.checklist(), isolated.latest()
    health = isolation_health.of(tenant)
    context = {
        "tabs": tabs.of_tenant(tenant.slug, "Isolated model"),
        "row": row,
        "checks": [{"label": check.label, "done": check.is_met, "note": check.text} for check in checks],
        "orders": next(check for check in checks if check.name == "orders"),
        "is_allowed": tenant.plan.has_isolated_model,
        "plans": eligibility.plans_that_allow(),
        "may_ask": request.membership.may("models.write"),  # type: ignore[attr-defined]
        "can_ask": all(check.is_met for check in checks) and (row is None or row.state not in IsolationRequest.OPEN),
        "problem": problem,
        "said": said,
        **_way(tenant, row),
        **_model(health),
    }
    return pages.render_page(request, TEMPLATE, context, status=422 if problem else 200)


def _way(tenant: Tenant, row: IsolationRequest | None) -> dict[str, Any]:
    """The request as a timeline; `is_moving` while the next step comes by itself."""
    if row is None:
        return {"steps": [], "ahead": [], "is_moving": False}
    return {
        "tone": isolation_told.tone(row),
        "answer": isolation_told.answer(row),
        "steps": isolation_told.steps(row),
        "ahead": isolation_told.ahead(row),
        "is_moving": row.state in ("requested", "approved", "training"),
        "progress": isolation_told.progress(tenant),
    }


def _model(health: isolation_health.Health | None) -> dict[str, Any]:
    return {"health": health, "figures": isolation_told.figures(health) if health else []}


def _back(tenant: Tenant) -> HttpResponse:
    return redirect("panel:isolation", slug=tenant.slug)
