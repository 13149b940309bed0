"""The pages of connections: shops whose own API is read, one with its progress, and the forms of credentials."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luxebrain.lib import markup, pages
from luxebrain.lib.forms import add_problem
from luxebrain.lib.pages import render_page
from luxebrain.lib.problems import Problem
from recommendations.models import StoreConnection
from recommendations.panel.catalogue import tabs
from recommendations.pulling import connections as use
from tenants.access import tenant_page

LIST, ONE, FORM = (f"recommendations/{name}.html" for name in ("connections", "connection", "connection_form"))
State = StoreConnection.State
TONES = {State.ACTIVE: "good", State.PAUSED: "neutral", State.REFUSED: "bad"}
KINDS = [("products", "Products"), ("customers", "Customers"), ("orders", "Orders")]


class Credentials(forms.Form):
    """The secrets of one kind of shop. They are never shown again, not even in this form."""

    def secrets(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in self.names}  # type: ignore[attr-defined]


def secret(label: str, help_text: str, begins: str) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": "off", "placeholder": f"{begins}…"})
    return forms.CharField(label=label, help_text=help_text, max_length=200, widget=widget)


class WooCredentials(Credentials):
    names = ("key", "secret")
    key = secret("Consumer key", "In WooCommerce: Settings, Advanced, REST API, Add key; permission Read.", "ck_")
    secret = secret("Consumer secret", "Shown once, beside the key.", "cs_")


class ShopifyCredentials(Credentials):
    names = ("token",)
    token = secret(
        "Admin API access token",
        "Of an app that you make for your shop, with read_products, read_customers, read_orders and, for orders "
        "older than 60 days, read_all_orders.",
        "shpat_",
    )


CREDENTIALS = {"woocommerce": WooCredentials, "shopify": ShopifyCredentials}
HINTS = {
    "woocommerce": "The address of the shop, as in https://shop.example",
    "shopify": "The shop's own address at Shopify, as in name.myshopify.com",
}


class ConnectForm(forms.Form):
    resources = forms.MultipleChoiceField(
        label="What to read", choices=KINDS, initial=[name for name, _ in KINDS], widget=forms.CheckboxSelectMultiple
    )


def connect_form(source: str) -> type[forms.Form]:
    address = forms.CharField(label="Address", max_length=250, help_text=HINTS[source])
    order = ("address", *CREDENTIALS[source].names, "resources")
    return type("StoreForm", (CREDENTIALS[source], ConnectForm), {"address": address, "field_order": order})


@require_safe
@tenant_page(may="catalogue.read")
def connections(request: Any) -> HttpResponse:
    found = list(request.tenant.store_connections.defer("sealed_credentials"))
    for connection in found:
        connection.tone = tone(connection)
    may_write = request.membership.may("keys.write")
    return render_page(
        request, LIST, {"connections": found, "may_write": may_write, "tabs": tabs(request, "connections")}
    )


def tone(connection: StoreConnection) -> str:
    return "warning" if connection.state == State.ACTIVE and connection.failures else TONES[State(connection.state)]


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="keys.write")
def new(request: Any, source: str) -> HttpResponse:
    """Connects a shop that answered. With `test` pressed, only says whether it would."""
    if source not in CREDENTIALS:
        raise Http404
    form = connect_form(source)(request.POST or None)
    tested = False
    if request.method == "POST" and form.is_valid():
        given = {
            "source": source, "address": form.cleaned_data["address"], "credentials": form.secrets(),
            "resources": form.cleaned_data["resources"],
        }  # fmt: skip
        try:
            if "test" in request.POST:
                use.check(**given)
                tested = True
            else:
                made = use.connect(request.tenant, **given, by=request.user)
                messages.success(request, "The shop is connected; its first full reading begins.")
                return redirect("panel:connection", slug=request.tenant.slug, pk=made.pk)
        except Problem as problem:
            add_problem(form, problem)
    status = 422 if request.method == "POST" and not tested else 200
    context = {
        "form": form, "source": StoreConnection.Source(source).label, "tested": tested,
        "action": reverse("panel:connection-new", kwargs={"slug": request.tenant.slug, "source": source}),
        "back": reverse("panel:connections", kwargs={"slug": request.tenant.slug}),
    }  # fmt: skip
    return render_page(request, FORM, context, status=status)


@require_safe
@tenant_page(may="catalogue.read")
def connection(request: Any, pk: int) -> HttpResponse:
    return render_page(request, ONE, context(request, of(request, pk)))


@require_safe
@tenant_page(may="catalogue.read")
def progress(request: Any, pk: int) -> HttpResponse:
    """The first full reading, polled; the whole page once it is over or stopped."""
    found = of(request, pk)
    if not pages.wants_fragment(request):
        return redirect("panel:connection", slug=request.tenant.slug, pk=pk)
    shown = context(request, found)
    if not shown["under_way"]:
        response = HttpResponse()
        response["HX-Refresh"] = "true"
        return response
    return render_page(request, ONE, shown, fragment="progress")


def of(request: Any, pk: int) -> StoreConnection:
    return get_object_or_404(request.tenant.store_connections.defer("sealed_credentials"), pk=pk)


def context(request: Any, found: StoreConnection) -> dict[str, Any]:
    how = use.progress(found)
    under_way = found.state == State.ACTIVE and found.first_done_at is None
    labels = dict(KINDS)
    words = "Waiting for a free worker"
    if how:
        parts = [f"{how['share']}%"] if how["share"] is not None else []
        parts.append(f"{how['done']:,} rows")
        if how["now"]:
            parts.append(f"reading {labels[how['now'][0]].lower()}")
        if how["seconds"] is not None:
            parts.append(f"about {markup.duration(how['seconds'])} left")
        words = " · ".join(parts)
    return {
        "connection": found, "tone": tone(found), "under_way": under_way, "words": words,
        "share": how["share"] if how else None, "may_write": request.membership.may("keys.write"),
        "resources": ", ".join(labels[name] for name in found.resources),
    }  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="keys.write")
def credentials(request: Any, pk: int) -> HttpResponse:
    found = get_object_or_404(request.tenant.store_connections, pk=pk)
    form = CREDENTIALS[found.source](request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            use.change(request.tenant, found, credentials=form.secrets(), by=request.user)
            messages.success(request, "The shop took the new credentials.")
            return redirect("panel:connection", slug=request.tenant.slug, pk=pk)
        except Problem as problem:
            add_problem(form, problem)
    key = {"slug": request.tenant.slug, "pk": pk}
    shown = {
        "form": form, "connection": found, "source": found.get_source_display(), "tested": False,
        "action": reverse("panel:connection-credentials", kwargs=key), "back": reverse("panel:connection", kwargs=key),
    }  # fmt: skip
    return render_page(request, FORM, shown, status=422 if request.method == "POST" else 200)


@require_POST
@tenant_page(may="keys.write")
def pause(request: Any, pk: int) -> HttpResponse:
    return act(request, pk, use.pause, "It is paused; nothing is asked of the shop until you resume it.")


@require_POST
@tenant_page(may="keys.write")
def resume(request: Any, pk: int) -> HttpResponse:
    return act(request, pk, use.resume, "It goes on where it stopped.")


@require_POST
@tenant_page(may="keys.write")
def pull(request: Any, pk: int) -> HttpResponse:
    return act(request, pk, use.pull_now, "The shop is read in a moment.")


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="keys.write")
def disconnect(request: Any, pk: int) -> HttpResponse:
    found = of(request, pk)
    slug = {"slug": request.tenant.slug}
    if request.method != "POST":
        return pages.render_confirm(
            request, layout="layouts/panel.html", title=f"Disconnect {found.address}?", text=DISCONNECT_WORDS,
            button="Disconnect", danger=True, back=reverse("panel:connection", kwargs={**slug, "pk": pk}),
            action=reverse("panel:connection-disconnect", kwargs={**slug, "pk": pk}),
        )  # fmt: skip
    use.disconnect(request.tenant, found, by=request.user)
    messages.success(request, f"{found.address} is disconnected and its credentials are forgotten.")
    return redirect("panel:connections", **slug)


DISCONNECT_WORDS = "Its credentials are forgotten and it is read no more. Products, customers and orders stay."


def act(request: Any, pk: int, use_case: Callable[..., None], said: str) -> HttpResponse:
    try:
        use_case(request.tenant, of(request, pk), by=request.user)
        messages.success(request, said)
    except Problem as problem:
        messages.error(request, problem.detail)
    return redirect("panel:connection", slug=request.tenant.slug, pk=pk)
