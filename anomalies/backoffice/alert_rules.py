"""The form of an alert rule: saved after a look at what it would have raised."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from anomalies import actions, metrics, rule_acts, rules, trying
from anomalies.channels import choosing
from anomalies.models import AlertRule, Severity
from luxebrain.lib.pages import render_page
from luxebrain.lib.problems import Conflict, NotFound
from tenants import throttling
from tenants.access import staff_page
from tenants.models import Plan, Tenant
from tenants.picking import ShopField

LIMITS = [(name, metrics.get(name).label) for name in rules.DEFAULT_LIMITS]
KEY_ACTIONS = (AlertRule.Action.THROTTLE, AlertRule.Action.SUSPEND)
BASELINES = [(metric.name, metric.label) for metric in metrics.STREAMS]


class RuleForm(forms.Form):
    """A rule for one shop, one plan or everybody."""

    what = forms.ChoiceField(
        label="What is watched",
        choices=[
            ("Fixed limits", [(f"limit:{name}", label) for name, label in LIMITS]),
            ("Learned baselines", [(f"baseline:{name}", label) for name, label in BASELINES]),
        ],
    )
    scope = forms.ChoiceField(label="For whom", required=False)
    shop = ShopField(label="Which shop", required=False)
    threshold = forms.FloatField(
        label="Threshold", min_value=0.1, max_value=1e12,
        help_text="A limit: more than so many (failed sign-ins: from so many on). A baseline: strangeness from 0 to "
        "16; 5 is one in 100,000.",
    )  # fmt: skip
    window = forms.IntegerField(
        label="Window, seconds", min_value=60, max_value=3600, initial=300,
        help_text="For limits: the calls, refusals or orders of so long are counted together. API rate: whole minutes.",
    )  # fmt: skip
    severity = forms.ChoiceField(
        label="Severity", required=False, choices=[("", "As usual for this rule"), *Severity.choices]
    )
    action = forms.ChoiceField(
        label="By itself", required=False, choices=AlertRule.Action.choices, help_text="Shown with the incident."
    )
    throttle_per_minute = forms.IntegerField(
        label="Throttle to, calls a minute", min_value=1, max_value=100_000, required=False,
        initial=throttling.USUAL_PER_MINUTE, help_text="Where the key is to be throttled; never more than its plan.",
    )  # fmt: skip
    throttle_minutes = forms.IntegerField(
        label="Throttle for, minutes", min_value=1, max_value=throttling.LONGEST_MINUTES, required=False,
        initial=throttling.USUAL_MINUTES, help_text="It ends by itself; anybody who triages can take it back before.",
    )  # fmt: skip
    cool_down = forms.IntegerField(
        label="Cool-down, minutes", min_value=0, max_value=1440, required=False, initial=AlertRule.COOL_DOWN,
        help_text="If it comes back so soon after people were told, they are not told again, unless it got worse.",
    )  # fmt: skip
    channels = forms.MultipleChoiceField(
        label="Told on", required=False, widget=forms.CheckboxSelectMultiple,
        help_text="Nothing ticked: on every channel of the platform and of the shop. A channel's own wishes (severity, "
        "metrics, quiet hours) hold as well. A shop's own channels are listed when the shop is chosen above.",
    )  # fmt: skip
    is_active = forms.BooleanField(label="In force", required=False, initial=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plans = [(f"plan:{plan.pk}", f"All on {plan.name}") for plan in Plan.objects.using("ops")]
        self.fields["scope"].choices = [("", "Every shop"), ("shop", "One shop"), ("Plans", plans)]
        self.fields["channels"].choices = choosing.choices(self._shop_so_far())

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("scope") != "shop":
            found["shop"] = None
            self.errors.pop("shop", None)
        elif not found.get("shop") and "shop" not in self.errors:
            self.add_error("shop", "Say which shop.")
        kind, _, metric = str(found.get("what", "")).partition(":")
        if kind == "baseline" and found.get("threshold") is not None and found["threshold"] > 16:
            self.add_error("threshold", "Strangeness goes from 0 to 16.")
        if metric == "api_rate" and found.get("window") and found["window"] % 60:
            self.add_error("window", "Calls are counted by whole minutes: 60, 120, 180 …")
        action = found.get("action")
        if action in KEY_ACTIONS and metric not in actions.KEYED:
            self.add_error("action", "Calls and failed sign-ins name a key; this does not.")
        for name in ("throttle_per_minute", "throttle_minutes"):
            if action == AlertRule.Action.THROTTLE and found.get(name) is None and name not in self.errors:
                self.add_error(name, "Say how much.")
        return found

    def _shop_so_far(self) -> Tenant | None:
        """The shop that is named, if it can be found: its channels are listed before the form is checked."""
        given = self.data if self.is_bound else self.initial
        try:
            return self.fields["shop"].clean(given.get("shop")) if given.get("scope") == "shop" else None
        except ValidationError:
            return None

    def draft(self) -> AlertRule:
        """The rule as it would be, not saved."""
        given = self.cleaned_data
        kind, _, metric = given["what"].partition(":")
        scope, _, name = given["scope"].partition(":")
        return AlertRule(
            tenant=given["shop"], plan_id=name if scope == "plan" else None, metric=metric, kind=kind,
            threshold=given["threshold"], window_seconds=given["window"], severity=given["severity"],
            action=given["action"],
            throttle_per_minute=given["throttle_per_minute"] or throttling.USUAL_PER_MINUTE,
            throttle_minutes=given["throttle_minutes"] or throttling.USUAL_MINUTES, is_active=given["is_active"],
            channels=given["channels"],
            cool_down_minutes=AlertRule.COOL_DOWN if given["cool_down"] is None else given["cool_down"],
        )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(may="platform.write")
def new_rule(request: Any) -> HttpResponse:
    """The form, empty or filled in from another rule (?copy=7)."""
    asked = request.GET.get("copy", "")
    copied = _named(int(asked) if asked.isdecimal() and len(asked) < 10 else 0) if asked else None
    return _answer(request, None, _initial(copied))


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(may="platform.write")
def change_rule(request: Any, pk: int) -> HttpResponse:
    """The form of a rule that is there: it becomes what is saved, for other shops or of another metric too."""
    rule = _named(pk)
    return _answer(request, rule, _initial(rule))


def _answer(request: Any, rule: AlertRule | None, initial: dict[str, Any]) -> HttpResponse:
    """ "Try it out" answers what the rule would have raised; "Save" saves it; "show" lists the channels of the chosen
    shop, and checks nothing."""
    page = "anomalies/backoffice/rule.html"
    if "show" in request.POST:
        form = RuleForm(initial={**request.POST.dict(), "channels": request.POST.getlist("channels")})
        fragment = "told" if request.htmx else None
        return render_page(request, page, {"form": form, "rule": rule}, fragment=fragment)
    form = RuleForm(request.POST or None, initial=initial)
    outcome = None
    if request.method == "POST" and form.is_valid():
        draft = form.draft()
        if "try" in request.POST:
            outcome = trying.try_out(draft)
        elif _save(request, form, rule, draft):
            return redirect("alert-rules")
    status = 422 if form.is_bound and not form.is_valid() else 200
    return render_page(request, page, {"form": form, "rule": rule, "outcome": outcome}, status=status)


def _save(request: Any, form: RuleForm, rule: AlertRule | None, draft: AlertRule) -> bool:
    """Whether it was saved; why not stands in the form."""
    said = "The rule is in force." if draft.is_active else "The rule is kept, not in force."
    try:
        if rule is not None:
            rule_acts.change(rule.pk, draft, by=request.user)
        else:
            _, before = rule_acts.save(draft, by=request.user)
            if before:
                said += f" It took the place of the one with the threshold {before['threshold']:,g}."
    except Conflict as conflict:
        form.add_error("scope", conflict.detail)
        return False
    except NotFound as missing:
        raise Http404(missing.detail) from None
    messages.success(request, said)
    return True


def _named(pk: int) -> AlertRule:
    rule = AlertRule.objects.using("ops").select_related("tenant").filter(pk=pk).first()
    if rule is None:
        raise Http404
    return rule


def _initial(rule: AlertRule | None) -> dict[str, Any]:
    """What the form begins with: a rule that is there, or the limit of calls."""
    if rule is None:
        return {"what": "limit:api_rate", "threshold": 100, "window": 60}
    scope = "shop" if rule.tenant else f"plan:{rule.plan_id}" if rule.plan_id else ""
    same = ("threshold", "severity", "action", "throttle_per_minute", "throttle_minutes", "is_active", "channels")
    return {
        "what": f"{rule.kind}:{rule.metric}", "scope": scope,
        "shop": rule.tenant.slug if rule.tenant else "", "window": rule.window_seconds,
        "cool_down": rule.cool_down_minutes,
        **{name: getattr(rule, name) for name in same},
    }  # fmt: skip
