"""How the platform's staff names a shop in a form: offered while they type, found by slug or name, or told why not."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.urls import reverse_lazy

from luxebrain.lib.forms import Picker
from tenants import tenancy
from tenants.models import Tenant

MOST = 50  # offered at once
TOLD = 5  # named where a text means none or several
LONGEST = 120  # characters of a name


def _open() -> QuerySet[Tenant]:
    return tenancy.across().exclude(state=Tenant.State.CLOSED)


# Which shops a form is about, and what they are called where none is found.
AMONG: dict[str, tuple[str, Callable[[], QuerySet[Tenant]]]] = {
    "all": ("shop", tenancy.across),
    "open": ("open shop", _open),
    "experiments": ("open shop with experiments in its plan", lambda: _open().filter(plan__has_experiments=True)),
}


def offered(text: str, among: str = "all") -> list[tuple[str, str]]:
    """(slug, name and plan) of at most MOST shops: those with every word of the text, else those that begin alike."""
    return [(row.slug, f"{row.name} · {row.plan.name}") for row in _near(text, among)[:MOST]]


def find(text: str, among: str = "all") -> Tenant:
    """The shop of this slug or whole name; capitals do not count. Raises ValidationError, which names what is near."""
    noun, rows = AMONG[among]
    found = list(rows().filter(slug=text.lower())[:1])
    found = found or list(rows().filter(name__iexact=text).order_by("slug")[: TOLD + 1])
    if len(found) == 1:
        return found[0]
    if found:
        raise ValidationError(f"More than one {noun} is called “{text}”. Type the slug: {_listed(found, by='slug')}.")
    near = list(_near(text, among)[: TOLD + 1])
    hint = f" Did you mean {_listed(near)}?" if near else ""
    raise ValidationError(f"No {noun} is called “{text}”.{hint}")


def _near(text: str, among: str) -> QuerySet[Tenant]:
    """By name, those whose name begins with the text first."""
    text = text.replace("\x00", "")[:LONGEST].strip()
    rows = AMONG[among][1]().annotate(
        begins=ExpressionWrapper(Q(name__istartswith=text), output_field=BooleanField())
    ).order_by("-begins", "name", "slug")  # fmt: skip
    words = [Q(name__icontains=word) | Q(slug__icontains=word) for word in text.split()]
    holding = rows.filter(*words)
    if holding.exists():
        return holding
    start = text[:3]  # what is left of most slips of the finger
    return rows.filter(Q(name__istartswith=start) | Q(slug__istartswith=start))


def _listed(shops: list[Tenant], *, by: str = "") -> str:
    texts = [row.slug if by else f"{row.name} ({row.slug})" for row in shops[:TOLD]]
    last = "others" if len(shops) > TOLD else texts.pop()
    return f"{', '.join(texts)} or {last}" if texts else last


class ShopField(forms.CharField):
    """A shop by slug or name: gives the Tenant, or None where it may be empty and is. For pages of the staff alone."""

    def __init__(self, *, among: str = "all", placeholder: str = "Slug or name", **options: Any) -> None:
        url = reverse_lazy("shops-offered", query={"among": among})
        widget = Picker(lambda text: offered(text, among), url=url, placeholder=placeholder)
        super().__init__(**{"label": "Shop", "max_length": LONGEST, "widget": widget, **options})
        self.among = among

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        return find(text, self.among) if text else None
