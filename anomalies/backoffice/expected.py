"""Expected times of all shops, as the shops entered them: to be read by the staff."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from anomalies import expecting
from anomalies.models import ExpectedWindow
from luxebrain.lib.forms import FilterForm
from luxebrain.lib.pages import Column, ListPage
from tenants import tenancy
from tenants.access import staff_page


class ExpectedFilter(FilterForm):
    tenant = forms.ChoiceField(label="Shop")
    lookups = {"tenant": "tenant__slug"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tenant"].choices = [("", "Any shop"), *tenancy.choosable()]


@require_safe
@staff_page()
def expected(request: Any) -> HttpResponse:
    now = timezone.now()
    everywhere = ExpectedWindow.objects.across_tenants().filter(removed_at=None).select_related("tenant", "created_by")
    rows, name = expecting.tab_of(everywhere, request.GET.get("tab", ""), now)
    listing = ListPage(
        request, rows, template="anomalies/backoffice/expected.html",
        columns=(Column("What it is", "reason"), Column("Shop", "shop"), Column("About"), Column("From", "from"),
                 Column("Until", "until"), Column("State")),
        search=("reason", "tenant__name"), filters=ExpectedFilter,
        sorts={**expecting.SORTS, "shop": ("tenant__name", "starts_at")},
        default_sort="-from" if name == "past" else "from", nouns=("window", "windows"), keeps=("tab",),
    )  # fmt: skip
    expecting.describe(listing.rows, now)
    return listing.render({"tabs": expecting.tabs_of(request.path, name), "tab": name})
