"""The page of insights: what the lists of a shop show of its catalogue, and what they never show."""

from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from luxebrain.lib import cells, charts, markup
from luxebrain.lib.bars import bars
from luxebrain.lib.pages import render_page
from recommendations import insights as use
from recommendations import overlooked
from tenants.access import tenant_page

SHOWN = 20
TENTHS = ["Best sellers", "2nd tenth", "3rd tenth", *(f"{n}th tenth" for n in range(4, 10)), "Last tenth"]


@require_safe
@tenant_page(may="recommendations.read")
def insights(request: Any) -> HttpResponse:
    days = days_of(request)
    found = use.read(request.tenant, days=days)
    never = overlooked.of(request.tenant, found.products) if found.lists else []
    context: dict[str, Any] = {
        "found": found,
        "days": days,
        "tabs": [
            {"label": f"Last {one} days", "url": f"{request.path}?days={one}", "current": one == days}
            for one in use.DAYS
        ],
        "for_sale": int(found.products.for_sale.sum()),
        "gini_text": f"{found.gini:.2f}" if found.gini is not None else "",
        "may_write": request.membership.may("recommendations.write"),
        "tail": tail(found),
        "prices": mix(found.prices),
        "categories": mix(found.categories),
        "never": never[:SHOWN],
        "never_count": len(never),
        "never_reasons": reasons(never),
    }
    return render_page(request, "recommendations/insights.html", context)


def days_of(request: Any) -> int:
    return 7 if request.GET.get("days") == "7" else 28


def tail(found: use.Insight) -> charts.Chart | None:
    listed = found.deciles.get("Listed") or []
    if not listed or not found.lists:
        return None
    series = [charts.Series(name, values) for name, values in found.deciles.items() if any(values)]
    sentence = (
        f"The best selling tenth of the products has {markup.percent(listed[0])} of all places in lists, "
        f"the last tenth {markup.percent(listed[-1])}."
    )
    return charts.line(series, TENTHS, sentence=sentence, text=markup.percent, x_name="Products by units sold")


def mix(rows: list[tuple[str, tuple[float, float, float]]]) -> list[dict[str, Any]]:
    return [{"label": label, "listed": one[0], "sold": one[1], "catalogue": one[2]} for label, one in rows]


def reasons(never: list[overlooked.Overlooked]) -> list[dict[str, str | float]]:
    counts: dict[str, int] = {}
    for one in never:
        counts[one.reason] = counts.get(one.reason, 0) + 1
    return bars(sorted(counts.items(), key=lambda pair: -pair[1])[:8], text=markup.number)


@require_safe
@tenant_page(may="recommendations.read")
def never_recommended(request: Any) -> HttpResponse:
    """All of them as CSV, with texts guarded against spreadsheets."""
    days = days_of(request)
    found = use.read(request.tenant, days=days)
    rows = [(one.product_id, one.title, one.reason, one.units) for one in overlooked.of(request.tenant, found.products)]
    text = cells.written([("product_id", "title", "reason", "units_sold"), *rows])
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    name = f"{request.tenant.slug}-never-recommended-{days}-days.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
