"""Setting up an experiment: the form, refusals beside their fields, and the forecast from the shop's own traffic."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from luxebrain.lib.forms import add_problem
from luxebrain.lib.pages import render_page
from luxebrain.lib.problems import Problem
from modelregistry import experiments, versions
from modelregistry.models import Experiment
from recommendations import reach
from recommendations.panel.experiment_form import ExperimentForm, forecast
from tenants.access import tenant_page

TEMPLATE = "recommendations/experiment_new.html"
BESIDE = {  # the arms are refused by letter; the fields that made them
    Experiment.Unit.VERSION: ("version_a", "version_b"),
    Experiment.Unit.RULES: ("rules_b", "rules_b"),
}


@tenant_page(may="models.write")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: Any) -> HttpResponse:
    form = _form(request)
    asks = "forecast" in request.POST
    if request.method == "POST" and not asks and form.is_valid():
        try:
            one = experiments.set_up(request.tenant, by=request.user, **form.values())
        except Problem as problem:
            _refuse(form, problem)
        else:
            messages.success(request, f"{one.name} is set up. Start it when it is right.")
            return redirect("panel:experiment", request.tenant.slug, one.number)
    context = {"form": form, "forecast": forecast(request.tenant, form)}
    return render_page(request, TEMPLATE, context, status=422 if form.errors and form.is_bound and not asks else 200)


@tenant_page(may="models.write")
@require_POST
def look_ahead(request: Any) -> HttpResponse:
    """The forecast of the form as it stands: for pages with scripts."""
    return render_page(
        request, TEMPLATE, {"forecast": forecast(request.tenant, _form(request))}, fragment="forecast"
    )


def _form(request: Any) -> ExperimentForm:
    tenant = request.tenant
    return ExperimentForm(
        request.POST or None, tenant=tenant, parts=reach.parts(tenant), champion=versions.champion(tenant)
    )


def _refuse(form: ExperimentForm, problem: Problem) -> None:
    """Puts reasons about arms beside what made them."""
    letters = dict(zip(("a", "b"), BESIDE.get(form.cleaned_data["unit"], ("unit", "unit")), strict=True))
    for error in problem.errors:
        error["field"] = letters.get(error["field"], error["field"])
    add_problem(form, problem)
