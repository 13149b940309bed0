"""Forms of the back office's pages about shops and people."""

from datetime import timedelta

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone

from luxebrain.lib.forms import FilterForm
from tenants import audit_words, profile
from tenants.models import Plan, Tenant, User
from tenants.picking import ShopField


def plan_choices() -> list[tuple[str, str]]:
    return [(plan.code, plan.name) for plan in Plan.objects.all()]


class OpenForm(forms.Form):
    """Opening a shop takes five fields; the owner gets a letter."""

    name = forms.CharField(label="Shop name", max_length=120)
    owner_email = forms.EmailField(
        label="Owner's e-mail address", help_text="Gets a letter with a link to join as owner."
    )
    plan = forms.ChoiceField(label="Plan", choices=plan_choices)
    currency = forms.ChoiceField(label="Currency", choices=[(code, code) for code in profile.CURRENCIES])
    time_zone = forms.ChoiceField(
        label="Time zone", choices=lambda: [(zone, zone.replace("_", " ")) for zone in profile.zones()], initial="UTC"
    )


class PlanForm(forms.Form):
    plan = forms.ChoiceField(label="Plan", choices=plan_choices)
    reason = forms.CharField(label="Why", max_length=500, required=False, help_text="Kept in the audit trail.")


class PlanChannelsForm(forms.Form):
    channels = forms.MultipleChoiceField(
        label="Told of alerts by mail, and by", required=False, widget=forms.CheckboxSelectMultiple,
        choices=Plan.ALERT_KINDS,
        help_text="Every plan has mail. A channel of a kind that is taken away stays, and is shown as not told.",
    )  # fmt: skip
    reason = forms.CharField(label="Why", max_length=500, required=False, help_text="Kept in the audit trail.")


class PlanUsedUpForm(forms.Form):
    then = forms.ChoiceField(
        label="When the month's calls are used up", widget=forms.RadioSelect, choices=Plan.WhenUsedUp.choices,
        help_text="Events, shop data, webhooks, batch jobs and the panel go on in any case. Shops are told at 80 % and "
        "at 100 %, once each.",
    )  # fmt: skip
    reason = forms.CharField(label="Why", max_length=500, required=False, help_text="Kept in the audit trail.")


class TenantFilter(FilterForm):
    plan = forms.ChoiceField(label="Plan", choices=lambda: [("", "Any plan"), *plan_choices()])
    state = forms.ChoiceField(label="State", choices=[("", "Any state"), *Tenant.State.choices])
    lookups = {"plan": "plan_id"}


class PeopleFilter(FilterForm):
    role = forms.ChoiceField(
        label="Platform role", choices=[("", "Everybody"), ("staff", "Staff"), *User.PlatformRole.choices[1:]]
    )
    active = forms.ChoiceField(label="State", choices=[("", "Any state"), ("yes", "Active"), ("no", "Deactivated")])

    def apply(self, rows: QuerySet) -> QuerySet:
        role, active = self.chosen.get("role"), self.chosen.get("active")
        if role:
            rows = rows.filter(~Q(platform_role="") if role == "staff" else Q(platform_role=role))
        return rows.filter(is_active=active == "yes") if active else rows


class AuditFilter(FilterForm):
    area = forms.ChoiceField(label="About", choices=[("", "Everything"), *audit_words.areas()])
    shop = ShopField(placeholder="Any shop")
    days = forms.TypedChoiceField(
        label="When", coerce=int, empty_value=None,
        choices=[("", "At any time"), (1, "Last 24 hours"), (7, "Last 7 days"), (28, "Last 28 days")],
    )  # fmt: skip

    def apply(self, rows: QuerySet) -> QuerySet:
        area, shop, days = (self.chosen.get(name) for name in ("area", "shop", "days"))
        rows = rows.filter(action__startswith=area) if area else rows
        rows = rows.filter(tenant=shop) if shop else rows
        return rows.filter(happened_at__gte=timezone.now() - timedelta(days=days)) if days else rows
