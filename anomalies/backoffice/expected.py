"""Expected times of all shops, as the shops entered them: to be read by the staff."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from anomalies import expecting
from anomalies.models import ExpectedWindow
from luxebrain.lib.forms import FilterForm
from luxebrain.lib.pages import Column, ListPage
from tenants.access import staff_page
from tenants.picking import ShopField


class ExpectedFilter(FilterForm):
    tenant = ShopField(placeholder="Any shop")


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
