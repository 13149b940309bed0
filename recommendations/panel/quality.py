"""The data quality page: what is wrong with a shop's data, what it does, and how it is mended."""

import time
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luxebrain.lib.forms import FilterForm
from luxebrain.lib.pages import Column, ListPage, render_confirm
from luxebrain.lib.problems import NotFound, Problem
from recommendations import finding_kinds as kinds
from recommendations import findings as use
from recommendations.models import DataFinding
from recommendations.panel.catalogue import tabs
from tenants.access import tenant_page

State = DataFinding.State
TONES = {kinds.HIGH: "bad", kinds.MEDIUM: "warning", kinds.LOW: "neutral"}
WAIT_SECONDS = 120  # for a look that was asked for; longer, and a busy worker does it later


class StateFilter(FilterForm):
    state = forms.ChoiceField(
        label="Show",
        choices=[("", "Open"), (State.MUTED, "Muted"), (State.RESOLVED, "Resolved"), ("all", "All")],
    )

    def apply(self, rows: QuerySet) -> QuerySet:
        asked = self.chosen.get("state", State.OPEN)
        return rows if asked == "all" else rows.filter(state=asked)


@require_safe
@tenant_page(may="catalogue.read")
def quality(request: Any) -> HttpResponse:
    listing = ListPage(
        request,
        request.tenant.data_findings.filter(kind__in=kinds.BY_CODE).select_related("muted_by"),
        template="recommendations/quality.html",
        columns=(
            Column("What was found", "severity"),
            Column("How many", "count", numeric=True),
            Column("Since", "since"),
            Column("What it does"),
            Column("How to mend it"),
            Column("Actions", hidden_label=True),
        ),
        filters=StateFilter,
        sorts={"severity": ("severity", "count"), "count": "count", "since": "first_seen_at"},
        default_sort="-severity",
        nouns=("finding", "findings"),
    )
    slug = {"slug": request.tenant.slug}
    for row in listing.rows:
        row.words, row.tone = kinds.BY_CODE[row.kind], TONES.get(row.severity, "neutral")
        row.repair_url = reverse(f"panel:{row.words.page}", kwargs=slug)
        row.named = named(row, request.tenant.slug)
    looked_at = use.looked_at(request.tenant)
    asked = request.GET.get("asked", "")
    asked_at = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) <= 10 else 0
    return listing.render({
        "tabs": tabs(request, "quality"),
        "looked_at": looked_at,
        "under_way": time.time() - asked_at < WAIT_SECONDS and (not looked_at or looked_at.timestamp() < asked_at),
        "kinds": len(kinds.KINDS),
        "may_write": request.membership.may("catalogue.write"),
    })  # fmt: skip


def named(row: DataFinding, slug: str) -> list[dict[str, str]]:
    """Its examples with the page of each product or order."""
    of = kinds.BY_CODE[row.kind].of
    return [
        {"label": label, "url": reverse(f"panel:{of}", kwargs={"slug": slug, "external_id": ref}) if of and ref else ""}
        for label, ref in row.examples
    ]


@require_POST
@tenant_page(may="catalogue.write")
def check(request: Any) -> HttpResponse:
    """Looks now instead of within the hour."""
    use.request(request.tenant)
    messages.success(request, "Your data is being looked through; what is found appears here.")
    back = reverse("panel:quality", kwargs={"slug": request.tenant.slug})
    return redirect(f"{back}?asked={int(timezone.now().timestamp())}")


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="catalogue.write")
def mute(request: Any, kind: str) -> HttpResponse:
    """Asks why, then takes the finding off the open ones."""
    found = request.tenant.data_findings.filter(kind=kind, kind__in=kinds.BY_CODE).first()
    if found is None:
        raise Http404
    back = reverse("panel:quality", kwargs={"slug": request.tenant.slug})
    title = kinds.BY_CODE[kind].title
    if request.method != "POST":
        return render_confirm(
            request,
            layout="layouts/panel.html",
            title=f"Mute “{title}”?",
            text="It is not shown among the open findings any more, whatever later looks find. You can take this back.",
            button="Mute",
            action=request.path,
            back=back,
            reason="Why it is as it should be",
        )
    try:
        use.mute(request.tenant, kind, reason=request.POST.get("reason", ""), by=request.user)
        messages.success(request, f"“{title}” is muted; you find it under Muted.")
    except Problem as problem:
        messages.error(request, problem.detail)
    return redirect(back)


@require_POST
@tenant_page(may="catalogue.write")
def unmute(request: Any, kind: str) -> HttpResponse:
    try:
        found = use.unmute(request.tenant, kind, by=request.user)
        messages.success(request, f"“{kinds.BY_CODE[kind].title}” is {found.get_state_display().lower()} again.")
    except NotFound as none:
        raise Http404 from none
    except Problem as problem:
        messages.error(request, problem.detail)
    return redirect("panel:quality", slug=request.tenant.slug)
