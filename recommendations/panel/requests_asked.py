"""What answered lists are asked for by, on the page and as a file: words, kind, placement and days."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from luxebrain.lib import cells
from luxebrain.lib.forms import FilterForm
from recommendations import served_lists
from recommendations.exporting.formats import as_json
from recommendations.exporting.rows import Window
from recommendations.models import Placement
from tenants import audit
from tenants.access import tenant_page
from tenants.models import Tenant

KINDS = dict(Placement.Kind.choices)
DAYS = 30
MOST = 50_000  # lists of a file
COLUMNS = (
    "answered_at", "request_id", "recommendation_id", "kind", "placement", "customer_id", "session_id", "strategy",
    "version", "is_test", "took_ms", "products",
)  # fmt: skip


class RequestFilter(FilterForm):
    """Both days are whole days of the shop's clock, which the page has activated."""

    kind = forms.ChoiceField(label="Kind of list", choices=[("", "All kinds"), *Placement.Kind.choices])
    placement = forms.CharField(label="Placement", max_length=40)
    first = forms.DateField(label="From", error_messages={"invalid": "Must be a date."})
    last = forms.DateField(label="Until", error_messages={"invalid": "Must be a date."})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        oldest = today - timedelta(days=DAYS)
        for name in ("first", "last"):
            field = self.fields[name]
            field.widget = forms.DateInput({"type": "date", "min": str(oldest), "max": str(today)})
            field.validators += [
                MinValueValidator(oldest, f"Lists are kept for {DAYS} days, since {oldest.day} {oldest:%b %Y}."),
                MaxValueValidator(today, "Must not be in the future."),
            ]

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = found.get("first"), found.get("last")
        if first and last and last < first:
            self.add_error("last", "Must not be before the first day.")
        return found

    @property
    def text(self) -> str:
        return str(self.data.get("q", "")).replace("\x00", "").strip()[:100]

    @property
    def wrong_days(self) -> bool:
        """Nothing is looked for then; a hand-written bad kind or placement filters nothing, as in every list."""
        return self.has_error("first") or self.has_error("last")

    @property
    def days(self) -> list[Any]:
        """Both fields, for the page."""
        return [self["first"], self["last"]]

    def asked(self, tenant: Tenant) -> dict[str, Any]:
        """What served_lists.search takes beside the text."""
        chosen = self.chosen
        begins, ends = Window(chosen.pop("first", None), chosen.pop("last", None)).bounds(tenant)
        return {**chosen, "begins": begins, "ends": ends}


@require_safe
@tenant_page(may="data.export")
def export(request: Any) -> HttpResponseBase:
    """What the page's filters leave, the newest first, as CSV; the trail names no shopper that was searched for."""
    tenant, form = request.tenant, RequestFilter(request.GET)
    asked, chosen = form.asked(tenant), form.chosen
    if form.wrong_days:
        return redirect(f"{reverse('panel:requests', kwargs={'slug': tenant.slug})}?{request.GET.urlencode()}")
    audit.record(tenant, "export.fetched", by=request.user, target="answered lists", details={
        "first": str(chosen.get("first", "")), "last": str(chosen.get("last", "")),
        "kind": KINDS.get(chosen.get("kind", ""), ""), "placement": chosen.get("placement", ""),
    })  # fmt: skip
    answer = StreamingHttpResponse(_lines(tenant.pk, form.text, asked), content_type="text/csv; charset=utf-8")
    name = f"{tenant.slug}-answered-lists-{timezone.localdate()}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _lines(tenant_id: int, text: str, asked: dict[str, Any]) -> Iterator[str]:
    yield cells.written([COLUMNS])
    for rows in served_lists.pieces(tenant_id, text, most=MOST, **asked):
        yield cells.written(
            (row.at.isoformat(), row.request_id, row.recommendation_id, row.kind, row.placement,
             row.customer_external_id, row.session_id, row.strategy, row.version or None,
             "true" if row.is_test else "false", round(1000 * row.seconds, 1), as_json(row.products))
            for row in rows
        )  # fmt: skip
