"""The staff pause all batch work of a shop with a reason, let it go on, and take that back."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from luxebrain.lib.pages import render_confirm
from luxebrain.lib.problems import NotFound, Problem
from recommendations import batch_holds
from recommendations.models import BatchHold
from tenants import tenancy
from tenants.access import shop_named, staff_page


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(may="platform.write")
def pause(request: Any, slug: str) -> HttpResponse:
    """Asks for the reason, then holds the shop."""
    with tenancy.enter(tenant_id(slug)) as tenant:
        if request.method == "POST":
            try:
                batch_holds.place(tenant, reason=request.POST.get("reason", ""), by=request.user)
                messages.success(request, f"Batch jobs of {tenant.name} are paused. What is being done now ends.")
            except Problem as problem:
                messages.error(request, problem.words)
            return redirect("monitoring")
        name = tenant.name
    return render_confirm(
        request, layout="layouts/backoffice.html", title=f"Pause the batch jobs of {name}?", button="Pause",
        text="No piece of a job is begun and no planned job is asked for until you resume. Pieces that are being "
        "done end, and nothing is lost. The shop sees the reason.",
        action=request.path, back=reverse("monitoring"), reason="Why (the shop's people will read it)",
    )  # fmt: skip


@require_POST
@staff_page(may="platform.write")
def resume(request: Any, slug: str) -> HttpResponse:
    with tenancy.enter(tenant_id(slug)) as tenant:
        try:
            batch_holds.lift(tenant, by=request.user)
            messages.success(request, f"Batch jobs of {tenant.name} go on. “Undo” under “Paused shops” takes it back.")
        except Problem as problem:
            messages.error(request, problem.detail)
    return redirect("monitoring")


@require_POST
@staff_page(may="platform.write")
def put_back(request: Any, slug: str, pk: int) -> HttpResponse:
    with tenancy.enter(tenant_id(slug)) as tenant:
        try:
            batch_holds.put_back(tenant, pk, by=request.user)
            messages.success(request, f"Batch jobs of {tenant.name} are paused again, for the same reason.")
        except NotFound as missing:
            raise Http404(missing.detail) from None
        except Problem as problem:
            messages.error(request, problem.detail)
    return redirect("monitoring")


def in_force() -> list[BatchHold]:
    """The holds of all shops, the newest first."""
    rows = BatchHold.objects.across_tenants().select_related("tenant", "placed_by")
    return list(rows.filter(lifted_at__isnull=True).order_by("-placed_at"))


def lifted_lately(*, most: int = 5) -> list[BatchHold]:
    """Holds that can be put back: the last one of each shop, where it is not held again."""
    rows = BatchHold.objects.across_tenants().select_related("tenant", "lifted_by")
    held = BatchHold.objects.across_tenants().filter(lifted_at__isnull=True).values("tenant")
    since = timezone.now() - batch_holds.UNDO
    found: dict[int, BatchHold] = {}
    for row in rows.filter(lifted_at__gte=since).exclude(tenant__in=held).order_by("-lifted_at")[:100]:
        found.setdefault(row.tenant_id, row)
    return list(found.values())[:most]


def tenant_id(slug: str) -> int:
    """Raises Http404."""
    return shop_named(slug).pk
