"""How forms are drawn (components/field.html), the filter forms of list pages, and refusals beside their fields."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.forms.renderers import DjangoTemplates
from django.template import loader

from luxebrain.lib.problems import Problem

MOMENT = "%Y-%m-%dT%H:%M"  # as browsers write a datetime-local


class Renderer(DjangoTemplates):
    """Fields by our template, widgets by Django's own, without django.forms among the apps."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"

    def get_template(self, template_name: str) -> Any:
        if template_name.startswith("django/forms/"):
            return super().get_template(template_name)
        return loader.get_template(template_name)


class FilterForm(forms.Form):
    """A list page's filters. Each field filters by `lookups[name]`, by default by its own name."""

    lookups: ClassVar[Mapping[str, str]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "filter-%s", **kwargs})
        for field in self.fields.values():
            field.required = False

    @property
    def refused(self) -> list[forms.BoundField]:
        """The pickers whose text means nothing: then no row is shown, but why."""
        return [field for field in self if isinstance(field.field.widget, Picker) and field.errors]

    @property
    def chosen(self) -> dict[str, Any]:
        """The valid, non-empty values; a hand-written bad value of a list of choices filters nothing."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "", [])}

    def apply(self, rows: QuerySet) -> QuerySet:
        """Override for filters that are no simple look-up."""
        for name, value in self.chosen.items():
            rows = rows.filter(**{self.lookups.get(name, name): value})
        return rows


def add_problem(form: forms.Form, problem: Problem) -> None:
    """Puts what a use case refused next to the fields that it names, or above the form."""
    placed = False
    for error in problem.errors:
        if error["field"] in form.fields:
            form.add_error(error["field"], error["message"])
            placed = True
    if not placed:
        form.add_error(None, problem.detail)


class MomentField(forms.DateTimeField):
    """A moment in the time zone that the page has activated: the shop's in its panel."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT)
    input_formats = (MOMENT, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M")


class Slider(forms.NumberInput):
    """A slider from 0 to the last of `words`, which say in words where it stands."""

    input_type = "range"
    template_name = "components/slider.html"

    def __init__(self, words: Sequence[str], attrs: Mapping[str, Any] | None = None) -> None:
        super().__init__({**(attrs or {}), "min": 0, "max": len(words) - 1, "step": 1})
        self.words = list(words)

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        text = str(value)
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0
        context["words"] = self.words
        context["now"] = self.words[min(number, len(self.words) - 1)]
        return context


class Picker(forms.TextInput):
    """An input that offers what can be picked: a datalist of (value, words), anew with each pause in typing.

    offered: what to offer for a text. url: answers with components/offered.html, asked with the field's own name.
    """

    template_name = "components/picker.html"

    def __init__(self, offered: Callable[[str], Sequence[tuple[str, str]]], *, url: Any, **attrs: str) -> None:
        super().__init__({"autocomplete": "off", "spellcheck": "false", **attrs})
        self.offered, self.url = offered, url

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        return {**context, "offered": self.offered(context["widget"]["value"] or ""), "url": self.url}
