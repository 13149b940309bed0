"""The back office's shops: list, open, one shop's page, plan, suspend, resume."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luxebrain.lib import problems
from luxebrain.lib.forms import add_problem
from luxebrain.lib.pages import Column, ListPage, render_confirm, render_page
from tenants import access, audit_changes, consumption, labels, members, picking, signup, standing
from tenants.access import staff_page
from tenants.backoffice import figures
from tenants.backoffice.forms import OpenForm, PlanForm, TenantFilter
from tenants.models import Tenant

COLUMNS = [
    Column("Shop", sort="name"),
    Column("Plan", sort="plan"),
    Column("State", sort="state"),
    Column("Orders", sort="orders", numeric=True),
    Column("Products", sort="products", numeric=True),
    Column("Calls, 30 days", sort="calls", numeric=True),
    Column("Last call", sort="active"),
]
SORTS = {
    "name": "name", "plan": ("plan__position", "name"), "state": ("state", "name"), "orders": ("order_count", "name"),
    "products": ("product_count", "name"), "calls": ("call_count", "name"), "active": ("activity", "name"),
}  # fmt: skip


@require_safe
@staff_page()
def tenants(request: HttpRequest) -> HttpResponse:
    listing = ListPage(
        request, figures.tenants(), template="tenants/backoffice/tenants.html", columns=COLUMNS,
        search=("name", "slug", "website"), filters=TenantFilter, sorts=SORTS, default_sort="name",
        nouns=("shop", "shops"),
    )  # fmt: skip
    return listing.render({"may_write": access.may_operate(request)})


@require_safe
@staff_page()
def offered(request: HttpRequest) -> HttpResponse:
    """What a form's field for a shop offers for what is typed into it so far, among those that the form is about."""
    among = request.GET.get("among", "all")
    if among not in picking.AMONG:
        raise Http404
    text = request.GET.get("shop") or request.GET.get("tenant", "")
    return render_page(request, "components/offered.html", {"offered": picking.offered(text, among)})


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(may="platform.write")
def open_tenant(request: Any) -> HttpResponse:
    form = OpenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            tenant = signup.open(by=request.user, **form.cleaned_data)
        except problems.Problem as problem:
            add_problem(form, problem)
        else:
            messages.success(
                request, f"{tenant.name} is open. A letter is on its way to {form.cleaned_data['owner_email']}."
            )
            return redirect("tenant", slug=tenant.slug)
    status = 422 if form.errors else 200
    return render_page(request, "tenants/backoffice/open.html", {"form": form}, status=status)


@require_safe
@staff_page()
def tenant(request: Any, slug: str) -> HttpResponse:
    return show(request, find(slug))


def find(slug: str) -> Tenant:
    return get_object_or_404(figures.tenants(), slug=slug)


def show(request: Any, shop: Tenant, *, form: PlanForm | None = None) -> HttpResponse:
    now = timezone.now()
    found = consumption.report(shop, now=now)
    keys = [labels.describe_key(key, now=now) for key in shop.api_keys.select_related("created_by").order_by("-id")]
    context = {
        "tenant": shop,
        "members": shop.memberships.select_related("user").order_by("created_at", "id"),
        "invitations": members.pending(shop).order_by("-id"),
        "keys": keys,
        "report": found,
        "holdings": consumption.holdings(shop),
        "entries": audit_changes.tell(shop.audit_entries.exclude(action__startswith="demo.")[:10]),
        "tabs": tabs(shop.slug),
        "form": form or PlanForm(initial={"plan": shop.plan_id}),
        "may_write": access.may_operate(request),
    }
    return render_page(request, "tenants/backoffice/tenant.html", context, status=422 if form else 200)


def tabs(slug: str) -> list[dict[str, Any]]:
    """Where the rest of a shop stands: pages of all shops are narrowed to it."""
    ways = (
        ("Overview", "tenant", ""), ("Models", "models", f"?shop={slug}"),
        ("Metrics", "models-metrics", f"?shop={slug}"),
        ("Experiments", "experiments", f"?q={slug}"), ("Anomalies", "anomalies", f"?tab=all&tenant={slug}"),
        ("Batch jobs", "monitoring", f"?q={slug}"), ("Webhooks", "tenant-deliveries", ""),
        ("Audit trail", "audit", f"?shop={slug}"),
    )  # fmt: skip
    return [
        {"label": label, "url": reverse(name, args=[] if query else [slug]) + query, "current": name == "tenant"}
        for label, name, query in ways
    ]


@require_POST
@staff_page(may="platform.write")
def change_plan(request: Any, slug: str) -> HttpResponse:
    shop, form = find(slug), PlanForm(request.POST)
    if form.is_valid():
        try:
            standing.change_plan(shop, by=request.user, **form.cleaned_data)
        except problems.Problem as problem:
            add_problem(form, problem)
        else:
            messages.success(request, f"{shop.name} is on {shop.plan.name} now. Its limits hold from the next call on.")
            return redirect("tenant", slug=slug)
    return show(request, shop, form=form)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(may="platform.write")
def suspend(request: Any, slug: str) -> HttpResponse:
    shop, back = find(slug), reverse("tenant", args=[slug])
    if request.method != "POST":
        return render_confirm(
            request, layout="layouts/backoffice.html", title=f"Suspend {shop.name}?", button="Suspend",
            text="Its calls are refused at once. Nothing is deleted, and its people can still read their pages.",
            action=request.path, back=back, danger=True, reason="Why (the shop's people will read it)", type=shop.slug,
        )  # fmt: skip
    if request.POST.get("typed", "") != shop.slug:
        messages.error(request, f"Nothing was changed: type {shop.slug} to suspend the shop.")
        return redirect(back)
    return act(
        request,
        shop,
        lambda: standing.suspend(shop, reason=request.POST.get("reason", ""), by=request.user),
        "is suspended",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(may="platform.write")
def resume(request: Any, slug: str) -> HttpResponse:
    shop, back = find(slug), reverse("tenant", args=[slug])
    if request.method != "POST":
        return render_confirm(
            request, layout="layouts/backoffice.html", title=f"Serve {shop.name} again?", button="Serve it again",
            text="Its keys work again from the next call on.", action=request.path, back=back,
        )  # fmt: skip
    return act(request, shop, lambda: standing.resume(shop, by=request.user), "is served again")


def act(request: Any, shop: Tenant, deed: Any, done: str) -> HttpResponse:
    try:
        deed()
    except problems.Problem as problem:
        messages.error(request, problem.detail)
    else:
        messages.success(request, f"{shop.name} {done}.")
    return redirect("tenant", slug=shop.slug)
