"""The form of a placement: settings in words, sliders for what is a number between two extremes."""

from collections.abc import Iterable
from typing import Any

from django import forms

from luxebrain.lib.forms import Slider
from recommendations.emphasis import EMPHASIS, slider
from recommendations.models import Placement
from recommendations.panel.expression_field import ExpressionField
from tenants.models import Tenant

SHARES = tuple("off" if not number else f"{5 * number} %" for number in range(21))
HELP = {
    "diversity": "How different the products of one list are: off is best first, 100 % as different as possible.",
    "novelty": "How much best sellers give way to products that fewer people know.",
    "rotation": "How much the order changes from hour to hour, so that regular visitors see more of the catalogue.",
    "min_relevance": "The share of the best score that a product must reach. A shorter list is better than padding.",
}


class PlacementForm(forms.Form):
    """`values()` is what placements.create and update take. `parts` are those of the model that serves."""

    name = forms.CharField(label="Name", max_length=80, help_text="As your team calls it, such as “Home page, top”.")
    code = forms.CharField(
        label="Code", max_length=40, help_text="As your shop asks for it. Letters, digits, point, hyphen, underscore.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
    surface = forms.ChoiceField(label="Where it is shown", choices=Placement.Surface.choices)
    kind = forms.ChoiceField(label="What it shows", choices=Placement.Kind.choices)
    count = forms.IntegerField(label="How many products", min_value=1, max_value=100, initial=10)
    filter = ExpressionField(
        label="Only products that match",
        help_text='Build a condition below, or write one, such as "wool" in tags. Empty: every product for sale.',
    )  # fmt: skip
    fallback = forms.ChoiceField(
        label="When too few are found", choices=Placement.Fallback.choices, help_text="What the list is filled up with."
    )
    bought = forms.ChoiceField(
        label="Products that the shopper has bought", choices=Placement.Bought.choices,
        help_text="Which categories are bought again is set for the whole shop, under “Settings for all lists”.",
    )  # fmt: skip
    diversity = forms.IntegerField(label="Variety", min_value=0, max_value=20, widget=Slider(SHARES))
    novelty = forms.IntegerField(label="Less known products", min_value=0, max_value=20, widget=Slider(SHARES))
    rotation = forms.IntegerField(label="Rotation", min_value=0, max_value=20, widget=Slider(SHARES))
    min_relevance = forms.IntegerField(label="Least relevance", min_value=0, max_value=20, widget=Slider(SHARES))
    most_of_category = forms.IntegerField(
        label="At most of one category", min_value=1, max_value=100, required=False, help_text="Empty: as many as fit."
    )
    most_of_brand = forms.IntegerField(
        label="At most of one brand", min_value=1, max_value=100, required=False, help_text="Empty: as many as fit."
    )

    def __init__(self, data: Any, *, tenant: Tenant, row: Placement, parts: Iterable[str]) -> None:
        super().__init__(data, initial=initial(row))
        self.row = row
        self.fields["filter"].ask(tenant, "filter")
        for name, text in HELP.items():
            self.fields[name].help_text = text
        self.weighed = []
        for part in parts:
            self.fields[f"weight_{part}"] = slider(part, initial=nearest(float(row.weights.get(part, 1.0))))
            self.weighed.append(part)
        if row.pk:
            del self.fields["code"]

    @property
    def weights(self) -> list[Any]:
        return [self[f"weight_{part}"] for part in self.weighed]

    def values(self) -> dict[str, Any]:
        """What was typed, as the use cases take it. A slider that was not moved keeps the exact number."""
        given = dict(self.cleaned_data)
        weights = dict(self.row.weights)
        for part in self.weighed:
            step = given.pop(f"weight_{part}")
            if step != self.fields[f"weight_{part}"].initial:
                weights[part] = EMPHASIS[step][0]
        for name in HELP:
            kept = getattr(self.row, name)
            given[name] = kept if given[name] == steps(kept) else given[name] / 20
        return {**given, "weights": weights}


def initial(row: Placement) -> dict[str, Any]:
    names = ("name", "code", "surface", "kind", "count", "filter", "fallback", "bought")
    found = {name: getattr(row, name) for name in (*names, "most_of_category", "most_of_brand")}
    return found | {name: steps(getattr(row, name)) for name in HELP}


def steps(share: float) -> int:
    return min(max(round(share * 20), 0), 20)


def nearest(weight: float) -> int:
    """The place of the slider that is nearest to this multiplier."""
    return min(range(len(EMPHASIS)), key=lambda step: abs(EMPHASIS[step][0] - weight))
