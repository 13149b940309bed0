"""What the pages of both panels do with a request about an experiment: list, show, ask, act."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect

from luxebrain.lib import pages
from luxebrain.lib.forms import FilterForm
from luxebrain.lib.pages import Column, ListPage
from luxebrain.lib.problems import NotFound, Problem
from modelregistry import acts, experiment_facts, experiment_plans, experiments, results, undecided
from modelregistry.models import Experiment
from tenants.models import Tenant

Address = Callable[[str], str]  # "", "share" or the verb of an act -> its path


class ExperimentFilter(FilterForm):
    state = forms.ChoiceField(label="State", choices=[("", "Any state"), *Experiment.State.choices])
    unit = forms.ChoiceField(label="Compares", choices=[("", "Anything"), *Experiment.Unit.choices])


def index(
    request: Any, rows: QuerySet[Experiment], *, template: str, address: Callable[[Experiment], str],
    more: dict[str, Any], shop: bool,
) -> HttpResponse:  # fmt: skip
    """The list; `shop`: with the shop of each."""
    sorts: dict[str, Any] = {
        "name": "name", "state": ("state", "number"), "started": ("started_at", "number"), "shop": "tenant__name"
    }  # fmt: skip
    columns = [
        Column("Experiment", sort="name"), *([Column("Shop", sort="shop")] if shop else []),
        Column("State", sort="state"), Column("Compares"), Column("B gets", numeric=True),
        Column("Subjects", numeric=True), Column("So far"), Column("Started", sort="started"),
    ]  # fmt: skip
    listing = ListPage(
        request, rows, template=template, columns=columns, filters=ExperimentFilter, sorts=sorts,
        search=("name", "key", "tenant__name", "tenant__slug") if shop else ("name", "key"), default_sort="-started",
        nouns=("experiment", "experiments"),
    )  # fmt: skip
    entries = [{**experiment_facts.entry(one), "url": address(one)} for one in listing.rows]
    return listing.render({"rows": entries, **more})


def show(
    request: Any, one: Experiment, *, layout: str, address: Address, may_write: bool, back: str,
    shop: Tenant | None = None,
) -> HttpResponse:
    """The page of one experiment. shop: whose it is, where that is not plain: for the staff."""
    shown = experiment_facts.context(results.read(one))
    can_move = may_write and one.state in (Experiment.State.DRAFT, Experiment.State.RUNNING)
    more = {
        "layout": layout,
        "shop": shop,
        "experiment": one,
        "acts": [(act, address(act.verb)) for act in acts.of(one)] if may_write else [],
        "share_url": address("share") if can_move else "",
        "decide_by": undecided.told(one),
        "plan_refusal": "" if experiment_plans.includes(one.tenant) else experiment_plans.reason(one.tenant),
        "back_url": back,
    }
    return pages.render_page(request, "modelregistry/experiment.html", shown | more)


def perform(request: Any, one: Experiment, verb: str, *, layout: str, back: str, index: str) -> HttpResponse:
    """GET asks, POST acts. A verb that its state does not allow says so; an unknown one is 404."""
    if verb not in acts.VERBS:
        raise Http404
    act = next((act for act in acts.of(one) if act.verb == verb), None)
    if act is None:
        messages.error(request, acts.refusal(one, verb))
        return redirect(back)
    if request.method == "GET":
        return pages.render_confirm(
            request, layout=layout, title=act.title, text=act.text, button=act.confirm, action=request.path,
            back=back, danger=act.danger, reason=act.reason,
        )  # fmt: skip
    try:
        act.do(request.user, request.POST.get("reason", "").strip())
    except Problem as problem:
        messages.error(request, problem.detail)
        return redirect(back)
    messages.success(request, act.done)
    return redirect(index if verb == "discard" else back)


def move_share(request: Any, one: Experiment) -> None:
    """Changes the share of B to what was posted, and says what became of it."""
    typed = request.POST.get("share_b", "").strip()
    share = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 4 else 0
    try:
        experiments.change_share(one, share_b=share, by=request.user)
    except Problem as problem:
        messages.error(request, problem.errors[0]["message"] if problem.errors else problem.detail)
    else:
        again = " Figures count from now on." if one.is_running else ""
        messages.success(request, f"B gets {share} %.{again}")


def find(tenant: Tenant, number: int) -> Experiment:
    try:
        return experiments.find(tenant, number)
    except NotFound as problem:
        raise Http404 from problem
