"""Forms of the panel's pages about keys, people and the shop itself."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from tenants import api_keys, profile, throttling
from tenants.models import ApiKey, Tenant
from tenants.models.people import Role

PRESETS = {
    "shop": ("Everything a shop's server does", None),
    "recommendations": ("Recommendations and events only", ["recommendations:read", "events:write"]),
    "catalogue": ("Catalogue only", ["catalogue:read", "catalogue:write"]),
    "batches": ("Reading batch jobs only", ["batch:read"]),
    "reporting": ("Usage only", ["usage:read"]),
    "custom": ("Only what is chosen below", []),
}
EXPIRIES = [("", "Never"), ("7", "In 7 days"), ("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year")]
GRACES = {"0": "Now", "1": "In 1 hour", "24": "In 24 hours", "168": "In 7 days"}


class KeyForm(forms.Form):
    """What a new key is for. `options()` is what api_keys.issue wants."""

    name = forms.CharField(label="Name", max_length=80, help_text="What will use it, such as “Shop server”.")
    kind = forms.ChoiceField(
        label="Kind",
        choices=[("sk", "Secret, for your server"), ("pk", "Publishable, for your shop's pages")],
        widget=forms.RadioSelect,
        initial="sk",
        help_text="A publishable key may be seen by everybody: it can only ask for recommendations and send events.",
    )
    mode = forms.ChoiceField(
        label="Mode",
        choices=[("live", "Live"), ("test", "Test")],
        widget=forms.RadioSelect,
        initial="live",
        help_text="A test key reads like a live one, and changes nothing: what it writes is refused.",
    )
    preset = forms.ChoiceField(
        label="It may",
        choices=[(code, label) for code, (label, _) in PRESETS.items()],
        initial="shop",
        help_text="For secret keys. Publishable keys may ask for recommendations and send events.",
    )
    scopes = forms.MultipleChoiceField(
        label="Chosen rights",
        choices=[(scope, f"{text} ({scope})") for scope, text in api_keys.SCOPES.items()],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="Counts only with “Only what is chosen below”.",
    )
    origins = forms.CharField(
        label="Sites",
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "https://shop.example"}),
        required=False,
        help_text="For publishable keys: the addresses of the pages that use it, one per line.",
    )
    expires = forms.ChoiceField(label="Expires", choices=EXPIRIES, required=False)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        secret = values.get("kind") == "sk"
        if secret and values.get("preset") == "custom" and not values.get("scopes"):
            self.add_error("scopes", "Choose at least one right.")
        return values

    def options(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given["kind"] == ApiKey.Kind.PUBLISHABLE:
            scopes = None
        else:
            scopes = given["scopes"] if given["preset"] == "custom" else PRESETS[given["preset"]][1]
        days = given["expires"]
        return {
            "name": given["name"],
            "kind": given["kind"],
            "mode": given["mode"],
            "scopes": scopes,
            "origins": [line.strip() for line in given["origins"].splitlines() if line.strip()],
            "expires_at": timezone.now() + timedelta(days=int(days)) if days else None,
        }


class RotateForm(forms.Form):
    grace = forms.ChoiceField(
        label="The old key stops",
        choices=list(GRACES.items()),
        initial="24",
        help_text="Until then both work, so that nothing breaks while you change it.",
    )

    @property
    def duration(self) -> timedelta:
        return timedelta(hours=int(self.cleaned_data["grace"]))


class ThrottleForm(forms.Form):
    """How slow a key is to be, for how long and why."""

    per_minute = forms.IntegerField(
        label="Calls a minute", min_value=1, initial=throttling.USUAL_PER_MINUTE,
        help_text="What is beyond is answered 429 with the seconds to wait.",
    )  # fmt: skip
    minutes = forms.TypedChoiceField(
        label="For", coerce=int, choices=throttling.CHOICES, initial=throttling.USUAL_MINUTES,
        help_text="It ends by itself; you can take it back before.",
    )  # fmt: skip
    reason = forms.CharField(label="Why", max_length=200, required=False, help_text="Stands beside the key.")

    def __init__(self, *args: Any, most: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["per_minute"]
        field.widget.attrs["max"] = most
        field.help_text = f"Your plan allows {most:,}. {field.help_text}"


class InviteForm(forms.Form):
    email = forms.EmailField(label="E-mail address")
    role = forms.ChoiceField(label="Role", choices=Role.choices, initial=Role.ANALYST)


class SettingsForm(forms.Form):
    """The shop's own facts. A zone or currency that was set elsewhere stays choosable."""

    name = forms.CharField(label="Shop name", max_length=120)
    website = forms.URLField(label="Website", max_length=300, required=False, assume_scheme="https")
    currency = forms.ChoiceField(label="Currency", help_text="Revenue is shown in it.")
    time_zone = forms.ChoiceField(label="Time zone", help_text="Days begin and times are shown in it.")
    attribution_hours = forms.IntegerField(
        label="Attribution window, hours",
        min_value=1,
        max_value=profile.MOST_WINDOW_HOURS,
        help_text="An order counts for a list if a shopper clicked its product there at most so many hours before; "
        "the last click counts. 24 is usual. After a change the figures of all days whose events are still kept "
        "are counted again within minutes, so that they can be compared.",
    )
    takes_part = forms.BooleanField(
        label="Take part in the shared model",
        required=False,
        help_text="Small shops learn from others which kinds of products go together. Your shop gives how strongly "
        "words, whole titles, categories, brands and price bands are bought together, as digests that nobody can read "
        "and only where at least two more shops say the same; no price, no customer, no order. It gets the same from "
        "the others, "
        "for its own products. Without the tick it gives and takes nothing: what it gave is deleted within minutes, "
        "and its next training learns from its own data alone.",
    )

    def __init__(self, *args: Any, tenant: Tenant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field, known in (("currency", profile.CURRENCIES), ("time_zone", profile.zones())):
            values = sorted({*known, getattr(tenant, field)})
            self.fields[field].choices = [(value, value.replace("_", " ")) for value in values]
