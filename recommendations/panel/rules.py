"""The list of rules, and what is done to one of them: copy, switch, extend, remove, put back."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luxebrain.lib.forms import FilterForm
from luxebrain.lib.pages import Column, ListPage, render_confirm
from luxebrain.lib.problems import Problem
from recommendations import expressions, putting_back, reach
from recommendations import rules as use
from recommendations.expressions import ExpressionError
from recommendations.models import Rule
from tenants.access import tenant_page
from tenants.models import Tenant

TONES = {use.ACTIVE: "good", use.SCHEDULED: "info", use.EXPIRED: "warning", use.OFF: "neutral"}
Action = Rule.Action
ACTION_TONES = {Action.PIN: "accent", Action.BOOST: "good", Action.BURY: "warning", Action.EXCLUDE: "bad"}
EXTENDED_DAYS = 30
SOON = "soon"


def rule_filter(tenant: Tenant) -> type[FilterForm]:
    """The filters, with the people and placements of this shop."""
    members = tenant.memberships.select_related("user").order_by("user__name")
    people = [(str(member.user_id), str(member.user)) for member in members]
    spots = list(tenant.placements.values_list("code", "name"))

    class RuleFilter(FilterForm):
        state = forms.ChoiceField(
            label="State",
            choices=[
                ("", "Any state"), (use.ACTIVE, "Active"), (SOON, "Ends within 7 days"), (use.SCHEDULED, "Scheduled"),
                (use.EXPIRED, "Expired"), (use.OFF, "Off"),
            ],
        )  # fmt: skip
        action = forms.ChoiceField(label="Action", choices=[("", "Any action"), *Rule.Action.choices])
        placement = forms.ChoiceField(label="Placement", choices=[("", "Any placement"), *spots])
        owner = forms.ChoiceField(label="Owner", choices=[("", "Any owner"), *people, ("none", "Without owner")])

        def apply(self, rows: QuerySet) -> QuerySet:
            chosen, now = self.chosen, timezone.now()
            if state := chosen.get("state"):
                rows = use.in_state(rows, use.ACTIVE if state == SOON else state, now)
                rows = rows.filter(ends_at__lt=now + use.SOON) if state == SOON else rows
            if action := chosen.get("action"):
                rows = rows.filter(action=action)
            if code := chosen.get("placement"):
                rows = rows.filter(Q(placements=[]) | Q(placements__contains=[code]))
            if owner := chosen.get("owner"):
                rows = rows.filter(owner=None) if owner == "none" else rows.filter(owner_id=int(owner))
            return rows

    return RuleFilter


@require_safe
@tenant_page(may="recommendations.read")
def rules(request: Any) -> HttpResponse:
    tenant: Tenant = request.tenant
    listing = ListPage(
        request,
        tenant.rules.select_related("owner"),
        template="recommendations/rules.html",
        columns=(
            Column("Rule", "name"), Column("Where and for whom"), Column("State", "ends"),
            Column("Changed", "changed"), Column("Actions", hidden_label=True),
        ),
        search=("name", "note", "filter"),
        filters=rule_filter(tenant),
        sorts={"name": "name", "ends": ("ends_at", "name"), "changed": "updated_at"},
        default_sort="-changed",
        nouns=("rule", "rules"),
    )  # fmt: skip
    drawn(tenant, listing.rows, now=timezone.now())
    return listing.render({
        "may_write": request.membership.may("recommendations.write"),
        "removed": putting_back.removed(tenant, use.REMOVED, Rule)[:5],
        "new_url": reverse("panel:rule-new", kwargs={"slug": tenant.slug}),
        "most": use.MOST_ACTIVE,
        "on": use.live(tenant).count(),
    })  # fmt: skip


def drawn(tenant: Tenant, rows: list[Rule], *, now: datetime) -> None:
    """Puts beside each row what its line says: state, words, conflicts."""
    names = dict(tenant.placements.values_list("code", "name"))
    titles = reach.titles(tenant, [name for row in rows for name in row.products[:3]])
    found = reach.conflicts_of_many(tenant, rows) if rows else []
    for row in rows:
        row.state = use.state_of(row, now)
        row.tone, row.action_tone = TONES[row.state], ACTION_TONES.get(row.action, "neutral")
        row.words = words(row, titles)
        row.where = [names.get(code, f"{code} (removed)") for code in row.placements]
        row.is_ending = row.state == use.ACTIVE and row.ends_at is not None and row.ends_at < now + use.SOON
        row.whom = f"where {said(row.segment, 'shopper')}" if row.segment else "everybody"
        row.conflicts = [conflict for conflict in found if row.pk in conflict.rules]


def words(rule: Rule, titles: dict[str, str]) -> str:
    """What a rule does, in one sentence."""
    chosen = ", ".join(titles.get(name, name) for name in rule.products[:3])
    more = f" and {len(rule.products) - 3} more" if len(rule.products) > 3 else ""
    what = f"{chosen}{more}" if rule.products else f"products where {said(rule.filter, 'product')}"
    match rule.action:
        case Rule.Action.PIN:
            return f"Puts {what} in place {rule.position}" + (" and after it" if len(rule.products) > 1 else "")
        case Rule.Action.EXCLUDE:
            return f"Never shows {what}"
        case _:
            return f"Ranks {what} {'higher' if rule.factor > 1 else 'lower'}: score ×{rule.factor:g}"


def said(text: str, scope: str) -> str:
    """An expression in words; as it was written where it cannot be read any more."""
    try:
        return expressions.describe(expressions.parse(text, scope=scope))
    except ExpressionError:
        return text


def back(request: Any) -> HttpResponse:
    return redirect("panel:rules", slug=request.tenant.slug)


@require_POST
@tenant_page(may="recommendations.write")
def switch(request: Any, pk: int) -> HttpResponse:
    rule = get_object_or_404(request.tenant.rules, pk=pk)
    on = request.POST.get("on") == "1"
    try:
        use.switch(request.tenant, rule, on=on, by=request.user)
        messages.success(request, f"“{rule.name}” is {'on' if on else 'off'}. The next answer follows it.")
    except Problem as problem:
        messages.error(request, problem.detail)
    return back(request)


@require_POST
@tenant_page(may="recommendations.write")
def copy(request: Any, pk: int) -> HttpResponse:
    rule = get_object_or_404(request.tenant.rules, pk=pk)
    try:
        made = use.copy(request.tenant, rule, by=request.user)
    except Problem as problem:
        messages.error(request, problem.words)
        return back(request)
    messages.success(request, "The copy is off until you switch it on.")
    return redirect("panel:rule", slug=request.tenant.slug, pk=made.pk)


@require_POST
@tenant_page(may="recommendations.write")
def extend(request: Any, pk: int) -> HttpResponse:
    rule = get_object_or_404(request.tenant.rules, pk=pk)
    try:
        use.extend(request.tenant, rule, days=EXTENDED_DAYS, by=request.user)
        messages.success(request, f"“{rule.name}” ends {EXTENDED_DAYS} days later.")
    except Problem as problem:
        messages.error(request, problem.detail)
    return back(request)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="recommendations.write")
def remove(request: Any, pk: int) -> HttpResponse:
    rule = get_object_or_404(request.tenant.rules, pk=pk)
    if request.method != "POST":
        return render_confirm(
            request, layout="layouts/panel.html", title=f"Remove “{rule.name}”?", button="Remove", danger=True,
            text="The next answer no longer follows it. You can put it back for a week.",
            action=request.path, back=reverse("panel:rules", kwargs={"slug": request.tenant.slug}),
        )  # fmt: skip
    use.remove(request.tenant, rule, by=request.user)
    messages.success(request, f"“{rule.name}” is removed. “Put back” below the list undoes it.")
    return back(request)


@require_POST
@tenant_page(may="recommendations.write")
def put_back(request: Any, pk: int) -> HttpResponse:
    try:
        rule = use.put_back(request.tenant, pk, by=request.user)
        messages.success(request, f"“{rule.name}” is back as it was.")
    except Problem as problem:
        messages.error(request, problem.detail)
    return back(request)
