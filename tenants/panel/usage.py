"""What the shop used of its plan, where it is heading, and what the other plans offer."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from luxebrain.lib import charts
from luxebrain.lib.markup import number, percent
from luxebrain.lib.pages import render_page
from tenants import consumption, quota
from tenants.access import tenant_page
from tenants.models import Plan


@require_safe
@tenant_page(may="usage.read")
def usage(request: Any) -> HttpResponse:
    tenant = request.tenant
    found = consumption.report(tenant, now=timezone.now())
    holdings = consumption.holdings(tenant)
    throttled = found.recent[consumption.THROTTLED]
    asked = sum(found.days[day] for day, _ in found.by_day)
    context = {
        "report": found,
        "warnings": [*warn_calls(found, tenant.plan), *warn_holdings(holdings)],
        "then": quota.follows(tenant.plan),
        "holdings": holdings,
        "keys": found.keys(tenant),
        "chart": chart(found),
        "throttled": throttled,
        "throttled_share": throttled / (throttled + asked) if throttled else 0.0,
        "forecast_missing": f"needs {consumption.FORECAST_LEAST} complete days of calls",
        "share_note": "your plan has no limit" if found.share is None else f"{percent(found.share)} of your plan",
        "plans": Plan.objects.all(),
        "plan": tenant.plan,
    }
    return render_page(request, "tenants/panel/usage.html", context)


def warn_calls(found: consumption.Report, plan: Plan) -> list[dict[str, str]]:
    share, runs_out = found.share, found.runs_out
    if share is None or (share < quota.NEARLY / 100 and runs_out is None):
        return []
    used = f"{number(found.calls)} of {number(found.limit)} calls are used this month ({percent(share)})."
    then = quota.follows(plan)
    if share >= 1:
        following = f"{used} Until the month ends {then}. A larger plan fits better."
        return [{"tone": "bad", "title": "Your plan's calls are used up", "text": following}]
    when = f"Once they are used up, {then}."
    if runs_out is not None:
        when = f"At the pace of the last days the rest is used up on {runs_out.day} {runs_out:%B}. {when}"
    if share < quota.NEARLY / 100:
        return [{"tone": "info", "title": "Your plan's calls may not last the month", "text": f"{used} {when}"}]
    return [{"tone": "warning", "title": "Your plan's calls are nearly used up", "text": f"{used} {when}"}]


def warn_holdings(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    """What is full or nearly full. One key or member in reserve is no news, so small limits warn when full."""
    found = []
    for row in rows:
        used, limit = row["used"], row["limit"]
        if not limit or used < 0.8 * limit or (limit < 10 and used < limit):
            continue
        over = used >= limit
        title = f"{row['label']}: {number(used)} of {number(limit)}"
        text = "No more can be added on this plan." if over else "Nearly all that the plan allows."
        found.append({"tone": "bad" if used > limit else "warning", "title": title, "text": text})
    return found


def chart(found: consumption.Report) -> charts.Chart:
    days = found.by_day
    total = sum(count for _, count in days)
    labels = [f"{day.day} {day:%b}" for day, _ in days]
    values = [count for _, count in days]
    peak = max(days, key=lambda row: row[1])
    sentence = (
        f"API calls on each of the last {consumption.DAYS} days: {number(total)} in all, "
        f"at most {number(peak[1])} on {peak[0].day} {peak[0]:%b}."
    )
    return charts.columns(values if total else [], labels if total else [], sentence=sentence, name="API calls")
