"""Settings for all lists of a shop: the language of reasons, and the categories that are bought again."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from luxebrain.lib.figures import plural
from luxebrain.lib.forms import Picker, add_problem
from luxebrain.lib.pages import render_page
from luxebrain.lib.problems import Problem
from recommendations import placements, reach
from recommendations.models import Merchandising
from tenants.access import tenant_page
from tenants.models import Tenant

LONGEST = 120  # characters of a category
PAGE = "recommendations/placements_general.html"


class GeneralForm(forms.Form):
    """Boxes for what is chosen and for the largest categories, and a picker for any other."""

    language = forms.ChoiceField(
        label="Language of reasons", choices=Merchandising.Language.choices,
        help_text="Shoppers are told in it why a product is shown. A request may ask for another one.",
    )  # fmt: skip
    bought_again = forms.MultipleChoiceField(
        label="Categories that are bought again", required=False, widget=forms.CheckboxSelectMultiple,
        help_text="Placements that hide what was bought show products of these again. Upper and lower case are the "
        "same.",
    )  # fmt: skip
    another = forms.CharField(
        label="Another category", required=False, max_length=LONGEST,
        help_text="One of yours that is not above, or one that is not there yet.",
    )  # fmt: skip

    def __init__(self, data: QueryDict | None = None, *, tenant: Tenant, initial: dict[str, Any]) -> None:
        super().__init__(data, initial=initial)
        self.tenant = tenant
        given = data.getlist("bought_again") if data is not None else initial["bought_again"]
        given = [name for name in given if "\x00" not in name]
        known, largest = reach.named_categories(tenant, given), reach.categories(tenant)
        self.fields["bought_again"].choices = [
            *((name, said(name, known.get(name.casefold(), (name, 0))[1])) for name in given),
            *((name, said(name, count)) for name, count in largest if name.casefold() not in known),
        ]
        url = reverse("panel:placements-categories", args=[tenant.slug])
        widget = Picker(lambda text: offered(tenant, text), url=url, maxlength=str(LONGEST))
        self.fields["another"].widget = widget

    def chosen(self) -> list[str]:
        """What is ticked, and what is in the picker, written as the shop writes it."""
        typed = self.cleaned_data["another"]
        written, _ = reach.named_categories(self.tenant, [typed]).get(typed.casefold(), (typed, 0))
        names = self.cleaned_data["bought_again"]
        return [*names, *([written] if written.casefold() not in {name.casefold() for name in ["", *names]} else [])]


def said(name: str, count: int) -> str:
    return f"{name} ({plural(count, 'product,products') if count else 'no product yet'})"


def offered(tenant: Tenant, text: str) -> list[tuple[str, str]]:
    return [(name, plural(count, "product,products")) for name, count in reach.categories(tenant, text=text)]


@require_safe
@tenant_page(may="recommendations.write")
def categories(request: Any) -> HttpResponse:
    """What the picker offers for what is typed into it so far."""
    found = offered(request.tenant, request.GET.get("another", ""))
    return render_page(request, "components/offered.html", {"offered": found})


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="recommendations.write")
def general(request: Any) -> HttpResponse:
    """ "Save" saves; "Add" ticks what is in the picker, and saves nothing."""
    tenant: Tenant = request.tenant
    now = placements.general(tenant)
    initial = {"language": now.language, "bought_again": now.bought_again}
    form = GeneralForm(request.POST or None, tenant=tenant, initial=initial)
    if request.method == "POST" and form.is_valid():
        if "add" in request.POST:
            return _add(request, form)
        try:
            row = placements.set_general(
                tenant, language=form.cleaned_data["language"], bought_again=form.chosen(), by=request.user
            )
        except Problem as problem:
            add_problem(form, problem)
        else:
            messages.success(request, f"Saved. The next answer follows it.{_unknown(tenant, row.bought_again)}")
            return redirect("panel:placements", tenant.slug)
    fragment, status = "again" if "add" in request.POST else None, 422 if form.errors else 200
    return render_page(request, PAGE, {"form": form}, fragment=fragment, status=status)


def _add(request: Any, form: GeneralForm) -> HttpResponse:
    """The form again with one more box."""
    names, typed = form.chosen(), form.cleaned_data["another"]
    note = "Type a category first."
    if typed:
        note = f"{typed} is ticked, and holds when you save.{_unknown(request.tenant, [typed])}"
    initial = {"language": form.cleaned_data["language"], "bought_again": names}
    context = {"form": GeneralForm(tenant=request.tenant, initial=initial), "note": note}
    return render_page(request, PAGE, context, fragment="again")


def _unknown(tenant: Tenant, names: list[str]) -> str:
    known = reach.named_categories(tenant, names)
    missing = [f"“{name}”" for name in names if name.casefold() not in known]
    return f" No product is in {', '.join(missing)} yet: it holds for those as soon as one is." if missing else ""
