"""All alert rules: what holds for whom, and what holds where there is none."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from anomalies import metrics, rule_acts, rules
from anomalies.backoffice.alert_rules import BASELINES, LIMITS
from anomalies.channels import choosing
from anomalies.models import AlertRule
from luxebrain.lib.forms import FilterForm
from luxebrain.lib.pages import Column, ListPage, render_confirm
from luxebrain.lib.problems import NotFound, Problem
from tenants.access import may_operate, staff_page

COLUMNS = (
    Column("What", "what"), Column("For whom", "whom"), Column("Threshold", numeric=True), Column("Window"),
    Column("Severity"), Column("By itself"), Column("Told on"), Column("State", "state"),
    Column("Actions", hidden_label=True),
)  # fmt: skip
SORTS = {
    "what": ("metric", "kind"), "whom": ("tenant__name", "plan__name", "metric"), "state": ("-is_active", "metric"),
}  # fmt: skip


class RuleFilter(FilterForm):
    metric = forms.ChoiceField(label="About", choices=[("", "Everything"), *dict([*LIMITS, *BASELINES]).items()])
    kind = forms.ChoiceField(label="Kind", choices=[("", "Any kind"), *AlertRule.Kind.choices])
    lookups = {"metric": "metric", "kind": "kind"}


@require_safe
@staff_page()
def alert_rules(request: Any) -> HttpResponse:
    listing = ListPage(
        request, AlertRule.objects.using("ops").select_related("tenant", "plan"), columns=COLUMNS, sorts=SORTS,
        template="anomalies/backoffice/rules.html", search=("metric", "tenant__name", "tenant__slug", "plan__name"),
        filters=RuleFilter, default_sort="what", nouns=("rule", "rules"),
    )  # fmt: skip
    for row in listing.rows:
        row.label = metrics.get(row.metric).label
        row.scope = scope_of(row)
        row.from_when = metrics.threshold(row.metric, row.kind, row.threshold)
        row.told_on = choosing.words(row.channels)
    defaults = [rules.default(name, "limit") for name in rules.DEFAULT_LIMITS]
    return listing.render({
        "defaults": [
            {"rule": rule, "label": metrics.get(rule.metric).label,
             "from_when": metrics.threshold(rule.metric, "limit", rule.threshold)}
            for rule in defaults
        ],
        "strangeness": rules.DEFAULT_STRANGENESS,
        "baselines": len(BASELINES),
        "may_write": may_operate(request),
        "acts": rule_acts.lately(),
    })  # fmt: skip


def scope_of(rule: AlertRule) -> str:
    return rule.tenant.name if rule.tenant else f"All on {rule.plan.name}" if rule.plan else "Every shop"


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(may="platform.write")
def remove_rule(request: Any, pk: int) -> HttpResponse:
    rule = AlertRule.objects.using("ops").select_related("tenant", "plan").filter(pk=pk).first()
    if rule is None:
        raise Http404
    if request.method != "POST":
        return render_confirm(
            request, layout="layouts/backoffice.html", button="Remove it", danger=True, action=request.path,
            title=f"Remove the rule “{metrics.get(rule.metric).label}”?", back=reverse("alert-rules"),
            text=f"{scope_of(rule)}: what stands behind it holds again. Its incidents stay.",
        )  # fmt: skip
    try:
        rule_acts.remove(pk, by=request.user)
    except NotFound as missing:  # somebody was quicker
        raise Http404(missing.detail) from None
    messages.success(request, "Removed. What stands behind it holds again. You can undo it below for a week.")
    return redirect("alert-rules")


@require_POST
@staff_page(may="platform.write")
def undo_act(request: Any, pk: int) -> HttpResponse:
    """Takes back what was done to a rule; pk is the act's line of the audit trail."""
    try:
        rule_acts.undo(pk, by=request.user)
        messages.success(request, "Undone.")
    except NotFound as missing:
        raise Http404(missing.detail) from None
    except Problem as problem:
        messages.error(request, problem.detail)
    return redirect("alert-rules")
