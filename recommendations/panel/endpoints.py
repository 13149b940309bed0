"""The pages that connect a shop: addresses for its webhooks, what to click there, and the first arrival."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from luxebrain.lib.forms import add_problem
from luxebrain.lib.pages import render_confirm, render_page
from luxebrain.lib.problems import Problem
from recommendations import endpoints as use
from recommendations.delivery_log import TONES
from recommendations.models import WebhookEndpoint
from recommendations.models.webhook import Source
from recommendations.panel.catalogue import tabs
from tenants.access import tenant_page

State = WebhookEndpoint.State
WOO_TOPICS = [
    f"{what} {verb}" for what in ("Order", "Product", "Customer") for verb in ("created", "updated", "deleted")
]
SHOPIFY_TOPICS = [
    *(f"orders/{verb}" for verb in ("create", "updated", "cancelled", "delete")),
    *(f"products/{verb}" for verb in ("create", "update", "delete")),
    *(f"customers/{verb}" for verb in ("create", "update", "delete")),
    *("customers/data_request", "customers/redact", "shop/redact"),
]


class EndpointForm(forms.Form):
    source = forms.ChoiceField(label="Your shop runs on", choices=Source.choices)
    name = forms.CharField(label="Name", max_length=80, required=False, help_text="To tell several apart.")
    shop_domain = forms.CharField(
        label="Shop address at Shopify", max_length=120, required=False, help_text="Shopify only: name.myshopify.com"
    )
    secret = forms.CharField(
        label="Client secret of your app",
        max_length=200,
        required=False,
        help_text="Shopify only: Settings → Apps → Develop apps → API credentials.",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )


@require_safe
@tenant_page(may="keys.read")
def endpoints(request: Any) -> HttpResponse:
    rows = list(request.tenant.webhook_endpoints.order_by("pk"))
    silent = {one.pk for one in use.silent(request.tenant)}
    for row in rows:
        row.is_silent = row.pk in silent
    context = {
        "open": [row for row in rows if row.state != State.CLOSED],
        "closed": [row for row in rows if row.state == State.CLOSED],
        "tabs": tabs(request, "deliveries"),
        "may_write": request.membership.may("keys.write"),
        "new_url": reverse("panel:endpoint-new", kwargs={"slug": request.tenant.slug}),
    }
    return render_page(request, "recommendations/endpoints.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="keys.write")
def new(request: Any) -> HttpResponse:
    form = EndpointForm(request.POST or None, initial={"source": request.GET.get("source", "woocommerce")})
    if request.method == "POST" and form.is_valid():
        try:
            endpoint = use.open(request.tenant, by=request.user, **form.cleaned_data)
        except Problem as problem:
            add_problem(form, problem)
        else:
            messages.success(request, "The address is open. Now tell your shop about it.")
            return redirect("panel:endpoint", slug=request.tenant.slug, pk=endpoint.pk)
    status = 422 if form.errors else 200
    return render_page(request, "recommendations/endpoint_new.html", {"form": form}, status=status)


@never_cache
@require_safe
@tenant_page(may="keys.read")
def endpoint(request: Any, pk: int) -> HttpResponse:
    """The address with its secret, what to do in the shop, and what arrives."""
    found = get_object_or_404(request.tenant.webhook_endpoints, pk=pk)
    latest = list(found.receipts.defer("payload", "reading", "headers").order_by("-received_at", "-pk")[:5])
    for receipt in latest:
        receipt.tone = TONES[receipt.state]
    may_write = request.membership.may("keys.write")
    context = {
        "endpoint": found,
        "is_open": found.state != State.CLOSED,
        "address": use.address(found),
        "secret": use.secret(found) if may_write and found.source != Source.SHOPIFY else "",
        "latest": latest,
        "topics": SHOPIFY_TOPICS if found.source == Source.SHOPIFY else WOO_TOPICS,
        "may_write": may_write,
    }
    return render_page(request, "recommendations/endpoint.html", context, fragment="arrivals")


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="keys.write")
def rotate(request: Any, pk: int) -> HttpResponse:
    found = get_object_or_404(request.tenant.webhook_endpoints, pk=pk)
    back = reverse("panel:endpoint", kwargs={"slug": request.tenant.slug, "pk": pk})
    if request.method != "POST":
        return render_confirm(
            request,
            layout="layouts/panel.html",
            title="Change the secret?",
            text="The old one is accepted for 24 hours more, so that nothing is lost while you change it in the shop.",
            button="Change the secret",
            action=request.path,
            back=back,
            **({"reason": "The new client secret"} if found.source == Source.SHOPIFY else {}),
        )
    try:
        use.rotate(found, by=request.user, new=request.POST.get("reason", ""), grace=timedelta(hours=24))
        messages.success(request, "There is a new secret; the old one is accepted for 24 hours more.")
    except Problem as problem:
        messages.error(request, problem.words)
    return redirect(back)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="keys.write")
def close(request: Any, pk: int) -> HttpResponse:
    found = get_object_or_404(request.tenant.webhook_endpoints, pk=pk)
    back = reverse("panel:endpoints", kwargs={"slug": request.tenant.slug})
    if request.method != "POST":
        return render_confirm(
            request,
            layout="layouts/panel.html",
            title=f"Close {found.name}?",
            text="What the shop sends there from now on is refused. What came already stays.",
            button="Close the address",
            action=request.path,
            back=back,
            danger=True,
        )
    try:
        use.close(found, by=request.user)
        messages.success(request, f"{found.name} is closed.")
    except Problem as problem:
        messages.error(request, problem.detail)
    return redirect(back)


