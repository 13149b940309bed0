"""The three forms of a new batch job: for whom, what, and when."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms

from luxebrain.lib.problems import Problem
from recommendations import audience_files, audiences, queries, saved_audiences
from recommendations.audience_files import Lines
from recommendations.models import BatchJob, BatchSchedule
from recommendations.panel.expression_field import ExpressionField
from recommendations.panel.preview import BESIDE_A_PRODUCT
from recommendations.panel.preview import KINDS as LISTS
from tenants.models import Tenant, User

KINDS = [
    ("all", "All customers"),
    ("ordered_within", "Ordered lately"),
    ("not_ordered_within", "Ordered before, not lately"),
    ("spent", "Spent at least"),
    ("bought_in", "Bought in a category"),
    ("saved", "A saved audience"),
    ("paste", "Paste ids"),
    ("upload", "Upload a file of ids"),
]
MOST_CATEGORIES = 200


class AudienceForm(forms.Form):
    """Step 1. `audience(by=…)` gives what `audiences.read` gave; ids that are many become a saved audience."""

    kind = forms.ChoiceField(label="For whom", choices=KINDS, widget=forms.RadioSelect, initial="ordered_within")
    days = forms.IntegerField(
        label="Days", min_value=1, max_value=audiences.MOST_DAYS, required=False, initial=90,
        help_text="For “Ordered lately” and “Ordered before, not lately”.",
    )  # fmt: skip
    least = forms.DecimalField(
        label="Amount", min_value=0, max_digits=12, decimal_places=2, required=False,
        help_text="For “Spent at least”, over all orders, in the shop's currency.",
    )  # fmt: skip
    category = forms.ChoiceField(label="Category", required=False, help_text="For “Bought in a category”.")
    saved = forms.ChoiceField(label="Saved audience", required=False, help_text="For “A saved audience”.")
    ids = forms.CharField(
        label="Customer ids", required=False, strip=False, max_length=2_000_000,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text="For “Paste ids”: one a line, or with commas between.",
    )  # fmt: skip
    file = forms.FileField(
        label="File", required=False, allow_empty_file=True,
        help_text="For “Upload a file”: CSV with a column customer_id, or JSON Lines; at most a million ids.",
    )  # fmt: skip
    save_as = forms.CharField(
        label="Save this audience as", max_length=80, required=False,
        help_text="A name, to choose it again next time. Leave it empty otherwise.",
    )  # fmt: skip

    def __init__(self, *args: Any, tenant: Tenant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tenant, self.lines = tenant, Lines()
        if "saved" in self.fields:
            named = saved_audiences.named(tenant)
            self.fields["saved"].choices = [("", "Choose one"), *((row.pk, row.name) for row in named)]
        self.fields["category"].choices = [("", "Choose one"), *((name, name) for name in categories(tenant))]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        kind = given.get("kind")
        needed = {"ordered_within": "days", "not_ordered_within": "days", "spent": "least", "bought_in": "category",
                  "saved": "saved", "paste": "ids", "upload": "file"}.get(str(kind))  # fmt: skip
        if needed and not given.get(needed) and needed not in self.errors:
            self.add_error(needed, "This is needed for what you chose.")
        elif kind == "paste":
            self.lines = audience_files.pasted(given["ids"])
            self._refuse("ids")
        elif kind == "upload":
            try:
                self.lines = audience_files.uploaded(given["file"].file, given["file"].name)
            except Problem as problem:
                self.add_error("file", problem.errors[0]["message"])
            else:
                self._refuse("file")
        return given

    def _refuse(self, name: str) -> None:
        """Every id that is none is listed, before anything is asked for."""
        if self.lines.refused_count:
            listed = [f"Line {line}: “{value}”. {why}" for line, value, why in self.lines.refused]
            more = self.lines.refused_count - len(listed)
            self.add_error(name, [*listed, *([f"And {more:,} more."] if more else [])])
        elif not self.lines.ids:
            self.add_error(name, "There is no id in it.")

    def asked(self) -> dict[str, Any]:
        """The audience without keeping anything: ids as a list, however many. For counting."""
        given, kind = self.cleaned_data, self.cleaned_data["kind"]
        if kind in ("paste", "upload"):
            return {"kind": "ids", "ids": list(dict.fromkeys(self.lines.ids))}
        value = {
            "ordered_within": {"days": given["days"]}, "not_ordered_within": {"days": given["days"]},
            "spent": {"least": str(given["least"])}, "bought_in": {"category": given["category"]},
            "saved": {"id": int(given.get("saved") or 0)},
        }.get(kind, {})  # fmt: skip
        return audiences.read(self.tenant, {"kind": kind, **value})

    def audience(self, *, by: User) -> dict[str, Any]:
        """The audience to go on with; kept where it has a name, or too many ids. Raises Problem."""
        asked, name = self.asked(), self.cleaned_data["save_as"].strip()
        if asked["kind"] == "ids" and (name or len(asked["ids"]) > audiences.MOST_IDS):
            file = self.cleaned_data.get("file")
            filename = file.name if self.cleaned_data["kind"] == "upload" and file else "pasted ids"
            row = saved_audiences.keep_ids(self.tenant, asked["ids"], filename=filename, name=name or None, by=by)
            return {"kind": "saved", "id": row.pk}
        if name and asked["kind"] != "saved":
            return {"kind": "saved", "id": saved_audiences.save(self.tenant, name, asked, by=by).pk}
        return asked


def filled(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The form's values for this audience, as `AudienceForm.asked` gave it."""
    if asked["kind"] == "ids":
        return {"kind": "paste", "ids": "\n".join(asked["ids"])}
    return {"saved" if name == "id" else name: value for name, value in asked.items()}


def categories(tenant: Tenant) -> list[str]:
    """The categories of the shop's products, by name."""
    found: set[str] = set()
    for listed in tenant.products.exclude(categories=[]).values_list("categories", flat=True).distinct()[:5000]:
        found.update(listed)
    return sorted(found)[:MOST_CATEGORIES]


class ListForm(forms.Form):
    """Step 2. `asked()` gives the fields of a call."""

    type = forms.ChoiceField(
        label="What to recommend", choices=[(name, label) for name, label, _ in LISTS if name not in BESIDE_A_PRODUCT]
    )
    limit = forms.IntegerField(label="Products for each customer", min_value=1, max_value=queries.MAX_LIMIT, initial=10)
    placement = forms.ChoiceField(
        label="Placement", required=False, help_text="Its rules and settings hold for the lists."
    )
    filter = ExpressionField(scope="product", label="Only products for which")
    on_unknown = forms.ChoiceField(
        label="Customers that the shop does not know", choices=BatchJob.Unknown.choices, initial="popular"
    )

    def __init__(self, *args: Any, tenant: Tenant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["placement"].choices = [("", "None"), *tenant.placements.values_list("code", "name")]
        self.fields["filter"].required = False
        self.fields["filter"].ask(tenant, "filter")

    def asked(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}


class WhenForm(forms.Form):
    """Step 3."""

    name = forms.CharField(label="Name", max_length=120, help_text="Such as “Weekly e-mail picks”.")
    when = forms.ChoiceField(
        label="When", choices=[("now", "Now"), *((code, text) for code, text in (
            (BatchSchedule.Every.ONCE, "Once, at a moment"), (BatchSchedule.Every.WEEK, "Every week")))],
        widget=forms.RadioSelect, initial="now",
    )  # fmt: skip
    at = forms.DateTimeField(
        label="First time", required=False, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="In the shop's time zone. A weekly job keeps the weekday and the hour.",
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        at: datetime | None = given.get("at")
        if given.get("when") != "now" and at is None and "at" not in self.errors:
            self.add_error("at", "Say when.")
        return given
