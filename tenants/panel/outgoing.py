"""The pages of outgoing webhooks: addresses, their log, a test, and sending a message again."""

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luxebrain.lib.forms import add_problem
from luxebrain.lib.pages import render_confirm, render_page
from luxebrain.lib.problems import Problem
from tenants import outgoing as use
from tenants import outgoing_log
from tenants.access import tenant_page
from tenants.models import OutgoingDelivery, OutgoingEndpoint


class EndpointForm(forms.Form):
    url = forms.URLField(
        label="Address", max_length=1000, assume_scheme="https",
        help_text="https only, and reachable from the internet. Redirects are not followed.",
    )  # fmt: skip
    name = forms.CharField(label="Name", max_length=80, required=False, help_text="To tell several apart.")
    types = forms.MultipleChoiceField(
        label="Messages", required=False, widget=forms.CheckboxSelectMultiple,
        help_text="Nothing chosen: all of them, also those that come later.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["types"].choices = [(type, f"{label} ({type})") for type, label in sorted(use.TYPES.items())]


def found(request: Any, pk: int) -> OutgoingEndpoint:
    return get_object_or_404(request.tenant.outgoing_endpoints, pk=pk)


@require_safe
@tenant_page(may="keys.read")
def outgoing(request: Any) -> HttpResponse:
    rows = list(request.tenant.outgoing_endpoints.all())
    for row in rows:
        row.last = row.deliveries.order_by("-pk").first()
        row.tone = outgoing_log.TONES[row.last.state] if row.last else ""
    may_write = request.membership.may("keys.write")
    return render_page(request, "tenants/panel/outgoing.html", {"rows": rows, "may_write": may_write})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="keys.write")
def new(request: Any) -> HttpResponse:
    form = EndpointForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            row, secret = use.open(request.tenant, by=request.user, **form.cleaned_data)
        except Problem as problem:
            add_problem(form, problem)
        else:
            return _show_once(request, row, secret, "Your new address")
    context = {"form": form, "row": None}
    return render_page(request, "tenants/panel/outgoing_form.html", context, status=422 if form.errors else 200)


def _show_once(request: Any, row: OutgoingEndpoint, secret: str, title: str) -> HttpResponse:
    """The only answer that ever holds the secret."""
    context = {"row": row, "secret": secret, "heading": title}
    return render_page(request, "tenants/panel/outgoing_secret.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="keys.write")
def change(request: Any, pk: int) -> HttpResponse:
    row = found(request, pk)
    form = EndpointForm(request.POST or None, initial={"url": row.url, "name": row.name, "types": row.types})
    if request.method == "POST" and form.is_valid():
        try:
            use.change(row, by=request.user, **form.cleaned_data)
        except Problem as problem:
            add_problem(form, problem)
        else:
            messages.success(request, "The address is changed.")
            return redirect("panel:outgoing-endpoint", slug=request.tenant.slug, pk=pk)
    context = {"form": form, "row": row}
    return render_page(request, "tenants/panel/outgoing_form.html", context, status=422 if form.errors else 200)


@require_safe
@tenant_page(may="keys.read")
def endpoint(request: Any, pk: int) -> HttpResponse:
    row = found(request, pk)
    listing = outgoing_log.listing(request, row.deliveries, template="tenants/panel/outgoing_endpoint.html")
    return listing.render({"row": row, "may_write": request.membership.may("keys.write"), "is_on": row.state == "on"})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="keys.write")
def rotate(request: Any, pk: int) -> HttpResponse:
    row = found(request, pk)
    if request.method == "POST":
        return _show_once(request, row, use.rotate(row, by=request.user), "Your new secret")
    return render_confirm(
        request, layout="layouts/panel.html", title="Make a new secret?", button="Make a new secret",
        text="For 24 hours messages are signed with both, so that you can change it without losing one.",
        action=request.path, back=_address(request, "outgoing-endpoint", pk),
    )  # fmt: skip


@require_POST
@tenant_page(may="keys.write")
def switch(request: Any, pk: int) -> HttpResponse:
    row = found(request, pk)
    if row.state == OutgoingEndpoint.State.ON:
        use.switch_off(row, by=request.user)
        messages.success(request, "The address is switched off. Nothing is sent there.")
    else:
        use.switch_on(row, by=request.user)
        messages.success(request, "The address is switched on.")
    return redirect(_address(request, "outgoing-endpoint", pk))


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="keys.write")
def remove(request: Any, pk: int) -> HttpResponse:
    row = found(request, pk)
    if request.method != "POST":
        return render_confirm(
            request, layout="layouts/panel.html", title=f"Remove {row}?", button="Remove the address", danger=True,
            text="Nothing is sent there from now on, and its log goes.", action=request.path,
            back=_address(request, "outgoing-endpoint", pk),
        )  # fmt: skip
    use.remove(row, by=request.user)
    messages.success(request, "The address is removed.")
    return redirect("panel:outgoing", slug=request.tenant.slug)


@require_POST
@tenant_page(may="keys.write")
def send_test(request: Any, pk: int) -> HttpResponse:
    return _sent(request, lambda: use.send_test(found(request, pk), by=request.user), "The test is on its way.", pk)


@require_POST
@tenant_page(may="keys.write")
def replay(request: Any, pk: int) -> HttpResponse:
    delivery = get_object_or_404(request.tenant.outgoing_deliveries, pk=pk)
    said = "The message is sent again."
    return _sent(request, lambda: use.replay(request.tenant, pk, by=request.user), said, delivery.endpoint_id)


def _sent(request: Any, send: Any, said: str, endpoint_id: int) -> HttpResponse:
    try:
        delivery = send()
    except Problem as problem:
        messages.error(request, problem.detail)
        return redirect(_address(request, "outgoing-endpoint", endpoint_id))
    messages.success(request, said)
    return redirect(_address(request, "outgoing-delivery", delivery.pk))


@require_safe
@tenant_page(may="keys.read")
def delivery(request: Any, pk: int) -> HttpResponse:
    row = get_object_or_404(request.tenant.outgoing_deliveries.select_related("endpoint"), pk=pk)
    context = {
        "delivery": row,
        "tone": outgoing_log.TONES[row.state],
        "attempts": outgoing_log.attempts(row),
        "body": json.dumps(row.body, indent=2, ensure_ascii=False),
        "is_waiting": row.state == OutgoingDelivery.State.WAITING,
        "may_write": request.membership.may("keys.write"),
    }
    return render_page(request, "tenants/panel/outgoing_delivery.html", context, fragment="state")


def _address(request: Any, name: str, pk: int) -> str:
    return reverse(f"panel:{name}", kwargs={"slug": request.tenant.slug, "pk": pk})
