"""The pages of requests: every list that was answered in the last 30 days, why it was so, and again."""

import json
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from luxebrain.lib.markup import build_query
from luxebrain.lib.pages import render_page, wants_fragment
from luxebrain.lib.problems import Problem
from recommendations import answer_log, emphasis, reach, replaying, served_lists
from recommendations.models import ServedList
from recommendations.panel.preview import REASONS
from recommendations.panel.requests_asked import DAYS, KINDS, MOST, RequestFilter
from tenants.access import tenant_page
from tenants.models import Tenant


@require_safe
@tenant_page(may="recommendations.read")
def requests(request: Any) -> HttpResponse:
    tenant: Tenant = request.tenant
    form = RequestFilter(request.GET)
    text, chosen = form.text, form.asked(tenant)
    found = served_lists.Found([], "", "")
    if not form.wrong_days:
        before = request.GET.get("before", "").replace("\x00", "")[:40]
        found = served_lists.search(tenant, text, before=before, size=served_lists.PAGE, **chosen)
    placements = dict(tenant.placements.values_list("code", "name"))
    names = reach.titles(tenant, {name for row in found.rows for name in row.products[:3]})
    for row in found.rows:
        row.kind_name = KINDS.get(row.kind, row.kind)
        row.placement_name = placements.get(row.placement, row.placement)
        row.version_text, row.milliseconds = f"v{row.version}", 1000 * row.seconds
        row.first = [names.get(name, name) for name in row.products[:3]]
    context = {
        "rows": found.rows,
        "by": found.by,
        "q": text,
        "form": form,
        "placements": placements,
        "older_url": build_query(request.GET, before=found.next) if found.next else "",
        "is_first": "before" not in request.GET,
        "is_filtered": bool(text or form.chosen),
        "has_days": bool(form.data.get("first") or form.data.get("last")),
        "all_days_url": request.path + build_query(request.GET, first=None, last=None, before=None),
        "export_query": build_query(request.GET, before=None),
        "may_export": request.membership.may("data.export"),
        "most": MOST,
        "fragment": wants_fragment(request),
        "days": DAYS,
        "keys_url": reverse("panel:api-keys", kwargs={"slug": tenant.slug}),
        "lost": answer_log.lost(tenant.pk),
    }
    status = 422 if form.wrong_days else 200
    return render_page(request, "recommendations/requests.html", context, fragment="rows", status=status)


@require_safe
@tenant_page(may="recommendations.read")
def one(request: Any, request_id: str) -> HttpResponse:
    tenant: Tenant = request.tenant
    rows = served_lists.of_request(tenant, request_id)
    wanted = request.GET.get("list", "")
    row = next((each for each in rows if each.recommendation_id == wanted), rows[0])
    today = request.GET.get("decisions") == "today"
    context = told(tenant, row) | again(tenant, row, request.GET.get("version", ""), today=today)
    context["tabs"] = [
        {
            "label": each.placement or KINDS.get(each.kind, each.kind),
            "url": f"{request.path}?list={each.recommendation_id}", "current": each is row,
        }
        for each in rows
    ] if len(rows) > 1 else []  # fmt: skip
    return render_page(request, "recommendations/request.html", context, fragment="replay")


def told(tenant: Tenant, row: ServedList) -> dict[str, Any]:
    """One list and what it was made from, with titles."""
    facts = row.facts
    items, considered = facts["items"], facts.get("candidates", [])
    history = facts["history"]
    listed = set(row.products)
    asked = facts["query"].get("product_ids", [])
    names = reach.titles(tenant, {
        *row.products, *(one[0] for one in considered), *(act[0] for act in history), *asked, *facts.get("missing", []),
    })
    followed = served_lists.followed(tenant, row)
    reason = facts.get("reason") or ""
    return {
        "row": row,
        "kind_name": KINDS.get(row.kind, row.kind),
        "placement": tenant.placements.filter(code=row.placement).first() if row.placement else None,
        "items": [
            {"product_id": name, "title": names.get(name, name), "score": score, "source": emphasis.spoken(source),
             "reason": words, "marks": marks, "clicks": followed.clicks.get(name, 0)}
            for name, score, source, words, marks in items
        ],
        "passed_over": [
            {"product_id": name, "title": names.get(name, name), "score": score, "source": emphasis.spoken(source)}
            for name, score, source in considered if name not in listed
        ],
        "history": [
            {"product_id": name, "title": names.get(name, name), "kind": kind, "at": moment_of(moment)}
            for name, kind, moment in history[:20]
        ],
        "history_count": len(history),
        "asked_products": [{"product_id": name, "title": names.get(name, name)} for name in asked],
        "rules": [{"pk": pk, "name": name, "action": action} for pk, name, action in facts.get("rules", [])],
        "missing": facts.get("missing", []),
        "warnings": facts.get("warnings", []),
        "reason": REASONS.get(reason, "").format(needed=settings.COLD_START_ORDERS) or reason,
        "followed": followed,
        "call": curl(facts["query"]),
        "milliseconds": row.seconds * 1000,
    }


def moment_of(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def again(tenant: Tenant, row: ServedList, asked: str, *, today: bool) -> dict[str, Any]:
    """The replay, if a version was chosen: "now" or a number; `today`: with the rules and placements of today."""
    stored = replaying.versions(tenant)
    choices = [("now", "The version in service")]
    choices += [(str(number), f"v{number}{', the version of then' if number == row.version else ''}")
                for number in stored]  # fmt: skip
    context: dict[str, Any] = {"versions": choices, "version": asked, "today": today}
    if asked not in dict(choices):
        return context
    try:
        found = replaying.replay(tenant, row, version=None if asked == "now" else int(asked), today=today)
    except Problem as problem:
        told_why = " ".join(error["message"] for error in problem.errors)
        return context | {"refused": told_why or problem.detail}
    names = reach.titles(tenant, {line.product for line in (*found.before, *found.after)})
    return context | {
        "replayed": found,
        "then": [(line, names.get(line.product, line.product)) for line in found.before],
        "now": [(line, names.get(line.product, line.product)) for line in found.after],
    }


def curl(asked: dict[str, Any]) -> str:
    """The call that asks the same, for a terminal."""
    body = json.dumps(asked, ensure_ascii=False).replace("'", "'\\''")
    return (
        f"curl {settings.BASE_URL}/api/v1/recommendations \\\n  -H \"Authorization: Bearer $LUXEBRAIN_KEY\" \\\n"
        f"  -H \"Content-Type: application/json\" \\\n  -d '{body}'"
    )

