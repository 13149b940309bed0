"""The back office's plans: what each offers; its channels of alerts, and what follows used-up calls, can be changed."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from luxebrain.lib import problems
from luxebrain.lib.forms import add_problem
from luxebrain.lib.pages import render_page
from tenants import access
from tenants import plans as offers
from tenants.access import staff_page
from tenants.backoffice.forms import PlanChannelsForm, PlanUsedUpForm
from tenants.models import Plan


@require_safe
@staff_page()
def plans(request: HttpRequest) -> HttpResponse:
    context = {"plans": offers.listed(), "may_write": access.may_operate(request)}
    return render_page(request, "tenants/backoffice/plans.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(may="platform.write")
def plan_channels(request: Any, code: str) -> HttpResponse:
    row = named(code)
    sent = request.POST if request.method == "POST" else None  # nothing ticked is an answer too
    form = PlanChannelsForm(sent, initial={"channels": row.alert_channels})
    title, done = f"Channels of {row.name}", f"{row.name} has them from the next alert on."

    def save(channels: list[str], reason: str) -> None:
        offers.change_alert_channels(row, kinds=channels, by=request.user, reason=reason)

    return answer(request, row, form, save, title=title, done=done, holds="the next alert")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(may="platform.write")
def plan_used_up(request: Any, code: str) -> HttpResponse:
    row = named(code)
    form = PlanUsedUpForm(request.POST or None, initial={"then": row.when_used_up})
    title, done = f"Used-up calls of {row.name}", f"{row.name} says so from the next call on."

    def save(then: str, reason: str) -> None:
        offers.change_when_used_up(row, then=then, by=request.user, reason=reason)

    return answer(request, row, form, save, title=title, done=done, holds="the next call")


def named(code: str) -> Plan:
    row = next((plan for plan in offers.listed() if plan.pk == code), None)
    if row is None:
        raise Http404
    return row


def answer(
    request: Any, row: Plan, form: forms.Form, save: Callable[..., None], *, title: str, done: str, holds: str
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            save(**form.cleaned_data)
        except problems.Problem as problem:
            add_problem(form, problem)
        else:
            messages.success(request, done)
            return redirect("plans")
    context = {"form": form, "plan": row, "title": title, "holds": holds}
    return render_page(request, "tenants/backoffice/plan.html", context, status=422 if form.errors else 200)
