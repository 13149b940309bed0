"""The pages of saved audiences: all of them, one with its rule and what uses it, removed and put back."""

import time
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luxebrain.lib.forms import add_problem
from luxebrain.lib.pages import Column, ListPage, render_confirm, render_page
from luxebrain.lib.problems import NotFound, Problem
from recommendations import audience_looks, audiences, batch_handing, saved_audiences
from recommendations.models import Audience
from recommendations.panel import audience_counts
from recommendations.panel.audience_form import SavedForm
from tenants.access import tenant_page

COUNTING_SECONDS = 3.0  # of a list page; what is left over is counted on its own page
JOBS_SHOWN = 5


@require_safe
@tenant_page(may="recommendations.read")
def saved(request: Any) -> HttpResponse:
    tenant = request.tenant
    listing = ListPage(
        request, saved_audiences.named(tenant).select_related("created_by"),
        template="recommendations/audiences.html",
        columns=(Column("Audience", "name"), Column("Customers now", numeric=True), Column("Used by"),
                 Column("Saved by"), Column("Changed", "changed"), Column("Actions", hidden_label=True)),
        search=("name", "filename"), sorts={"name": ("name", "pk"), "changed": ("changed_at", "pk")},
        default_sort="name", nouns=("audience", "audiences"),
    )  # fmt: skip
    used = saved_audiences.uses(tenant, [row.pk for row in listing.rows])
    began = time.monotonic()
    for row in listing.rows:
        row.planned, row.jobs = used[row.pk]
        row.words = "" if row.asked["kind"] == "file" else audiences.describe(tenant, row.asked)
        row.look = None
        if time.monotonic() - began < COUNTING_SECONDS:
            row.look = audience_looks.look(tenant, {"kind": "saved", "id": row.pk})
    return listing.render({
        "may_write": request.membership.may("batch.write"),
        "removed": saved_audiences.removed(tenant).select_related("removed_by")[:5],
        "hold": batch_handing.hold(tenant),
    })  # fmt: skip


def found(request: Any, pk: int) -> Audience:
    try:
        return saved_audiences.find(request.tenant, pk)
    except NotFound as missing:
        raise Http404(missing.detail) from None


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="batch.write")
def new(request: Any) -> HttpResponse:
    return _edit(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="recommendations.read")
def audience(request: Any, pk: int) -> HttpResponse:
    """One audience; who may not run batch jobs reads it."""
    return _edit(request, found(request, pk))


def _edit(request: Any, row: Audience | None) -> HttpResponse:
    tenant, may_write = request.tenant, request.membership.may("batch.write")
    saving = request.method == "POST" and may_write
    form = SavedForm(request.POST, request.FILES, tenant=tenant, row=row) if saving else SavedForm(
        tenant=tenant, row=row)  # fmt: skip
    look, name = None, row.name if row is not None else ""
    if saving and form.is_valid():
        try:
            if request.POST.get("go") == "look":  # without scripts: the count on the same page
                look = audience_counts.counted(tenant, form)
            else:
                with tenant.atomic():
                    kept = form.save(by=request.user)
                messages.success(request, f"“{kept.name}” is saved. What is planned for it follows.")
                return redirect("panel:audiences", slug=tenant.slug)
        except Problem as problem:
            add_problem(form, problem)
    elif row is not None and not saving:
        asked = {"kind": "saved", "id": row.pk}
        found_now = audience_looks.look(tenant, asked, sample=audience_counts.SAMPLE)
        look = {"of": found_now, "sample": found_now.sample}
    planned, jobs = saved_audiences.uses(tenant, [row.pk])[row.pk] if row is not None else ([], 0)
    context = {
        "form": form, "row": row, "name": name, "look": look, "may_write": may_write, "planned": planned,
        "jobs": jobs, "latest": saved_audiences.jobs_of(tenant, row)[:JOBS_SHOWN] if row is not None else [],
        "problem": form.non_field_errors()[0] if form.non_field_errors() else "",
    }  # fmt: skip
    return render_page(request, "recommendations/audience.html", context, status=422 if form.errors else 200)


@require_POST
@tenant_page(may="batch.write")
def count(request: Any, pk: int | None = None) -> HttpResponse:
    """The live count beside the form."""
    row = found(request, pk) if pk is not None else None
    form = SavedForm(request.POST, request.FILES, tenant=request.tenant, row=row)
    form.fields["name"].required = False
    return audience_counts.render(request, form)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="batch.write")
def remove(request: Any, pk: int) -> HttpResponse:
    row, back = found(request, pk), reverse("panel:audiences", kwargs={"slug": request.tenant.slug})
    if request.method != "POST":
        planned, _ = saved_audiences.uses(request.tenant, [row.pk])[row.pk]
        names = ", ".join(one.name for one in planned)
        text = f"Planned jobs that are for it fail and say so: {names}. " if planned else "Nothing is planned for it. "
        return render_confirm(
            request, layout="layouts/panel.html", title=f"Remove “{row.name}”?", button="Remove", danger=True,
            text=f"{text}Jobs that were made stay. You can put it back for a week.", action=request.path, back=back,
        )  # fmt: skip
    try:
        saved_audiences.remove(request.tenant, row.pk, by=request.user)
        messages.success(request, f"“{row.name}” is removed. “Put back” below the list undoes it.")
    except Problem as problem:
        messages.error(request, problem.detail)
    return redirect(back)


@require_POST
@tenant_page(may="batch.write")
def put_back(request: Any, pk: int) -> HttpResponse:
    try:
        row = saved_audiences.put_back(request.tenant, pk, by=request.user)
        messages.success(request, f"“{row.name}” is back as it was.")
    except Problem as problem:
        messages.error(request, problem.words)
    return redirect("panel:audiences", slug=request.tenant.slug)
