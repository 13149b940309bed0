"""Setting up an experiment of a shop, by its people or the platform's: form, refusals beside fields, forecast."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from luxebrain.lib.forms import add_problem
from luxebrain.lib.pages import render_page
from luxebrain.lib.problems import PlanLimit, Problem
from modelregistry import experiment_plans, experiments, versions
from modelregistry.models import Experiment
from recommendations import reach
from recommendations.experiment_form import ExperimentForm, forecast
from tenants.models import Tenant

TEMPLATE = "recommendations/experiment_new.html"
REFUSED = "recommendations/experiment_refused.html"
BESIDE = {  # the arms are refused by letter; the fields that made them
    Experiment.Unit.VERSION: ("version_a", "version_b"),
    Experiment.Unit.RULES: ("rules_b", "rules_b"),
}


@dataclass(frozen=True, slots=True)
class Around:
    """The panel that the form stands in. one: number of the experiment → its page; plans_url: what leads to
    another plan."""

    layout: str
    forecast_url: str
    back_url: str
    one: Callable[[int], str]
    plans_url: str
    plans_label: str
    shop: str = ""  # named where somebody else than the shop sets it up


def new(request: Any, tenant: Tenant, around: Around) -> HttpResponse:
    """GET shows the form, POST makes the draft; a POST with "forecast" only looks ahead. 402 on a plan without."""
    if not experiment_plans.includes(tenant):
        status = PlanLimit.status if request.method == "POST" else 200
        refused = {"around": around, "reason": experiment_plans.reason(tenant)}
        return render_page(request, REFUSED, refused, status=status)
    form = _form(request, tenant)
    asks = "forecast" in request.POST
    if request.method == "POST" and not asks and form.is_valid():
        try:
            one = experiments.set_up(tenant, by=request.user, **form.values())
        except Problem as problem:
            _refuse(form, problem)
        else:
            messages.success(request, f"{one.name} is set up. Start it when it is right.")
            return redirect(around.one(one.number))
    context = {
        "form": form, "forecast": forecast(tenant, form), "layout": around.layout, "around": around,
        "currency": tenant.currency,
    }  # fmt: skip
    return render_page(request, TEMPLATE, context, status=422 if form.errors and form.is_bound and not asks else 200)


def look_ahead(request: Any, tenant: Tenant) -> HttpResponse:
    """The forecast of the form as it stands: for pages with scripts."""
    context = {"forecast": forecast(tenant, _form(request, tenant)), "currency": tenant.currency}
    return render_page(request, TEMPLATE, context, fragment="forecast")


def _form(request: Any, tenant: Tenant) -> ExperimentForm:
    return ExperimentForm(
        request.POST or None, tenant=tenant, parts=reach.parts(tenant), champion=versions.champion(tenant)
    )


def _refuse(form: ExperimentForm, problem: Problem) -> None:
    """Puts reasons about arms beside what made them."""
    letters = dict(zip(("a", "b"), BESIDE.get(form.cleaned_data["unit"], ("unit", "unit")), strict=True))
    for error in problem.errors:
        error["field"] = letters.get(error["field"], error["field"])
    add_problem(form, problem)
