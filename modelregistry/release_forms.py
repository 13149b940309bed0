"""The forms of a release and of an upload."""

from typing import Any

from django import forms

from tenants.picking import ShopField

PLANS = {
    "5 25": ("5 %, then 25 %, then everybody", (500, 2_500)),
    "1 10 50": ("1 %, then 10 %, then 50 %, then everybody", (100, 1_000, 5_000)),
    "": ("No canary: from the shadow to everybody", ()),
}


class ReleaseForm(forms.Form):
    shares = forms.ChoiceField(
        label="Canary", required=False, choices=[(name, label) for name, (label, _) in PLANS.items()], initial="5 25",
        help_text="Shares of the shoppers that the version serves, one after the other. Who got it keeps it.",
    )
    stage_hours = forms.FloatField(
        label="Hours per stage", min_value=0, max_value=720, initial=24, help_text="At least. A day sees every hour."
    )
    least_lists = forms.IntegerField(
        label="Lists per stage", min_value=1, max_value=10_000_000, initial=200,
        help_text="At least so many lists of the version, before the next stage begins.",
    )
    ctr_loss = forms.FloatField(
        label="Lower click-through that is borne, %", min_value=0, max_value=100, initial=20,
        help_text="If the share of clicked lists is surely lower by more than this, the version is taken back.",
    )
    goes_on = forms.BooleanField(label="Take the next stage by itself", required=False, initial=True)
    reason = forms.CharField(label="Why", max_length=300, help_text="It stands in the history.")

    def chosen(self) -> dict[str, Any]:
        """The options of `releases.begin`."""
        held = self.cleaned_data
        return {
            "shares": PLANS[held["shares"]][1], "stage_hours": held["stage_hours"], "least_lists": held["least_lists"],
            "goes_on": held["goes_on"], "reason": held["reason"], "limits": {"ctr_loss": held["ctr_loss"] / 100},
        }  # fmt: skip


class UploadForm(forms.Form):
    tenant = ShopField()
    file = forms.FileField(
        label="Artefact", help_text="A zip archive of manifest.json and .npy files, as an artefact's folder is."
    )
    sha256 = forms.CharField(
        label="sha256 of the file", required=False, min_length=64, max_length=64,
        help_text="If you have it: the file is refused where it differs.",
    )
    reason = forms.CharField(label="Why", max_length=300, help_text="It stands in the history.")


