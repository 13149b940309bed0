"""The form of a saved audience: its name, and for whom it is."""

from typing import Any

from django import forms

from recommendations import saved_audiences
from recommendations.models import Audience
from recommendations.panel.batch_forms import KINDS, AudienceForm, filled
from tenants.models import Tenant, User

KEEP = "keep"


class SavedForm(AudienceForm):
    """As the first step of a batch job, with a name. The ids of a file stay unless something else is chosen."""

    name = forms.CharField(label="Name", max_length=80, help_text="To choose it by, such as “Best customers”.")
    saved = save_as = None  # an audience is not made of another

    def __init__(self, *args: Any, tenant: Tenant, row: Audience | None = None, **kwargs: Any) -> None:
        self.row = row
        super().__init__(*args, tenant=tenant, initial=_initial(row), **kwargs)
        kinds = [choice for choice in KINDS if choice[0] != "saved"]
        if row is not None and row.asked["kind"] == "file":
            kinds.insert(0, (KEEP, f"Keep the {row.size or 0:,} ids of {row.filename}"))
        self.fields["kind"].choices = kinds
        self.order_fields(["name", "kind"])

    def asked(self) -> dict[str, Any]:
        """For counting."""
        if self.cleaned_data["kind"] == KEEP and self.row is not None:
            return {"kind": "file", "id": self.row.pk}
        return super().asked()

    def save(self, *, by: User) -> Audience:
        """Makes or changes the audience. Raises Problem with a reason per field."""
        name, kind = self.cleaned_data["name"], self.cleaned_data["kind"]
        what: dict[str, Any] = {}
        if kind in ("paste", "upload"):
            file = self.cleaned_data.get("file")
            what = {"ids": self.lines.ids, "filename": file.name if kind == "upload" and file else "pasted ids"}
        elif kind != KEEP:
            what = {"asked": self.asked()}
        if self.row is not None:
            if what.get("asked") == self.row.asked:
                what = {}
            return saved_audiences.change(self.tenant, self.row, name=name, by=by, **what)
        if "ids" in what:
            return saved_audiences.keep_ids(self.tenant, name=name, by=by, **what)
        return saved_audiences.save(self.tenant, name, what["asked"], by=by)


def _initial(row: Audience | None) -> dict[str, Any]:
    if row is None:
        return {}
    if row.asked["kind"] == "file":
        return {"name": row.name, "kind": KEEP}
    return {"name": row.name, **filled(row.asked)}
