"""The back office's plans: what each offers, and on which channels its shops are told of alerts."""

from typing import Any

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
from tenants.backoffice.forms import PlanChannelsForm


@require_safe
@staff_page()
def plans(request: HttpRequest) -> HttpResponse:
    context = {"plans": offers.listed(), "may_write": access.may_operate(request)}
    return render_page(request, "tenants/backoffice/plans.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(may="platform.write")
def plan_channels(request: Any, code: str) -> HttpResponse:
    row = next((plan for plan in offers.listed() if plan.pk == code), None)
    if row is None:
        raise Http404
    sent = request.POST if request.method == "POST" else None  # nothing ticked is an answer too
    form = PlanChannelsForm(sent, initial={"channels": row.alert_channels})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            offers.change_alert_channels(row, kinds=given["channels"], by=request.user, reason=given["reason"])
        except problems.Problem as problem:
            add_problem(form, problem)
        else:
            messages.success(request, f"{row.name} has them from the next alert on.")
            return redirect("plans")
    status = 422 if form.errors else 200
    return render_page(request, "tenants/backoffice/plan.html", {"form": form, "plan": row}, status=status)
