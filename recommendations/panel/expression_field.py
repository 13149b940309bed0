"""ExpressionField: where people write a filter or a segment; it is checked while they write."""

from typing import Any

from django import forms
from django.urls import reverse

from recommendations import expressions
from tenants.models import Tenant

_SPOKEN = {"number": "number", "flag": "true or false", "text": "text", "words": "list of texts", "any": "as sent"}


class ExpressionField(forms.CharField):
    """A text that `expressions.parse` reads in `scope`. Call `ask` in the form, so that it can be checked live.

    What is wrong with it is said by the use case that saves it.
    """

    def __init__(self, *, scope: str = "product", **options: Any) -> None:
        widget = forms.Textarea(attrs={"rows": 2, "class": "code short", "spellcheck": "false"})
        given = {"max_length": expressions.MAX_LENGTH, "required": False, "widget": widget, **options}
        super().__init__(template_name="components/expression.html", **given)
        self.scope = scope
        self.check_url = self.page_url = ""

    def ask(self, tenant: Tenant, name: str) -> None:
        """Has the shop's products answer for the field of this name."""
        self.page_url = reverse("panel:check-filter", args=[tenant.slug])
        self.check_url = f"{self.page_url}?field={name}&scope={self.scope}"

    @property
    def names(self) -> list[tuple[str, str, str]]:
        """(name, kind, what it is) of all that may be named; fields of the context as one line."""
        return [
            (f"{name}.…" if field.kind == "any" else name, _SPOKEN[field.kind], field.text)
            for name, field in expressions.FIELDS.items()
            if not name.startswith("context.") and (self.scope == "product" or "." in name)
        ]
