"""ExpressionField: where people write a filter or a segment; it is checked while they write."""

from typing import Any

from django import forms
from django.urls import reverse

from recommendations import expressions, reach
from tenants.models import Tenant

# What the row that builds a condition offers: the field, what it is called, and its kind.
_BUILT = {
    "product": (
        ("price", "Price"), ("brand", "Brand"), ("categories", "Categories"), ("tags", "Tags"), ("title", "Title"),
        ("stock", "Pieces in stock"), ("in_stock", "In stock"), ("age_days", "Days in the catalogue"),
    ),
    "shopper": (
        ("shopper.orders", "Orders"), ("shopper.spent", "Spent"),
        ("shopper.days_since_order", "Days since the last order"), ("shopper.country", "Country"),
        ("shopper.is_known", "A known customer"),
    ),
}  # fmt: skip
_COMPARED = (
    ("number", "<", "is below"), ("number", "<=", "is at most"), ("number", ">", "is above"),
    ("number", ">=", "is at least"), ("number", "==", "is"), ("text", "==", "is"), ("text", "!=", "is not"),
    ("text", "contains", "contains"), ("text", "starts with", "starts with"), ("words", "contains", "include"),
    ("words", "not in", "do not include"), ("flag", "is", "yes"), ("flag", "not", "no"),
)  # fmt: skip
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
        self.tenant: Tenant | None = None

    def ask(self, tenant: Tenant, name: str) -> None:
        """Has the shop's products answer for the field of this name."""
        self.tenant = tenant
        self.page_url = reverse("panel:check-filter", args=[tenant.slug])
        self.check_url = f"{self.page_url}?field={name}&scope={self.scope}"

    @property
    def built(self) -> list[tuple[str, str, str]]:
        """(field, kind, label) of what a condition can be built from without knowing the language."""
        return [(name, expressions.FIELDS[name].kind, label) for name, label in _BUILT[self.scope]]

    @property
    def compared(self) -> tuple[tuple[str, str, str], ...]:
        """(kind, operator, label)."""
        return _COMPARED

    @property
    def categories(self) -> list[str]:
        """What the shop's categories are called, asked when the page is drawn."""
        if self.tenant is None or self.scope != "product":
            return []
        return [name for name, _ in reach.categories(self.tenant)]

    @property
    def names(self) -> list[tuple[str, str, str]]:
        """(name, kind, what it is) of all that may be named; fields of the context as one line."""
        return [
            (f"{name}.…" if field.kind == "any" else name, _SPOKEN[field.kind], field.text)
            for name, field in expressions.FIELDS.items()
            if not name.startswith("context.") and (self.scope == "product" or "." in name)
        ]
