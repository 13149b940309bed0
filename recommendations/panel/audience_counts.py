"""The count beside a form that chooses an audience: how many, a few of them, and ids that the shop does not know."""

from typing import Any

from django.http import HttpResponse

from luxebrain.lib.pages import render_page
from luxebrain.lib.problems import Problem
from recommendations import audience_looks, audiences
from recommendations.panel.batch_forms import AudienceForm
from tenants.models import Tenant

SAMPLE = 3
TOLD = 20  # unknown ids that are listed


def render(request: Any, form: AudienceForm) -> HttpResponse:
    """The fragment that follows the form while it is filled in."""
    if form.is_valid():
        look = counted(request.tenant, form)
    else:
        said = [text for name, texts in form.errors.items() for text in texts if name != "__all__"]
        look = {"wrong": said, "waits": form.data.get("kind") == "upload"}
    return render_page(request, "recommendations/batch_new_count.html", {"look": look})


def counted(tenant: Tenant, form: AudienceForm) -> dict[str, Any]:
    """What the fragment takes for a valid form."""
    try:
        look = audience_looks.look(tenant, form.asked(), sample=SAMPLE)
        return {"of": look, "sample": look.sample, "unknown": unknown(tenant, form)}
    except Problem as problem:
        return {"wrong": [error["message"] for error in problem.errors] or [problem.detail]}


def unknown(tenant: Tenant, form: AudienceForm) -> dict[str, Any] | None:
    """Ids that the shop does not know, of pasted and uploaded ones; None where all are known."""
    ids = list(dict.fromkeys(form.lines.ids))
    found: list[str] = []
    for start in range(0, len(ids), audiences.PAGE):
        found += audiences.unknown(tenant, ids[start : start + audiences.PAGE])
    if not found:
        return None
    first = found[:TOLD]
    listed = ", ".join(first) + (" …" if len(found) > len(first) else "")
    return {"n": len(found), "first": first, "text": f"{len(found):,}: {listed}. Choose below what they get."}
