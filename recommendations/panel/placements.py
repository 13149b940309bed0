"""The list of placements with what each shows and did, and what is done to one."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luxebrain.lib.pages import Column, ListPage, render_confirm
from luxebrain.lib.problems import Problem
from modelregistry import performance
from recommendations import placements as use
from recommendations import putting_back, reach, rules, tracking
from recommendations.models import Placement
from tenants.access import tenant_page
from tenants.models import Tenant

DAYS = 28


@require_safe
@tenant_page(may="recommendations.read")
def placements(request: Any) -> HttpResponse:
    tenant: Tenant = request.tenant
    listing = ListPage(
        request,
        tenant.placements.all(),
        template="recommendations/placements.html",
        columns=(
            Column("Placement", "name"), Column("What it shows", "kind"), Column("Products", "count", numeric=True),
            Column("Rules", numeric=True), Column("Lists shown", numeric=True), Column("Click-through", numeric=True),
            Column("Earned", numeric=True), Column("State", "state"), Column("Actions", hidden_label=True),
        ),
        search=("name", "code"),
        sorts={"name": "name", "kind": ("kind", "name"), "count": ("count", "name"), "state": ("is_active", "name")},
        default_sort="name",
        nouns=("placement", "placements"),
    )  # fmt: skip
    drawn(tenant, listing.rows)
    return listing.render({
        "may_write": request.membership.may("recommendations.write"),
        "removed": putting_back.removed(tenant, use.REMOVED, Placement)[:5],
        "starting": [values["name"] for values in use.STARTING],
        "general": use.general(tenant),
        "days": DAYS,
        "enough": tracking.ENOUGH_LISTS,
        "elsewhere": elsewhere(tenant),
    })  # fmt: skip


def drawn(tenant: Tenant, rows: list[Placement]) -> None:
    """Puts beside each row the rules that touch it, its conflicts and what it did."""
    figures = shown(tenant)
    live = list(rules.live(tenant)) if rows else []
    found = reach.placement_conflicts(tenant, rows)
    for row in rows:
        row.rules = sum(not rule.placements or row.code in rule.placements for rule in live)
        row.did = figures.get(row.code, performance.Totals())
        row.ctr = row.did.share("ctr") if row.did.shown >= tracking.ENOUGH_LISTS else None
        row.conflicts = found.get(row.code, [])


def shown(tenant: Tenant) -> dict[str, performance.Totals]:
    last = tenant.today()
    return performance.by_placement(tenant, first=last - timedelta(days=DAYS - 1), last=last)


def elsewhere(tenant: Tenant) -> list[tuple[str, int]]:
    """Names that calls used and no placement has, with the lists shown there."""
    codes = set(tenant.placements.values_list("code", flat=True))
    found = [(code, did.shown) for code, did in shown(tenant).items() if code and code not in codes and did.shown]
    return sorted(found, key=lambda one: -one[1])[:5]


def back(request: Any) -> HttpResponse:
    return redirect("panel:placements", slug=request.tenant.slug)


@require_POST
@tenant_page(may="recommendations.write")
def begin(request: Any) -> HttpResponse:
    try:
        made = use.begin(request.tenant, by=request.user)
        count = len(made)
        messages.success(request, f"{count} placements are ready." if count else "They are all there already.")
    except Problem as problem:
        messages.error(request, problem.detail)
    return back(request)


@require_POST
@tenant_page(may="recommendations.write")
def switch(request: Any, code: str) -> HttpResponse:
    row = get_object_or_404(request.tenant.placements, code=code)
    on = request.POST.get("on") == "1"
    use.switch(request.tenant, row, on=on, by=request.user)
    messages.success(request, f"{row.name} is {'on' if on else 'off'}. The next answer follows it.")
    return back(request)


@require_POST
@tenant_page(may="recommendations.write")
def copy(request: Any, code: str) -> HttpResponse:
    row = get_object_or_404(request.tenant.placements, code=code)
    try:
        made = use.copy(request.tenant, row, by=request.user)
    except Problem as problem:
        messages.error(request, problem.words)
        return back(request)
    messages.success(request, "The copy is off until you switch it on.")
    return redirect("panel:placement", slug=request.tenant.slug, code=made.code)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="recommendations.write")
def remove(request: Any, code: str) -> HttpResponse:
    row = get_object_or_404(request.tenant.placements, code=code)
    if request.method != "POST":
        return render_confirm(
            request, layout="layouts/panel.html", title=f"Remove {row.name}?", button="Remove", danger=True,
            text=f"Calls that name “{row.code}” then follow their own parameters. You can put it back for a week.",
            action=request.path, back=reverse("panel:placements", kwargs={"slug": request.tenant.slug}),
        )  # fmt: skip
    use.remove(request.tenant, row, by=request.user)
    messages.success(request, f"{row.name} is removed. “Put back” below the list undoes it.")
    return back(request)


@require_POST
@tenant_page(may="recommendations.write")
def put_back(request: Any, pk: int) -> HttpResponse:
    try:
        row = use.put_back(request.tenant, pk, by=request.user)
        messages.success(request, f"{row.name} is back as it was.")
    except Problem as problem:
        messages.error(request, problem.detail)
    return back(request)
