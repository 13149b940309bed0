"""The queue of isolation requests: the facts to decide by, and everything that can be done with one."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Case, IntegerField, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luxebrain.lib import pages
from luxebrain.lib.forms import FilterForm
from luxebrain.lib.pages import Column, ListPage
from luxebrain.lib.problems import Problem
from modelregistry import eligibility, isolation_health, isolation_told, tabs
from modelregistry.isolation import TenantModelIsolation
from modelregistry.models import IsolationRequest
from tenants import tenancy
from tenants.access import may_operate, staff_page
from tenants.models import Tenant
from tenants.picking import ShopField

LAYOUT = "layouts/backoffice.html"


class ShopForm(forms.Form):
    tenant = ShopField(among="open")


class StateFilter(FilterForm):
    state = forms.ChoiceField(label="State", choices=[("", "Any state"), *IsolationRequest.State.choices])


@staff_page(may="platform.read")
@require_safe
def requests(request: HttpRequest) -> HttpResponse:
    waiting = Case(When(state="requested", then=Value(0)), default=Value(1), output_field=IntegerField())
    rows = IsolationRequest.objects.across_tenants().select_related("tenant__plan", "requested_by")
    listing = ListPage(
        request,
        rows.annotate(turn=waiting),
        template="modelregistry/isolation_requests.html",
        columns=[
            Column("Shop", sort="shop"), Column("State", sort="state"), Column("Plan"),
            Column("Orders", numeric=True), Column("Customers", numeric=True), Column("Events", numeric=True),
            Column("Asked", sort="asked"), Column("Last step", sort="moved"),
        ],
        search=("tenant__name", "tenant__slug", "reason"),
        filters=StateFilter,
        sorts={"shop": "tenant__name", "state": ("turn", "-created_at"), "asked": "created_at", "moved": "moved_at"},
        default_sort="state",
        nouns=("request", "requests"),
    )
    told = [{"row": row, "tone": isolation_told.tone(row), "facts": row.facts} for row in listing.rows]
    return listing.render({"tabs": tabs.of_staff("Isolated models"), "rows": told, "may_write": may_operate(request)})


@staff_page(may="platform.read")
@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, pk)


@staff_page(may="platform.read")
@require_safe
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The part that is polled while a training is under way; the whole page when a step was taken."""
    row, isolated = _found(pk)
    if not pages.wants_fragment(request):
        return redirect("isolation-request", pk=pk)
    now = isolation_told.progress(isolated.tenant)
    if request.GET.get("state") != row.state or (now is None and row.state == "serving"):
        response = HttpResponse()
        response["HX-Refresh"] = "true"
        return response
    context = {"row": row, "progress": now, "is_moving": True}
    return pages.render_page(request, "modelregistry/isolation_request.html", context, fragment="progress")


@staff_page(may="platform.write")
@require_http_methods(["GET", "POST"])
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    row, isolated = _found(pk)
    return _act(
        request, row, lambda: isolated.approve(row, by=request.user),  # type: ignore[arg-type]
        done=f"{isolated.tenant} was approved. The training starts within seconds.",
        title=f"Approve the isolated model of {isolated.tenant}?", button="Approve",
        text="The training starts at once. Its model goes into service by itself if it is not worse.",
    )


@staff_page(may="platform.write")
@require_http_methods(["GET", "POST"])
def decline(request: HttpRequest, pk: int) -> HttpResponse:
    row, isolated = _found(pk)
    reason = request.POST.get("reason", "")
    return _act(
        request, row, lambda: isolated.decline(row, by=request.user, reason=reason),  # type: ignore[arg-type]
        done=f"The request of {isolated.tenant} was declined.", title=f"Decline the request of {isolated.tenant}?",
        button="Decline", text="The shop goes on with the shared model.", danger=True, reason="Why (the shop reads it)",
    )


@staff_page(may="platform.write")
@require_POST
def retrain(request: HttpRequest, pk: int) -> HttpResponse:
    row, isolated = _found(pk)
    return _act(
        request, row, lambda: isolated.retrain(row, by=request.user),  # type: ignore[arg-type]
        done="The training was asked for. It starts within seconds.",
    )


@staff_page(may="platform.write")
@require_http_methods(["GET", "POST"])
def disable(request: HttpRequest, pk: int) -> HttpResponse:
    row, isolated = _found(pk)
    reason = request.POST.get("reason", "")
    return _act(
        request, row, lambda: isolated.disable(row, by=request.user, reason=reason),  # type: ignore[arg-type]
        done=f"{isolated.tenant} is served by the shared model again.",
        title=f"Disable the isolated model of {isolated.tenant}?", button="Disable",
        text="The shared model serves with the next call. The files stay for the grace period.", danger=True,
        reason="Why (the shop reads it)",
    )


@staff_page(may="platform.write")
@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    row, isolated = _found(pk)
    slug = isolated.tenant.slug

    def do() -> None:
        if request.POST.get("typed", "").strip() != slug:
            raise Problem(f"Type {slug} to delete the files.", fields={"typed": f"Type {slug}."})
        isolated.delete(row, by=request.user)  # type: ignore[arg-type]

    return _act(
        request, row, do, done="The files of the isolated model were deleted.",
        title=f"Delete the isolated model of {isolated.tenant}?", button="Delete",
        text="The files of all its isolated versions go for good. What was measured of them stays.", danger=True,
        type=slug,
    )


@staff_page(may="platform.write")
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Choose a shop, see whether it could have one, and create it."""
    shop = ShopForm(request.POST or request.GET or None)
    tenant = shop.cleaned_data["tenant"] if shop.is_valid() else None
    problem = None
    if request.method == "POST" and tenant is not None:
        try:
            reason = request.POST.get("reason", "")
            row = TenantModelIsolation(tenant).create_tenant_model(by=request.user, reason=reason)  # type: ignore[arg-type]
            messages.success(request, "The isolated model was created. Its training starts within seconds.")
            return redirect("isolation-request", pk=row.pk)
        except Problem as found:
            problem = found
    context: dict[str, Any] = {
        "shop": shop, "chosen": tenant, "problem": problem, "said": request.POST.get("reason", ""),
    }
    if tenant is not None:
        context |= {**_conditions(tenant), "open": TenantModelIsolation(tenant).current()}
    bad = problem is not None or (shop.is_bound and tenant is None)
    return pages.render_page(request, "modelregistry/isolation_new.html", context, status=422 if bad else 200)


def _page(request: HttpRequest, pk: int) -> HttpResponse:
    row, isolated = _found(pk)
    tenant = isolated.tenant
    health = isolation_health.of(tenant)
    now = isolation_told.progress(tenant)
    context = {
        **_conditions(tenant), "row": row, "tone": isolation_told.tone(row),
        "steps": isolation_told.steps(row), "ahead": isolation_told.ahead(row), "progress": now,
        "is_moving": now is not None or row.state in ("approved", "training"), "is_held": row.state in row.HELD,
        "health": health if row.state in row.HELD else None,
        "figures": isolation_told.figures(health) if health else [], "may_write": may_operate(request),
    }
    return pages.render_page(request, "modelregistry/isolation_request.html", context)


def _found(pk: int) -> tuple[IsolationRequest, TenantModelIsolation]:
    row = IsolationRequest.objects.across_tenants().select_related("requested_by").filter(pk=pk).first()
    tenant = tenancy.across().filter(pk=row.tenant_id).first() if row else None
    if row is None or tenant is None:
        raise Http404
    return row, TenantModelIsolation(tenant, model=row.model)


def _act(
    request: HttpRequest, row: IsolationRequest, do: Callable[[], Any], *, done: str, **asked: Any
) -> HttpResponse:
    """Asks on GET, does on POST, and goes back to the request with what came of it."""
    back = reverse("isolation-request", args=[row.pk])
    if request.method == "GET":
        return pages.render_confirm(request, layout=LAYOUT, action=request.path, back=back, **asked)
    try:
        do()
        messages.success(request, done)
    except Problem as problem:
        messages.error(request, problem.words)
    return redirect(back)


def _conditions(tenant: Tenant) -> dict[str, Any]:
    """What an operator decides by; the shop's rows are counted once."""
    facts = eligibility.facts(tenant)
    checks = eligibility.checklist(tenant, facts)
    return {
        "facts": facts, "offline": eligibility.offline(tenant), "is_eligible": all(check.is_met for check in checks),
        "checks": [{"label": check.label, "done": check.is_met, "note": check.text} for check in checks],
    }  # fmt: skip
