"""The pages of imports: the list, a file to bring, one run with its progress, its report and its undoing."""

from pathlib import Path
from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luxebrain.lib import markup, pages
from luxebrain.lib.pages import Column, ListPage, render_page
from luxebrain.lib.problems import Problem
from recommendations.importing import files, layouts, reports
from recommendations.models import Feed, ImportRun
from recommendations.panel.catalogue import tabs
from tenants import audit
from tenants.access import tenant_page
from tenants.models import Tenant

State = ImportRun.State
RUN = "recommendations/import.html"
TONES = {
    State.DRAFT: "warning", State.CHECKING: "info", State.CHECKED: "accent", State.RUNNING: "info",
    State.SUCCEEDED: "good", State.FAILED: "bad", State.CANCELLED: "neutral", State.UNDOING: "info",
    State.UNDONE: "neutral",
}  # fmt: skip


@require_safe
@tenant_page(may="catalogue.read")
def imports(request: Any) -> HttpResponse:
    listing = ListPage(
        request,
        request.tenant.import_runs.defer("problems", "examples", "columns", "mapping"),
        template="recommendations/imports.html",
        columns=(
            Column("Import"),
            Column("State"),
            Column("Rows", numeric=True),
            Column("Kept", numeric=True),
            Column("Unchanged", numeric=True),
            Column("Refused", numeric=True),
            Column("Started", "started"),
        ),
        search=("source", "kind"),
        sorts={"started": "started_at"},
        default_sort="-started",
        nouns=("import", "imports"),
    )
    for run in listing.rows:
        run.tone = TONES[run.state]
    may_write = request.membership.may("catalogue.write")
    feeds = list(request.tenant.feeds.select_related("last_run"))
    new_url = reverse("panel:import-new", kwargs={"slug": request.tenant.slug}) if may_write else ""
    context = {"may_write": may_write, "feeds": feeds, "is_fetching": any(feed.is_fetching for feed in feeds)}
    if pages.wants_fragment(request) and request.htmx.target == "feeds":
        return render_page(request, listing.template, context, fragment="feeds")
    return listing.render({"tabs": tabs(request, "imports"), "new_url": new_url, **context})


class UploadForm(forms.Form):
    file = forms.FileField(
        label="File",
        help_text="CSV, JSON Lines, Parquet, a product feed (XML or TSV), or an export of Shopify or WooCommerce; "
        "also packed with gzip.",
    )


class FeedForm(forms.Form):
    url = forms.CharField(
        label="Address", max_length=1000, widget=forms.URLInput,
        help_text="https only. A Google product feed (XML or TSV), or a CSV or JSON Lines file.",
    )  # fmt: skip
    schedule = forms.ChoiceField(label="Fetch it", choices=Feed.Schedule.choices)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="catalogue.write")
def new(request: Any) -> HttpResponse:
    """A file to bring. It is looked at at once; nothing is imported before its columns are confirmed."""
    tenant: Tenant = request.tenant
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data["file"]
        try:
            taken = files.take(tenant, Path(given.temporary_file_path()), name=given.name, by=request.user)
            return redirect("panel:import-columns", slug=tenant.slug, pk=taken.pk)
        except Problem as problem:
            form.add_error("file", problem.detail)
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "feed_form": FeedForm(), "most": tenant.plan.file_megabytes, "plan": tenant.plan.name}
    return render_page(request, "recommendations/import_new.html", context, status=status)


@require_safe
@tenant_page(may="catalogue.read")
def run(request: Any, pk: int) -> HttpResponse:
    found = get_object_or_404(request.tenant.import_runs, pk=pk)
    return render_page(request, RUN, told(request, found))


@require_safe
@tenant_page(may="catalogue.read")
def progress(request: Any, pk: int) -> HttpResponse:
    """The part of the page that is polled while something is under way; the whole page at its end."""
    found = get_object_or_404(request.tenant.import_runs, pk=pk)
    if not pages.wants_fragment(request):
        return redirect("panel:import", slug=request.tenant.slug, pk=pk)
    if found.state not in ImportRun.UNDER_WAY:
        response = HttpResponse()
        response["HX-Refresh"] = "true"
        return response
    return render_page(request, RUN, told(request, found), fragment="progress")


def told(request: Any, found: ImportRun) -> dict[str, Any]:
    known = layouts.BY_CODE.get(found.layout)
    under_way = found.state in ImportRun.UNDER_WAY
    return {
        "run": found,
        "tone": TONES[found.state],
        "layout": known.label if known else "",
        "may_write": request.membership.may("catalogue.write"),
        "can_undo": files.can_undo(found),
        "undo_days": files.UNDO_DAYS,
        "under_way": under_way,
        "has_report": bool(found.report) and not under_way and has_report(found),
        "words": words(found) if under_way else "",
        **(files.progress(found) if under_way else {}),
    }


def words(found: ImportRun) -> str:
    how = files.progress(found)
    if how["is_waiting"]:
        return "Waiting for a free worker"
    parts = [f"{how['share']}%" if how["share"] is not None else "Reading the file"]
    if found.state != State.UNDOING:
        parts.append(f"{found.rows:,} rows")
    if how["left"]:
        parts.append(f"about {markup.duration(how['left'])} left")
    if found.stop_asked:
        parts.append("stopping")
    return " · ".join(parts)


def has_report(found: ImportRun) -> bool:
    return bool(found.report_bytes) and reports.path_of(found.tenant_id, found).exists()


@require_safe
@tenant_page(may="catalogue.read")
def report(request: Any, pk: int) -> HttpResponse:
    """Every row with what became of it, as CSV."""
    found = get_object_or_404(request.tenant.import_runs, pk=pk)
    if not found.report or not has_report(found):
        raise Http404("The report of this import is not kept any more.")
    audit.record(request.tenant, "import.report", by=request.user, target=found.source, details={"run": pk})
    file = reports.path_of(request.tenant.pk, found).open("rb")
    return FileResponse(file, as_attachment=True, filename=f"import-{pk}-report.csv", content_type="text/csv")


@require_POST
@tenant_page(may="catalogue.write")
def start(request: Any, pk: int) -> HttpResponse:
    return act(request, pk, files.start, "")


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="catalogue.write")
def stop(request: Any, pk: int) -> HttpResponse:
    found = get_object_or_404(request.tenant.import_runs, pk=pk)
    if request.method != "POST":
        return ask(request, found, "import-stop", "Stop this import?", STOP_WORDS, "Stop")
    said = "The file was discarded." if found.state in (State.DRAFT, State.CHECKED) else "It stops in a moment."
    return act(request, pk, files.stop, said)


STOP_WORDS = "What was imported so far stays, and can be undone. The file is removed."
UNDO_WORDS = (
    "Rows that the import created are removed, rows that it changed get their former state back. "
    "Rows that something newer changed since stay as they are."
)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="catalogue.write")
def undo(request: Any, pk: int) -> HttpResponse:
    found = get_object_or_404(request.tenant.import_runs, pk=pk)
    if request.method != "POST":
        return ask(request, found, "import-undo", "Undo this import?", UNDO_WORDS, "Undo the import")
    return act(request, pk, files.undo, "")


def ask(request: Any, found: ImportRun, name: str, title: str, text: str, button: str) -> HttpResponse:
    key = {"slug": request.tenant.slug, "pk": found.pk}
    return pages.render_confirm(
        request, layout="layouts/panel.html", title=title, text=text, button=button, danger=True,
        action=reverse(f"panel:{name}", kwargs=key), back=reverse("panel:import", kwargs=key),
    )  # fmt: skip


def act(request: Any, pk: int, use_case: Any, said: str) -> HttpResponse:
    found = get_object_or_404(request.tenant.import_runs, pk=pk)
    try:
        use_case(request.tenant, found, by=request.user)
        if said:
            messages.success(request, said)
    except Problem as problem:
        messages.error(request, problem.detail)
    return redirect("panel:import", slug=request.tenant.slug, pk=pk)
