"""The page of notices: what happened in the shop, what is new to this member, and whether it comes by e-mail."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from luxebrain.lib.pages import Column, ListPage
from tenants import notices as use
from tenants.access import tenant_page


@require_safe
@tenant_page(may="overview.read")
def notices(request: Any) -> HttpResponse:
    tenant, user, role = request.tenant, request.user, request.membership.role
    listing = ListPage(
        request, use.of(tenant, role=role), template="tenants/panel/notices.html",
        columns=(Column("Notice"), Column("When", "when")), search=("title", "text"),
        sorts={"when": ("created_at", "pk")}, default_sort="-when", nouns=("notice", "notices"),
    )  # fmt: skip
    seen = use.read_up_to(tenant, user)
    for notice in listing.rows:
        notice.is_new = notice.pk > seen
    newest = use.of(tenant, role=role).values_list("pk", flat=True).first()
    return listing.render({
        "unread": use.unread(tenant, user, role=role), "newest": newest, "wants_mail": use.wants_mail(tenant, user),
    })  # fmt: skip


@require_POST
@tenant_page(may="overview.read")
def read(request: Any) -> HttpResponse:
    """Everything up to the newest that was on the page counts as read."""
    text = request.POST.get("up_to", "")
    newest = use.of(request.tenant, role=request.membership.role).values_list("pk", flat=True).first() or 0
    if text.isascii() and text.isdecimal() and len(text) < 19:
        use.mark_read(request.tenant, request.user, up_to=min(int(text), newest))
    return redirect("panel:notices", slug=request.tenant.slug)


@require_POST
@tenant_page(may="overview.read")
def mail(request: Any) -> HttpResponse:
    wanted = request.POST.get("wanted") == "1"
    use.mail(request.tenant, request.user, wanted=wanted)
    messages.success(request, "Notices come by e-mail as well." if wanted else "Notices stay in this panel.")
    return redirect("panel:notices", slug=request.tenant.slug)
