"""The pages of connections to shops' own APIs: connect, see what a pull brought, pause, change, disconnect."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luxebrain.lib.forms import add_problem
from luxebrain.lib.pages import render_confirm, render_page
from luxebrain.lib.problems import Problem
from recommendations.models import StoreConnection
from recommendations.panel.catalogue import tabs
from recommendations.pulling import connections as use
from recommendations.pulling.asking import RESOURCES
from tenants.access import tenant_page

State = StoreConnection.State
TONES = {State.ACTIVE: "good", State.PAUSED: "neutral", State.BROKEN: "bad"}
_HIDDEN = {"autocomplete": "off", "spellcheck": "false"}


class ConnectionForm(forms.Form):
    source = forms.ChoiceField(label="Your shop runs on", choices=StoreConnection.Source.choices)
    address = forms.CharField(
        label="Address of the shop", max_length=300, help_text="https://shop.example, or https://name.myshopify.com"
    )
    key = forms.CharField(
        label="Consumer key",
        max_length=300,
        required=False,
        help_text="WooCommerce: Settings → Advanced → REST API → Add key, with the permission Read.",
        widget=forms.TextInput(attrs=_HIDDEN),
    )
    secret = forms.CharField(
        label="Consumer secret", max_length=300, required=False, widget=forms.PasswordInput(attrs=_HIDDEN)
    )
    token = forms.CharField(
        label="Admin API access token",
        max_length=300,
        required=False,
        help_text="Shopify: Settings → Apps → Develop apps; scopes read_products, read_customers, read_orders.",
        widget=forms.PasswordInput(attrs=_HIDDEN),
    )

    @property
    def credentials(self) -> dict[str, str]:
        names = ("token",) if self.cleaned_data.get("source") == "shopify" else ("key", "secret")
        return {name: self.cleaned_data.get(name, "") for name in names}


class CredentialsForm(ConnectionForm):
    source = None  # type: ignore[assignment]
    address = None  # type: ignore[assignment]


@require_safe
@tenant_page(may="keys.read")
def connections(request: Any) -> HttpResponse:
    rows = list(request.tenant.store_connections.all())
    for row in rows:
        row.tone = TONES[row.state]
        row.read = sum(count.get("read", 0) for count in row.counts.values())
    context = {
        "rows": rows,
        "tabs": tabs(request, "connections"),
        "may_write": request.membership.may("keys.write"),
        "new_url": reverse("panel:connection-new", kwargs={"slug": request.tenant.slug}),
    }
    return render_page(request, "recommendations/connections.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="keys.write")
def new(request: Any) -> HttpResponse:
    """The credentials are tried out before anything is kept."""
    form = ConnectionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = use.open(
                request.tenant,
                source=form.cleaned_data["source"],
                address=form.cleaned_data["address"],
                by=request.user,
                **form.credentials,
            )
        except Problem as problem:
            add_problem(form, problem)
        else:
            messages.success(request, "The shop answered. Its products, customers and orders are being read.")
            return redirect("panel:connection", slug=request.tenant.slug, pk=made.pk)
    status = 422 if form.errors else 200
    return render_page(request, "recommendations/connection_new.html", {"form": form}, status=status)


@require_safe
@tenant_page(may="keys.read")
def connection(request: Any, pk: int) -> HttpResponse:
    found = get_object_or_404(request.tenant.store_connections, pk=pk)
    context = {
        "connection": found,
        "tone": TONES[found.state],
        "counts": [(name, found.counts[name]) for name in RESOURCES if name in found.counts],
        "progress": under_way(found),
        "may_write": request.membership.may("keys.write"),
    }
    return render_page(request, "recommendations/connection.html", context, fragment="state")


def under_way(connection: StoreConnection) -> dict[str, Any] | None:
    """The pull that is running: share in percent where the shop says how much there is, and words."""
    told = connection.progress
    if not told or connection.state != State.ACTIVE:
        return None
    read, total = told["read"], told.get("total")
    words = f"{told['resource'].capitalize()}: {read:,} read"
    if not total or read > total:
        return {"share": None, "words": words}
    spent = (timezone.now() - datetime.fromisoformat(told["began"])).total_seconds()
    left = spent / read * (total - read) if read and spent > 3 else None
    words += f" of {total:,}" + (f" · about {left / 60:.0f} min left" if left and left > 90 else "")
    return {"share": 100 * read // total, "words": words}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="keys.write")
def credentials(request: Any, pk: int) -> HttpResponse:
    found = get_object_or_404(request.tenant.store_connections, pk=pk)
    form = CredentialsForm(request.POST or None)
    for name in ("token",) if found.source == "woocommerce" else ("key", "secret"):
        del form.fields[name]
    if request.method == "POST" and form.is_valid():
        try:
            use.change_credentials(found, by=request.user, **form.cleaned_data)
        except Problem as problem:
            add_problem(form, problem)
        else:
            messages.success(request, "The shop took the new credentials.")
            return redirect("panel:connection", slug=request.tenant.slug, pk=pk)
    context = {"form": form, "connection": found}
    status = 422 if form.errors else 200
    return render_page(request, "recommendations/connection_credentials.html", context, status=status)


_DO = {
    "pull": (lambda found, by: use.pull_now(found), "The shop is being asked."),
    "pause": (lambda found, by: use.pause(found, by=by), "It is paused; nothing is asked until you resume it."),
    "resume": (lambda found, by: use.resume(found, by=by), "It goes on from where it stopped."),
}


@require_POST
@tenant_page(may="keys.write")
def act(request: Any, pk: int, verb: str) -> HttpResponse:
    found = get_object_or_404(request.tenant.store_connections, pk=pk)
    if verb not in _DO:
        return redirect("panel:connections", slug=request.tenant.slug)
    do, said = _DO[verb]
    try:
        do(found, request.user)
        messages.success(request, said)
    except Problem as problem:
        messages.error(request, problem.detail)
    return redirect("panel:connection", slug=request.tenant.slug, pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="keys.write")
def disconnect(request: Any, pk: int) -> HttpResponse:
    found = get_object_or_404(request.tenant.store_connections, pk=pk)
    back = reverse("panel:connections", kwargs={"slug": request.tenant.slug})
    if request.method != "POST":
        return render_confirm(
            request,
            layout="layouts/panel.html",
            title=f"Disconnect {found.address}?",
            text="Its credentials are forgotten and nothing more is read. What was read stays.",
            button="Disconnect",
            action=request.path,
            back=back,
            danger=True,
        )
    use.disconnect(found, by=request.user)
    messages.success(request, f"{found.address} is disconnected.")
    return redirect(back)
