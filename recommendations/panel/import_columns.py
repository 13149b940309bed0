"""The mapping page of an import: how the file is read, what it is, and which of our fields each column is."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST

from luxebrain.lib.pages import render_page
from luxebrain.lib.problems import Problem
from recommendations.importing import files, layouts, looking
from recommendations.models import ImportRun
from tenants.access import tenant_page

PAGE = "recommendations/import_columns.html"
_KINDS = [(f"{kind}:", f"{kind.capitalize()}, own columns") for kind in layouts.KINDS]
KINDS = [*_KINDS, *((f"{known.kind}:{known.code}", known.label) for known in layouts.LAYOUTS)]


class KindForm(forms.Form):
    what = forms.ChoiceField(label="This file is", choices=KINDS)


class ReadingForm(forms.Form):
    encoding = forms.ChoiceField(choices=list(looking.ENCODINGS.items()))
    delimiter = forms.ChoiceField(choices=list(looking.DELIMITERS.items()))
    quote = forms.ChoiceField(choices=list(looking.QUOTES.items()), required=False)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="catalogue.write")
def columns(request: Any, pk: int) -> HttpResponse:
    run = get_object_or_404(request.tenant.import_runs, pk=pk)
    if not is_open(run):
        return redirect("panel:import", slug=request.tenant.slug, pk=pk)
    if request.method != "POST":
        return page(request, run, chosen={column: field for field, column in run.mapping.items()})
    chosen, twice = posted(run, request.POST)
    if twice:
        error = f"Two columns are the same field: {', '.join(twice)}. Leave one of them out."
        return page(request, run, chosen=chosen, error=error, status=422)
    try:
        mapping = {field: column for column, field in chosen.items()}
        files.check(request.tenant, run, mapping=mapping, by=request.user)
    except Problem as problem:
        return page(request, run, chosen=chosen, error=problem.detail, status=422)
    return redirect("panel:import", slug=request.tenant.slug, pk=pk)


def is_open(run: ImportRun) -> bool:
    return run.state in (ImportRun.State.DRAFT, ImportRun.State.CHECKED) and bool(run.stored)


def posted(run: ImportRun, data: Any) -> tuple[dict[str, str], list[str]]:
    """Column → field as chosen, and the fields that were chosen more than once."""
    labels = {field.name: field.label for field in layouts.FIELDS[run.kind]}
    chosen: dict[str, str] = {}
    twice = []
    for place, column in enumerate(run.columns):
        field = data.get(f"column-{place}", "")
        if field in labels:
            if field in chosen.values():
                twice.append(labels[field])
            chosen[column["name"]] = field
    return chosen, twice


def page(
    request: Any, run: ImportRun, *, chosen: dict[str, str], error: str = "", status: int = 200
) -> HttpResponse:
    known = layouts.BY_CODE.get(run.layout)
    context = {
        "run": run,
        "rows": [
            {"place": place, **column, "field": chosen.get(column["name"], "")}
            for place, column in enumerate(run.columns)
        ],
        "fields": layouts.FIELDS[run.kind],
        "lacking": layouts.missing(run.kind, chosen.values()),
        "notes": known.notes if known else "",
        "kind_form": KindForm(initial={"what": f"{run.kind}:{run.layout}"}),
        "reading_form": ReadingForm(initial=run.reading) if run.reading.get("format") == "csv" else None,
        "format": looking.FORMATS.get(run.reading.get("format", ""), ""),
        "is_lossy": str(run.reading.get("encoding", "")).endswith("+lossy"),
        "error": error or run.error,
    }
    return render_page(request, PAGE, context, status=status)


@require_POST
@tenant_page(may="catalogue.write")
def kind(request: Any, pk: int) -> HttpResponse:
    """It is something else than was guessed."""
    run = get_object_or_404(request.tenant.import_runs, pk=pk)
    form = KindForm(request.POST)
    try:
        what, _, layout = form.cleaned_data["what"].partition(":") if form.is_valid() else ("", "", "")
        files.mean(request.tenant, run, kind=what, layout=layout)
        messages.success(request, "The columns were guessed anew.")
    except Problem as problem:
        messages.error(request, problem.detail)
    return redirect("panel:import-columns", slug=request.tenant.slug, pk=pk)


@require_POST
@tenant_page(may="catalogue.write")
def reading(request: Any, pk: int) -> HttpResponse:
    """The file is to be read in another way."""
    run = get_object_or_404(request.tenant.import_runs, pk=pk)
    form = ReadingForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose an encoding, a delimiter and a quote from the lists.")
    else:
        try:
            files.read_as(request.tenant, run, **form.cleaned_data)
            messages.success(request, "The file was read anew.")
        except Problem as problem:
            messages.error(request, problem.detail)
    return redirect("panel:import-columns", slug=request.tenant.slug, pk=pk)
