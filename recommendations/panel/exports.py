"""The export page: what a shop takes away, and the files that wait for it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_safe

from luxebrain.lib.forms import add_problem
from luxebrain.lib.pages import render_page
from luxebrain.lib.problems import Problem
from recommendations.exporting import files, formats, rows
from recommendations.models import ExportRun
from recommendations.panel.catalogue import tabs
from tenants import audit
from tenants.access import tenant_page

PAGE = "recommendations/exports.html"
SHOWN = 30
TONES = {"running": "info", "done": "good", "failed": "bad", "gone": "neutral"}


class ExportForm(forms.Form):
    kinds = forms.MultipleChoiceField(
        label="What", choices=[(name, kind.label) for name, kind in rows.KINDS.items()],
        widget=forms.CheckboxSelectMultiple, initial=list(rows.KINDS),
    )  # fmt: skip
    format = forms.ChoiceField(label="Format", choices=list(formats.FORMATS.items()))
    first = forms.DateField(
        label="From", required=False, widget=forms.DateInput({"type": "date"}),
        help_text="Bounds orders, events and figures; empty means everything.",
    )  # fmt: skip
    last = forms.DateField(label="Until", required=False, widget=forms.DateInput({"type": "date"}))


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="data.export")
def exports(request: Any) -> HttpResponse:
    form = ExportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        window = rows.Window(given["first"], given["last"])
        try:
            for kind in given["kinds"]:
                files.request(request.tenant, kind=kind, format=given["format"], window=window, by=request.user)
            messages.success(request, "The export was asked for. The files are ready in a moment.")
            return redirect("panel:exports", slug=request.tenant.slug)
        except Problem as problem:
            add_problem(form, problem)
    status = 422 if request.method == "POST" else 200
    return render_page(request, PAGE, {"form": form, **listed(request)}, fragment="files", status=status)


def listed(request: Any) -> dict[str, Any]:
    found = list(request.tenant.export_runs.select_related("requested_by")[:SHOWN])
    for run in found:
        run.label, run.tone = rows.KINDS[run.kind].label, TONES[run.state]
        run.format_label = formats.FORMATS.get(run.format, run.format)
        run.share = files.progress(run)
        run.ticket = files.ticket(run, request.user) if run.state == ExportRun.State.DONE else ""
        run.words = f"{run.share}%" if run.share is not None else "Waiting for a free worker"
    under_way = any(run.state == ExportRun.State.RUNNING for run in found)
    return {"runs": found, "under_way": under_way, "tabs": tabs(request, "exports")}


@require_safe
@tenant_page(may="data.export")
def file(request: Any, pk: int) -> HttpResponse:
    """The file, by a link that was made for this person."""
    run = get_object_or_404(request.tenant.export_runs, pk=pk)
    try:
        opened = files.open_with(run, request.GET.get("ticket", ""), request.user)
    except Problem as problem:
        messages.error(request, problem.detail)
        return redirect("panel:exports", slug=request.tenant.slug)
    audit.record(request.tenant, "export.fetched", by=request.user, target=run.kind, details={"run": pk})
    name = f"{request.tenant.slug}-{run.kind}-{run.created_at:%Y-%m-%d}.{run.format}"
    return FileResponse(opened, as_attachment=True, filename=name, content_type=formats.TYPES[run.format])
