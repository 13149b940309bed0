"""One placement: its settings, the call that asks for it, and what it would show."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST

from luxebrain.lib.forms import add_problem
from luxebrain.lib.pages import render_page
from luxebrain.lib.problems import Problem
from modelregistry import performance
from recommendations import placements as use
from recommendations import reach, rules, simulation, tracking
from recommendations.evaluation import clicks
from recommendations.models import Placement
from recommendations.panel import trying
from recommendations.panel.placement_form import PlacementForm
from recommendations.panel.placements import DAYS, shown
from recommendations.queries import BESIDE
from tenants.access import tenant_page

TEMPLATE = "recommendations/placement.html"


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="recommendations.write")
def new(request: Any) -> HttpResponse:
    return page(request, Placement(tenant_id=request.tenant.pk, code=request.GET.get("code", "")[:40]))


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="recommendations.read")
def placement(request: Any, code: str) -> HttpResponse:
    row = get_object_or_404(request.tenant.placements, code=code)
    if request.method == "POST" and not request.membership.may("recommendations.write"):
        raise PermissionDenied("Your role does not allow this. Ask an owner of the shop.")
    return page(request, row)


def page(request: Any, row: Placement) -> HttpResponse:
    tenant = request.tenant
    form = PlacementForm(request.POST or None, tenant=tenant, row=row, parts=reach.parts(tenant))
    tries = request.method == "POST" and bool({"try", "try_random", "simulate"} & set(request.POST))
    if request.method == "POST" and not tries and form.is_valid():
        try:
            if row.pk:
                use.update(tenant, row, by=request.user, **form.values())
            else:
                row = use.create(tenant, by=request.user, **form.values())
        except Problem as problem:
            add_problem(form, problem)
        else:
            messages.success(request, f"{row.name} is saved. The next answer follows it.")
            return redirect("panel:placements", slug=tenant.slug)
    did = shown(tenant).get(row.code, performance.Totals()) if row.pk else performance.Totals()
    context = {
        "form": form,
        "row": row,
        "may_write": request.membership.may("recommendations.write"),
        "problems": reach.placement_conflicts(tenant, [row]).get(row.code, []) if row.pk else [],
        "rules": [rule for rule in rules.live(tenant) if not rule.placements or row.code in rule.placements],
        "did": did,
        "ctr": did.share("ctr") if did.shown >= tracking.ENOUGH_LISTS else None,
        "enough": tracking.ENOUGH_LISTS,
        "days": DAYS,
        "call": call(row),
    }
    if tries:
        context |= tried(request, row)
    if "simulate" in request.POST:
        context |= simulated(request, row)
    return render_page(request, TEMPLATE, context, status=422 if form.errors and not tries else 200)


@require_POST
@tenant_page(may="recommendations.read")
def preview(request: Any, code: str = "") -> HttpResponse:
    """The list that the form as it stands would give: for pages with scripts."""
    row = get_object_or_404(request.tenant.placements, code=code) if code else Placement(tenant_id=request.tenant.pk)
    return render_page(request, TEMPLATE, {"row": row, **tried(request, row)}, fragment="preview")


@require_POST
@tenant_page(may="recommendations.write")
def simulate(request: Any, code: str) -> HttpResponse:
    """Real requests with the settings of the form and with the saved ones."""
    row = get_object_or_404(request.tenant.placements, code=code)
    return render_page(request, TEMPLATE, {"row": row, **simulated(request, row)}, fragment="simulation")


def simulated(request: Any, row: Placement) -> dict[str, Any]:
    form = PlacementForm(request.POST, tenant=request.tenant, row=row, parts=reach.parts(request.tenant))
    draft, not_yet = trying.draft_of(request.tenant, form, row)
    found = simulation.of_placement(request.tenant, draft, row) if draft is not None and row.pk else None
    return {"simulated": found, "asked": True, "simulate_not_yet": not_yet, "enough_clicks": clicks.ENOUGH}


def tried(request: Any, row: Placement) -> dict[str, Any]:
    """Who may not change the settings sees the list that is saved: the form sends nothing then."""
    saved = row if row.pk else None
    if request.membership.may("recommendations.write"):
        form = PlacementForm(request.POST, tenant=request.tenant, row=row, parts=reach.parts(request.tenant))
        draft, not_yet = trying.draft_of(request.tenant, form, row)
    else:
        draft, not_yet, saved = saved, "There is no placement yet.", None
    if draft is None:
        return {"not_yet": not_yet}
    found = reach.placement_conflicts(request.tenant, [draft]).get(draft.code, [])
    return {**trying.context_of(request.tenant, request, draft, saved), "tried_problems": found}


def call(row: Placement) -> str:
    """What a shop's server asks for this list with."""
    asked = {"placement": row.code}
    if row.kind in BESIDE:
        asked["product_id"] = "PRODUCT"
    asked["customer_id"] = "CUSTOMER"
    address = f"{settings.BASE_URL}/api/v1/recommendations?{urlencode(asked)}"
    return f'curl "{address}" -H "Authorization: Bearer $LUXEBRAIN_KEY"'
