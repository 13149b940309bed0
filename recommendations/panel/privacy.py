"""The privacy pages: hand out or erase what is held of a customer, and the requests with their certificates."""

from typing import Any
from uuid import UUID

import orjson
from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luxebrain.lib import pages
from luxebrain.lib.forms import FilterForm
from luxebrain.lib.pages import Column, ListPage
from luxebrain.lib.problems import Problem
from recommendations import privacy as use
from recommendations import retention
from recommendations.models import PrivacyRequest
from tenants.access import tenant_page

TONES = {"queued": "info", "settling": "info", "done": "good"}


class RequestFilter(FilterForm):
    kind = forms.ChoiceField(label="Kind", choices=[("", "All kinds"), *PrivacyRequest.Kind.choices])
    state = forms.ChoiceField(label="State", choices=[("", "All states"), *PrivacyRequest.State.choices])


@require_safe
@tenant_page(may="privacy.write")
def privacy(request: Any) -> HttpResponse:
    listing = ListPage(
        request,
        request.tenant.privacy_requests.all(),
        template="recommendations/privacy.html",
        columns=(Column("Request"), Column("State"), Column("Asked by"), Column("Asked", "asked"), Column("Finished")),
        search=("asked_label", "digest"),
        filters=RequestFilter,
        sorts={"asked": "created_at"},
        default_sort="-asked",
        nouns=("request", "requests"),
    )
    for row in listing.rows:
        row.tone = TONES[row.state]
    return listing.render({"kept": retention.table(request.tenant)})


@require_safe
@tenant_page(may="privacy.write")
def privacy_request(request: Any, public_id: UUID) -> HttpResponse:
    """One request: what was erased where, and the certificate to print."""
    try:
        row = use.find(request.tenant, public_id)
    except Problem as problem:
        raise Http404 from problem
    if request.GET.get("format") == "json" and row.certificate:
        text = orjson.dumps({**row.certificate, "digest": row.certificate_digest}, option=orjson.OPT_INDENT_2)
        return _file(text, f"erasure-{row.public_id}.json")
    context = {"row": row, "tone": TONES[row.state], "places": row.certificate.get("places", [])}
    return pages.render_page(request, "recommendations/privacy_request.html", context)


@require_POST
@tenant_page(may="privacy.write")
def privacy_export(request: Any) -> HttpResponse:
    try:
        held = use.request_export(request.tenant, request.POST.get("customer_id", "").strip(), by=request.user)
    except Problem as problem:
        return _back(request, problem)
    return _file(orjson.dumps(held, option=orjson.OPT_INDENT_2), "customer.json")


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="privacy.write")
def privacy_erase(request: Any) -> HttpResponse:
    """Asks first: the customer's id must be typed."""
    customer = (request.POST.get("customer_id") or request.GET.get("customer_id") or "").strip()[:64]
    slug = {"slug": request.tenant.slug}
    if request.method != "POST" or request.POST.get("typed", "").strip() != customer:
        if request.method == "POST" and "typed" in request.POST:
            messages.error(request, "What you typed is not the customer's id. Nothing was erased.")
        if not customer:
            return redirect("panel:privacy", **slug)
        return pages.render_confirm(
            request, layout="layouts/panel.html", title=f"Erase customer {customer}?", text=WARNING, button="Erase",
            action=f"{reverse('panel:privacy-erase', kwargs=slug)}", back=reverse("panel:privacy", kwargs=slug),
            danger=True, type=customer, fields=[("customer_id", customer)],
        )
    try:
        row = use.request_erasure(request.tenant, customer, by=request.user)
    except Problem as problem:
        return _back(request, problem)
    messages.success(request, "The erasure has begun. The certificate is here within minutes.")
    return redirect("panel:privacy-request", public_id=row.public_id, **slug)


WARNING = (
    "Their events, history, row, deliveries and imported files are deleted and their name leaves the models. "
    "Orders stay as sums, of nobody. What arrives of them later is kept out. This cannot be undone."
)


def _back(request: Any, problem: Problem) -> HttpResponse:
    said = problem.errors[0]["message"] if problem.errors else problem.detail
    messages.error(request, said)
    return redirect("panel:privacy", slug=request.tenant.slug)


def _file(content: bytes, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return HttpResponse(content, content_type="application/json", headers=headers)
