"""A shop's expected times: sale days and the like, listed, entered, changed, removed and put back."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from anomalies import expecting
from anomalies.models import ExpectedWindow
from luxebrain.lib.forms import MomentField, add_problem
from luxebrain.lib.pages import Column, ListPage, render_confirm, render_page
from luxebrain.lib.problems import NotFound, Problem
from tenants.access import tenant_page


class ExpectedForm(forms.Form):
    """One window, in the shop's time zone."""

    reason = forms.CharField(label="What it is", max_length=200, help_text="Such as “Winter sale” or “Newsletter”.")
    starts_at = MomentField(label="From")
    ends_at = MomentField(label="Until")
    metric = forms.ChoiceField(
        label="About",
        required=False,
        choices=expecting.choices,
        help_text="What is unusual then: one thing that is watched, or everything.",
    )
    holds = forms.BooleanField(
        label="Raise nothing, and learn nothing from it", required=False,
        help_text="Without it the time is only drawn on the charts.",
    )  # fmt: skip

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["starts_at"].help_text = f"In the time zone of your shop, {zone.replace('_', ' ')}."


@require_safe
@tenant_page(may="alerts.read")
def expected(request: Any) -> HttpResponse:
    now, tenant = timezone.now(), request.tenant
    rows, name = expecting.tab_of(expecting.there(tenant).select_related("created_by"), request.GET.get("tab", ""), now)
    listing = ListPage(
        request, rows, template="anomalies/panel/expected.html",
        columns=(Column("What it is", "reason"), Column("About"), Column("From", "from"), Column("Until", "until"),
                 Column("State"), Column("Actions", hidden_label=True)),
        sorts=expecting.SORTS, default_sort="-from" if name == "past" else "from", nouns=("window", "windows"),
    )  # fmt: skip
    expecting.describe(listing.rows, now)
    may_write = request.membership.may("alerts.write")
    return listing.render({
        "tabs": expecting.tabs_of(request.path, name), "tab": name, "may_write": may_write,
        "removed": list(expecting.removed(tenant)[:5]) if may_write else [],
    })  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="alerts.write")
def new(request: Any) -> HttpResponse:
    """The address may say what it is about: an alert leads here with what happened beside it."""
    form = ExpectedForm(request.POST or None, zone=request.tenant.time_zone, initial=_suggested(request))
    if request.method == "POST" and form.is_valid():
        try:
            expecting.add(request.tenant, by=request.user, **form.cleaned_data)
        except Problem as problem:
            add_problem(form, problem)
        else:
            return _done(request, "Kept. It is drawn on the charts of this time.")
    return _page(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="alerts.write")
def edit(request: Any, pk: int) -> HttpResponse:
    window = _find(request, pk)
    initial = {name: getattr(window, name) for name in expecting.FIELDS}
    form = ExpectedForm(request.POST or None, zone=request.tenant.time_zone, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            expecting.change(request.tenant, pk, by=request.user, **form.cleaned_data)
        except NotFound as problem:
            raise Http404 from problem
        except Problem as problem:
            add_problem(form, problem)
        else:
            return _done(request, "Changed.")
    return _page(request, form, window)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="alerts.write")
def remove(request: Any, pk: int) -> HttpResponse:
    window = _find(request, pk)
    if request.method != "POST":
        return render_confirm(
            request, layout="layouts/panel.html", title=f"Remove {window}?", button="Remove it",
            text="Alerts are raised for this time again, and it is drawn no more. You can put it back for a week.",
            action=request.path, back=reverse("panel:expected", args=[request.tenant.slug]), danger=True,
        )  # fmt: skip
    expecting.remove(request.tenant, pk, by=request.user)
    return _done(request, f"{window} is removed. It can be put back for a week, below.")


@require_POST
@tenant_page(may="alerts.write")
def put_back(request: Any, pk: int) -> HttpResponse:
    try:
        window = expecting.put_back(request.tenant, pk, by=request.user)
    except NotFound as problem:
        raise Http404 from problem
    return _done(request, f"{window} is back.")


def _find(request: Any, pk: int) -> ExpectedWindow:
    found = expecting.there(request.tenant).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _suggested(request: Any) -> dict[str, Any]:
    """What the address says, where it can be read; from now on for a day otherwise."""
    hour = timezone.localtime().replace(minute=0, second=0, microsecond=0)
    asked = request.GET
    starts_at, ends_at = _moment(asked.get("from", "")) or hour, _moment(asked.get("until", ""))
    metric = asked.get("metric", "")
    return {
        "reason": asked.get("reason", "").replace("\x00", "")[:200],
        "metric": metric if metric in dict(expecting.choices()) else "",
        "starts_at": starts_at, "ends_at": ends_at or starts_at + timedelta(days=1), "holds": True,
    }  # fmt: skip


def _moment(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return timezone.localtime(found) if found and found.tzinfo and 2000 < found.year < 2200 else None


def _page(request: Any, form: ExpectedForm, window: ExpectedWindow | None) -> HttpResponse:
    context = {"form": form, "window": window}
    return render_page(request, "anomalies/panel/expected_form.html", context, status=422 if form.errors else 200)


def _done(request: Any, text: str) -> HttpResponse:
    messages.success(request, text)
    return redirect("panel:expected", slug=request.tenant.slug)
