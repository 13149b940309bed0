"""The form of a rule: what it does, to which products, where, for whom and when."""

from typing import Any

from django import forms
from django.http import QueryDict

from luxebrain.lib.forms import MomentField, Slider
from recommendations.models import Rule
from recommendations.panel.expression_field import ExpressionField
from tenants.models import Tenant

STRENGTHS = ("a little", "clearly", "strongly", "as far as it goes")
FACTORS = {Rule.Action.BOOST: (1.25, 2.0, 4.0, 10.0), Rule.Action.BURY: (0.8, 0.5, 0.25, 0.1)}
ACTIONS = (
    (Rule.Action.PIN, "Pin: put products in fixed places"),
    (Rule.Action.BOOST, "Boost: let products rank higher"),
    (Rule.Action.BURY, "Bury: let products rank lower"),
    (Rule.Action.EXCLUDE, "Exclude: never show products"),
)


class RuleForm(forms.Form):
    """`values()` is what rules.create and update take. Products are chosen in the picker beside the form's fields."""

    products_error = ""
    name = forms.CharField(label="Name", max_length=80, help_text="As your team calls it, such as “Wool in November”.")
    action = forms.ChoiceField(label="What it does", choices=ACTIONS, widget=forms.RadioSelect)
    position = forms.IntegerField(
        label="From place", min_value=1, max_value=100, required=False,
        help_text="Pins only: the first product stands here, the others right after it.",
    )  # fmt: skip
    strength = forms.IntegerField(
        label="How much", min_value=0, max_value=len(STRENGTHS) - 1, required=False, widget=Slider(STRENGTHS),
        help_text="Boosts and buries only: scores are multiplied, from ×1.25 to ×10 or from ×0.8 to ×0.1.",
    )  # fmt: skip
    filter = ExpressionField(
        label="Or products that match",
        help_text='Build a condition below, or write one, such as brand == "Acme" and price < 50.',
    )  # fmt: skip
    placements = forms.MultipleChoiceField(
        label="Where", required=False, widget=forms.CheckboxSelectMultiple, help_text="None chosen: everywhere."
    )
    segment = ExpressionField(
        scope="shopper", label="For which shoppers",
        help_text="Build a condition below, or write one, such as shopper.orders >= 3. Empty: for everybody.",
    )  # fmt: skip
    starts_at = MomentField(label="From", required=False, help_text="Empty: at once.")
    ends_at = MomentField(label="Until", required=False, help_text="Empty: without end.")
    owner = forms.ChoiceField(label="Owner", required=False, help_text="Who is asked about it before it ends.")
    note = forms.CharField(
        label="Note", max_length=500, required=False, help_text="Why it is there.",
        widget=forms.Textarea(attrs={"rows": 2, "class": "short"}),
    )  # fmt: skip
    is_active = forms.BooleanField(label="On", required=False, help_text="Off: it is kept and does nothing.")

    def __init__(self, data: QueryDict | None, *, tenant: Tenant, row: Rule, owner: str) -> None:
        super().__init__(data, initial=initial(row, owner))
        self.row = row
        for name in ("filter", "segment"):
            self.fields[name].ask(tenant, name)
        self.is_new = row.pk is None
        spots = [(spot.code, f"{spot.name} ({spot.code})") for spot in tenant.placements.all()]
        known = {code for code, _ in spots}
        spots += [(code, f"{code} (removed)") for code in row.placements if code not in known]
        self.fields["placements"].choices = spots
        people = [membership.user for membership in tenant.memberships.select_related("user").order_by("user__name")]
        self.fields["owner"].choices = [("", "Nobody"), *((person.email, str(person)) for person in people)]

    @property
    def chosen(self) -> list[str]:
        """The ids of the chosen products, in order."""
        if self.is_bound:
            return list(dict.fromkeys(one[:64].replace("\x00", "") for one in self.data.getlist("products")))[:100]
        return list(self.row.products)

    def values(self) -> dict[str, Any]:
        given = dict(self.cleaned_data)
        step, action = given.pop("strength"), given["action"]
        position = given.pop("position")
        values = {**given, "products": self.chosen}
        if action == Rule.Action.PIN:
            values["position"] = position or 1
        elif action in FACTORS:
            values["factor"] = self._factor(action, 1 if step is None else step)
        return values

    def _factor(self, action: str, step: int) -> float:
        """A slider that was not moved keeps the exact number."""
        if action == self.row.action and not self.is_new and step == self.initial["strength"]:
            return self.row.factor
        return FACTORS[action][step]


def initial(row: Rule, owner: str) -> dict[str, Any]:
    names = ("name", "action", "filter", "placements", "segment", "starts_at", "ends_at", "note", "position")
    found = {name: getattr(row, name) for name in names}
    factors = FACTORS.get(row.action, ())
    steps = sorted(range(len(factors)), key=lambda step: abs(factors[step] - row.factor))
    found["is_active"] = row.is_active
    return found | {"owner": row.owner.email if row.owner else owner, "strength": steps[0] if steps else 1}
