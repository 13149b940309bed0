"""The form of an experiment, and the forecast beside it: how long it takes, and what a month can show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from math import ceil, isfinite
from typing import Any

from django import forms
from django.conf import settings

from modelregistry import units
from modelregistry.experiments import MINIMUM, longest
from modelregistry.models import Experiment, ModelVersion
from modelregistry.statistics import power
from recommendations import rules, traffic
from recommendations.emphasis import AS_TRAINED, EMPHASIS, slider
from tenants.models import Tenant

LIFTS = (("2", "2 %"), ("5", "5 %"), ("10", "10 %"), ("20", "20 %"), ("30", "30 %"), ("50", "50 %"))


class ExperimentForm(forms.Form):
    """`values()` is what experiments.set_up takes."""

    name = forms.CharField(label="Name", max_length=80, help_text="As your team calls it.")
    hypothesis = forms.CharField(
        label="What you expect", max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Written down before, it keeps everybody honest afterwards.",
    )  # fmt: skip
    unit = forms.ChoiceField(label="What is compared", widget=forms.RadioSelect)
    version_a = forms.TypedChoiceField(label="A: the version as it is", coerce=int, required=False, empty_value=None)
    version_b = forms.TypedChoiceField(label="B: the version to try", coerce=int, required=False, empty_value=None)
    rules_b = forms.TypedMultipleChoiceField(
        label="Rules that only B follows", coerce=int, required=False, widget=forms.CheckboxSelectMultiple,
        help_text="A is served without them. All other rules hold for both.",
    )  # fmt: skip
    share_b = forms.IntegerField(
        label="Share of B, per cent", min_value=1, max_value=99, initial=50,
        help_text="Half is quickest. Less is safer. Later it can be moved, and figures begin anew.",
    )  # fmt: skip
    placements = forms.MultipleChoiceField(
        label="Only these placements", required=False, widget=forms.CheckboxSelectMultiple, help_text="None: all lists."
    )
    goal = forms.ChoiceField(
        label="Goal", choices=Experiment.Goal.choices, initial=Experiment.Goal.CONVERSION,
        help_text="The verdict is made of it alone. The other metrics are shown beside it.",
    )  # fmt: skip
    lift = forms.ChoiceField(
        label="Smallest lift worth finding", choices=LIFTS, initial="10",
        help_text="For the forecast: 10 % takes a conversion of 4.0 % to 4.4 %.",
    )  # fmt: skip
    minimum_subjects = forms.IntegerField(
        label="Least subjects in each arm", min_value=MINIMUM[0], max_value=MINIMUM[1], initial=1000,
        help_text="Before, B is not given everything by itself. Shoppers, and guests by session.",
    )  # fmt: skip
    planned_end = forms.DateField(
        label="Last day", required=False, widget=forms.DateInput(attrs={"type": "date"}), help_text="Empty: open."
    )
    automatic = forms.ChoiceField(
        label="When the stop rules say so", choices=Experiment.Automatic.choices,
        help_text="A B that is worse ends at once; one that is better after the least subjects and a week.",
    )  # fmt: skip

    def __init__(self, data: Any, *, tenant: Tenant, parts: Iterable[str], champion: ModelVersion | None) -> None:
        super().__init__(data)
        unit = Experiment.Unit
        known = units.known()
        self.fields["unit"].choices = [(value, label) for value, label in unit.choices if value in known]
        versions = self._offer_versions(tenant, champion)
        self.fields["unit"].initial = unit.VERSION if versions > 1 else unit.HOLDOUT
        self.fields["placements"].choices = list(tenant.placements.values_list("code", "name"))
        live = rules.live(tenant) if unit.RULES in known else []
        self.fields["rules_b"].choices = [(rule.pk, rule.name) for rule in live]
        for name in ("rules_b", "placements"):
            if not self.fields[name].choices:
                del self.fields[name]
        last = tenant.today() + timedelta(days=longest(tenant))
        self.fields["planned_end"].help_text = f"Empty: open. At most {last:%-d %b %Y}: impressions are kept so long."
        self.parts = list(parts) if unit.WEIGHTS in known else []
        for part in self.parts:
            self.fields[f"weight_{part}"] = slider(part, required=False)

    def _offer_versions(self, tenant: Tenant, champion: ModelVersion | None) -> int:
        """Choices of both arms; how many there are. A begins as what serves, B as the newest other."""
        ready = tenant.model_versions.filter(model=settings.MODEL_NAME, state=ModelVersion.State.READY)
        versions = [(row.number, str(row)) for row in ready.order_by("-number")]
        for name in ("version_a", "version_b"):
            self.fields[name].choices = [("", "Choose a version"), *versions]
        serving = champion.number if champion else None
        self.fields["version_a"].initial = serving
        self.fields["version_b"].initial = next((number for number, _ in versions if number != serving), None)
        return len(versions)

    @property
    def weights(self) -> list[Any]:
        return [self[f"weight_{part}"] for part in self.parts]

    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        a, b = self.arms(given)
        names = ("name", "hypothesis", "unit", "share_b", "goal", "minimum_subjects", "planned_end", "automatic")
        placements = [] if given["unit"] == Experiment.Unit.HOLDOUT else given.get("placements", [])
        return {name: given[name] for name in names} | {"a": a, "b": b, "placements": placements}

    def arms(self, given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        unit = Experiment.Unit
        if given["unit"] == unit.VERSION:
            return {"version": given["version_a"]}, {"version": given["version_b"]}
        if given["unit"] == unit.RULES:
            return {"rules": []}, {"rules": given.get("rules_b", [])}
        if given["unit"] == unit.WEIGHTS:
            steps = {part: given.get(f"weight_{part}") for part in self.parts}
            moved = {part: EMPHASIS[step][0] for part, step in steps.items() if step not in (None, AS_TRAINED)}
            return {"weights": {}}, {"weights": moved}
        return {}, {}


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the shop's own last weeks say about a planned experiment; None or inf where nothing can be said."""

    subjects: int  # of the last weeks
    per_day: float
    mean: float
    goal: str
    lift: float
    needed: float  # of the smaller arm
    days: int | None
    monthly: float  # the least lift that 28 days show

    @property
    def each(self) -> int | None:
        """Subjects that the smaller arm needs."""
        return ceil(self.needed) if isfinite(self.needed) else None

    @property
    def month_shows(self) -> float | None:
        return self.monthly if isfinite(self.monthly) else None


def forecast(tenant: Tenant, form: ExperimentForm) -> Forecast:
    """From what stands in the form; what is not valid there takes its default."""
    form.is_valid()
    given = getattr(form, "cleaned_data", {})
    share_b, goal = given.get("share_b") or 50, given.get("goal") or Experiment.Goal.CONVERSION
    lift = int(given.get("lift") or 10) / 100
    holdout = given.get("unit") == Experiment.Unit.HOLDOUT
    seen = traffic.read(tenant, placements=() if holdout else given.get("placements") or ())
    mean, variance = seen.moments(goal)
    needed = power.subjects(mean, variance, lift, share=share_b / 100)
    monthly = power.detectable(mean, variance, seen.per_day * traffic.DAYS, share=share_b / 100)
    smaller = needed * min(share_b, 100 - share_b) / 100
    return Forecast(
        seen.subjects, seen.per_day, mean, Experiment.Goal(goal).label.lower(), lift, smaller,
        power.days(needed, seen.per_day), monthly,
    )  # fmt: skip
