"""A new batch job in three steps: for whom, what, when. What was chosen travels with the form; nothing waits here."""

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from luxebrain.lib.forms import add_problem
from luxebrain.lib.pages import render_page
from luxebrain.lib.problems import Problem
from recommendations import (
    audience_looks,
    audiences,
    batch_asking,
    batch_handing,
    batch_results,
    batch_schedules,
    explaining,
    queries,
    reach,
)
from recommendations.batch import BatchInferenceQueue
from recommendations.panel import audience_counts
from recommendations.panel.batch_forms import AudienceForm, ListForm, WhenForm, filled
from recommendations.panel.batches import call
from tenants.access import tenant_page

PAGE = "recommendations/batch_new.html"
STEPS = ("For whom", "What", "Name and time")


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="batch.write")
def new(request: Any) -> HttpResponse:
    step, go = request.POST.get("step"), request.POST.get("go", "next")
    if request.method != "POST" or step not in ("1", "2", "3"):
        wanted = request.GET.get("audience", "")
        initial = {"kind": "saved", "saved": wanted} if wanted.isdecimal() else None
        return _draw(request, 1, AudienceForm(tenant=request.tenant, initial=initial))
    if step == "1":
        return _for_whom(request, go)
    carried = _carried(request)
    if carried is None:
        messages.error(request, "What was chosen before could not be read. Please choose again.")
        return redirect("panel:batch-new", slug=request.tenant.slug)
    return _what(request, go, carried) if step == "2" else _when(request, go, carried)


def _for_whom(request: Any, go: str) -> HttpResponse:
    form = AudienceForm(request.POST, request.FILES, tenant=request.tenant)
    if not form.is_valid():
        return _draw(request, 1, form, status=422)
    if go == "look":  # without scripts: the count on the same page
        return _draw(request, 1, form, look=audience_counts.counted(request.tenant, form))
    try:
        with request.tenant.atomic():
            audience = form.audience(by=request.user)
    except Problem as problem:
        _add(form, problem, "name", "save_as")
        return _draw(request, 1, form, status=422)
    total = audience_looks.look(request.tenant, audience)
    if total.n == 0:
        form.add_error(None, "Nobody is in this audience now.")
        return _draw(request, 1, form, status=422)
    unknown = audience_counts.unknown(request.tenant, form)
    return _draw(request, 2, ListForm(tenant=request.tenant), {"audience": audience}, total=total, unknown=unknown)


def _what(request: Any, go: str, carried: dict[str, Any]) -> HttpResponse:
    if go == "back":
        return _draw(request, 1, AudienceForm(tenant=request.tenant, initial=filled(carried["audience"])))
    form = ListForm(request.POST, tenant=request.tenant)
    if not form.is_valid():
        return _draw(request, 2, form, carried, status=422)
    try:
        batch_asking.read({**form.asked(), "audience": carried["audience"]})
    except Problem as problem:
        add_problem(form, problem)
        return _draw(request, 2, form, carried, status=422)
    if go == "look":
        return _draw(request, 2, form, carried, look=_previewed(request, carried["audience"], form.asked()))
    return _draw(request, 3, WhenForm(), {**carried, "asked": form.asked()})


def _when(request: Any, go: str, carried: dict[str, Any]) -> HttpResponse:
    asked = carried.get("asked") or {}
    if go == "back":
        return _draw(request, 2, ListForm(tenant=request.tenant, initial=asked), carried)
    form = WhenForm(request.POST)
    if not form.is_valid():
        return _draw(request, 3, form, carried, status=422)
    given = form.cleaned_data
    wanted = {**asked, "audience": carried["audience"], "name": given["name"]}
    try:
        if given["when"] == "now":
            job = BatchInferenceQueue(request.tenant).enqueue(wanted, by=request.user, source="panel")
            messages.success(request, "The job was asked for.")
            return redirect("panel:batch-job", slug=request.tenant.slug, public_id=job.public_id)
        batch_schedules.plan(request.tenant, wanted, every=given["when"], at=given["at"], by=request.user)
    except Problem as problem:
        add_problem(form, problem)
        return _draw(request, 3, form, carried, status=422)
    messages.success(request, "The job is planned.")
    return redirect("panel:batch-jobs", slug=request.tenant.slug)


def _draw(
    request: Any, step: int, form: forms.Form, carried: dict[str, Any] | None = None, *, status: int = 200, **more: Any
) -> HttpResponse:
    carried = carried or {}
    tenant = request.tenant
    context = {
        "step": step,
        "steps": [(number, label) for number, label in enumerate(STEPS, 1)],
        "form": form,
        "carried": json.dumps(carried),
        "hold": batch_handing.hold(tenant),
        "problem": form.non_field_errors()[0] if form.non_field_errors() else "",
        **more,
    }
    if step > 1:
        total = context.get("total") or audience_looks.look(tenant, carried["audience"])
        pace = batch_results.expected_seconds(tenant, 1)
        context |= {
            "audience": audiences.describe(tenant, carried["audience"]),
            "total": total,
            "most": tenant.plan.batch_customers,
            "expected": pace * total.n if pace and total.n and not total.is_more else None,
            "is_known": pace is not None,
        }
    if step == 3:
        context["call"] = call({**carried.get("asked", {}), "audience": carried["audience"]})
    return render_page(request, PAGE, context, status=status)


def _carried(request: Any) -> dict[str, Any] | None:
    """What the steps before chose; checked anew, because it comes from the browser."""
    try:
        carried = json.loads(request.POST.get("carried", ""))
        audience = audiences.read(request.tenant, carried["audience"])
        asked = carried.get("asked", {})
        batch_asking.read({**asked, "audience": audience})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, Problem):
        return None
    return {"audience": audience, "asked": asked}


def _add(form: forms.Form, problem: Problem, of: str, to: str) -> None:
    """What was refused, beside the field of the form that it came from."""
    for error in problem.errors:
        name = error["field"].removeprefix("audience.")
        name = to if name == of else name
        form.add_error(name if name in form.fields else None, error["message"])
    if not problem.errors:
        form.add_error(None, problem.detail)


@require_POST
@tenant_page(may="batch.write")
def count(request: Any) -> HttpResponse:
    """The live count beside the first form."""
    return audience_counts.render(request, AudienceForm(request.POST, request.FILES, tenant=request.tenant))


@require_POST
@tenant_page(may="batch.write")
def preview(request: Any) -> HttpResponse:
    """The lists of three real customers of the audience, as the second form stands."""
    carried, form = _carried(request), ListForm(request.POST, tenant=request.tenant)
    look: dict[str, Any] = {"wrong": ["What was chosen before could not be read."]}
    if carried is not None and form.is_valid():
        look = _previewed(request, carried["audience"], form.asked())
    elif carried is not None:
        look = {"wrong": [text for texts in form.errors.values() for text in texts]}
    return render_page(request, "recommendations/batch_new_preview.html", {"look": look})


def _previewed(request: Any, audience: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    tenant, shown = request.tenant, []
    values = {name: value for name, value in asked.items() if name != "on_unknown"}
    try:
        for customer in audiences.sample(tenant, audience, audience_counts.SAMPLE):
            query = queries.parse({**values, "customer_id": customer})
            answer = explaining.explain(tenant, query, request_id=request.request_id)
            shown.append({"customer": customer, "products": [item["product_id"] for item in answer["items"]]})
    except Problem as problem:
        return {"wrong": [error["message"] for error in problem.errors] or [problem.detail]}
    titles = reach.titles(tenant, {name for one in shown for name in one["products"]})
    for one in shown:
        one["titles"] = [titles.get(name, name) for name in one["products"]]
    return {"shown": shown}
