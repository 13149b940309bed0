"""One rule: its form with the product picker, the conflicts it would have, and what it would change."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from luxebrain.lib.forms import add_problem
from luxebrain.lib.pages import render_page
from luxebrain.lib.problems import Problem
from recommendations import drafts, reach, simulation
from recommendations import rules as use
from recommendations.evaluation import clicks
from recommendations.models import Rule
from recommendations.panel.rule_form import RuleForm
from recommendations.panel.rules import TONES
from tenants.access import tenant_page
from tenants.models import Tenant

TEMPLATE = "recommendations/rule.html"
FOUND = 8


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="recommendations.write")
def new(request: Any) -> HttpResponse:
    tenant: Tenant = request.tenant
    codes = set(tenant.placements.values_list("code", flat=True))
    asked = request.GET.get("placement", "")
    row = Rule(tenant_id=tenant.pk, action=Rule.Action.BOOST, placements=[asked] if asked in codes else [])
    if wanted := request.GET.get("product", "").replace("\x00", "")[:64]:
        row.products = list(tenant.products.filter(external_id=wanted).values_list("external_id", flat=True))
    return page(request, row)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="recommendations.read")
def rule(request: Any, pk: int) -> HttpResponse:
    row = get_object_or_404(request.tenant.rules.select_related("owner"), pk=pk)
    if request.method == "POST" and not request.membership.may("recommendations.write"):
        raise PermissionDenied("Your role does not allow this. Ask an owner of the shop.")
    return page(request, row)


def page(request: Any, row: Rule) -> HttpResponse:
    """The form; saved where it was sent with “save”, else drawn again with what was looked for."""
    tenant = request.tenant
    form = RuleForm(request.POST or None, tenant=tenant, row=row, owner=request.user.email)
    saves = request.method == "POST" and not {"find", "simulate"} & set(request.POST)
    if saves and form.is_valid():
        try:
            if row.pk:
                use.update(tenant, row, by=request.user, **form.values())
            else:
                use.create(tenant, by=request.user, **form.values())
        except Problem as problem:
            tell(form, problem)
        else:
            messages.success(request, "The rule is saved. The next answer follows it.")
            return redirect("panel:rules", slug=tenant.slug)
    context = context_of(request, form, row)
    context["problems"] = reach.conflicts_of(tenant, row) if row.pk and not form.is_bound else []
    if "simulate" in request.POST:
        context |= simulated(request, row)
    return render_page(request, TEMPLATE, context, status=422 if saves and form.errors else 200)


def tell(form: RuleForm, problem: Problem) -> None:
    """What was refused beside its field: the factor is the form's slider, the products have the picker."""
    for error in problem.errors:
        error["field"] = "strength" if error["field"] == "factor" else error["field"]
        if error["field"] == "products":
            form.products_error = error["message"]
    add_problem(form, problem)


def context_of(request: Any, form: RuleForm, row: Rule) -> dict[str, Any]:
    text = request.POST.get("find_product", "").replace("\x00", "").strip()[:100]
    state = use.state_of(row, timezone.now()) if row.pk else ""
    return {
        "form": form,
        "row": row,
        "state": state,
        "tone": TONES.get(state, "neutral"),
        "may_write": request.membership.may("recommendations.write"),
        "zone": request.tenant.time_zone,
        "find_product": text,
        **picked(request.tenant, form.chosen, text),
    }


def picked(tenant: Tenant, chosen: list[str], text: str) -> dict[str, Any]:
    """The chosen products in their order, and those that the search found."""
    rows = {row.external_id: row for row in tenant.products.filter(external_id__in=chosen)}
    found = []
    if text:
        looked = tenant.products.filter(Q(title__icontains=text) | Q(external_id__icontains=text))
        found = list(looked.exclude(external_id__in=chosen).order_by("title")[:FOUND])
    return {
        "chosen": [{"id": name, "row": rows.get(name)} for name in chosen],
        "products_found": found,
        "nothing_found": bool(text) and not found,
        "most_products": drafts.MOST_PRODUCTS,
    }


@require_POST
@tenant_page(may="recommendations.write")
def pick(request: Any) -> HttpResponse:
    """The picker anew, as the form stands: for pages with scripts."""
    form = RuleForm(request.POST, tenant=request.tenant, row=Rule(tenant_id=request.tenant.pk), owner="")
    text = request.POST.get("find_product", "").replace("\x00", "").strip()[:100]
    context = {**picked(request.tenant, form.chosen, text), "may_write": True, "form": form}
    return render_page(request, TEMPLATE, context, fragment="picker")


@require_POST
@tenant_page(may="recommendations.write")
def check(request: Any, pk: int = 0) -> HttpResponse:
    """The conflicts of the form as it stands, before it is saved."""
    tenant = request.tenant
    row = get_object_or_404(tenant.rules, pk=pk) if pk else Rule(tenant_id=tenant.pk)
    form = RuleForm(request.POST, tenant=tenant, row=row, owner="")
    context: dict[str, Any] = {"row": row, "checked": True}
    draft, context["not_yet"] = draft_of(tenant, form, row)
    if draft is not None:
        context["problems"] = reach.conflicts_of(tenant, draft)
        context["reached"] = reach.count_of(tenant, draft)
    return render_page(request, TEMPLATE, context, fragment="conflicts")


@require_POST
@tenant_page(may="recommendations.write")
def simulate(request: Any, pk: int = 0) -> HttpResponse:
    """Real requests with the rule of the form and without it."""
    tenant = request.tenant
    row = get_object_or_404(tenant.rules, pk=pk) if pk else Rule(tenant_id=tenant.pk)
    return render_page(request, TEMPLATE, {"row": row, **simulated(request, row)}, fragment="simulation")


def simulated(request: Any, row: Rule) -> dict[str, Any]:
    form = RuleForm(request.POST, tenant=request.tenant, row=row, owner="")
    draft, not_yet = draft_of(request.tenant, form, row)
    found = simulation.of_rule(request.tenant, draft) if draft is not None else None
    return {"simulated": found, "asked": True, "simulate_not_yet": not_yet, "enough_clicks": clicks.ENOUGH}


def draft_of(tenant: Tenant, form: RuleForm, row: Rule) -> tuple[Rule | None, str]:
    """The rule of the form, or what is still missing for one. A rule that is off is looked at as if it were on."""
    form.fields["name"].required = False
    if not form.is_valid():
        return None, next(iter(form.errors.values()))[0]
    values = form.values()
    values["name"] = values["name"] or row.name or "This rule"
    try:
        draft = drafts.rule(tenant, values | {"is_active": True}, of=row if row.pk else None)
    except Problem as problem:
        return None, problem.errors[0]["message"] if problem.errors else problem.detail
    return draft, ""
