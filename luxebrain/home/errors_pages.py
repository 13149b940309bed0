"""Errors & health: error groups with their occurrences, the state of every part, work given up."""

from functools import cached_property
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from luxebrain.home import health
from luxebrain.home.cards import Card, guard, show
from luxebrain.lib.forms import FilterForm
from luxebrain.lib.markup import THIN, size
from luxebrain.lib.pages import Column, ListPage, render_page
from tenants import audit, errors, tenancy, work
from tenants.access import staff_page
from tenants.models import ErrorGroup, ErrorOccurrence, Work

TITLES = {
    "database": "Database",
    "migrations": "Migrations",
    "cache": "Cache server",
    "broker": "Broker",
    "worker": "Worker",
    "beat": "Beat",
    "relay": "Relay",
    "disk": "Disk",
}


class ErrorFilter(FilterForm):
    state = forms.ChoiceField(label="State", choices=[("", "Open and resolved"), *ErrorGroup.State.choices])


class ErrorList(ListPage):
    """Besides the words of an error, its ids are found: that of one occurrence, and that of its request."""

    @cached_property
    def matching(self) -> QuerySet:
        rows = self.form.apply(self.all_rows) if self.form else self.all_rows
        if not self.q:
            return rows
        named = ErrorOccurrence.objects.using("ops").filter(Q(error_id=self.q) | Q(request_id=self.q))
        words = Q(exception__icontains=self.q) | Q(message__icontains=self.q) | Q(place__icontains=self.q)
        return rows.filter(words | Q(pk__in=named.values("group_id")))


def parts() -> dict[str, Any]:
    return {
        "parts": [
            {"title": TITLES[part.name], "part": part, "facts": _facts(part)} for part in health.look(health.ALL)
        ],
        "versions": health.versions(),
    }


def _facts(part: health.Part) -> str:
    """The figures of a part in one line."""
    found = part.figures
    texts = []
    if found.get("version"):
        texts.append(f"version {found['version']}")
    if part.name in {"database", "cache", "broker"} and "seconds" in found:
        texts.append(f"answered in {found['seconds'] * 1000:.1f}{THIN}ms")
    if part.name == "disk":
        texts.append(f"{size(found['bytes'])} free of {size(found['total'])}")
    elif "bytes" in found:
        texts.append(f"{size(found['bytes'])} used")
    if found.get("policy"):
        texts.append(str(found["policy"]))
    return " · ".join(texts)


HEALTH = Card("health", parts, "home/errors.html#health")


@require_safe
@staff_page()
def error_list(request: HttpRequest) -> HttpResponse:
    listing = ErrorList(
        request,
        ErrorGroup.objects.using("ops").all(),
        template="home/errors.html",
        columns=(
            Column("Error"),
            Column("State"),
            Column("Times", "count", numeric=True),
            Column("First seen", "first"),
            Column("Last seen", "last"),
        ),
        search=("exception", "message", "place"),
        filters=ErrorFilter,
        sorts={"count": "count", "first": "first_seen_at", "last": "last_seen_at"},
        default_sort="-last",
        nouns=("error", "errors"),
    )
    if request.htmx:  # type: ignore[attr-defined]
        return listing.render()
    dead = Work.objects.using("ops").filter(state=Work.State.DEAD).select_related("tenant").order_by("-finished_at")
    shown = list(dead[:50])
    for row in shown:
        row.reason = (row.error.strip().splitlines() or ["unknown"])[-1]
    drawn = guard(request, HEALTH, alias="ops")
    return listing.render({"drawn_health": drawn, "dead": shown, "dead_count": dead.count()})


@require_safe
@staff_page()
def health_part(request: Any) -> HttpResponse:
    return HttpResponse(show(request, HEALTH, alias="ops")) if request.htmx else redirect("errors")


@require_safe
@staff_page()
def error_page(request: HttpRequest, pk: int) -> HttpResponse:
    group = get_object_or_404(ErrorGroup.objects.using("ops"), pk=pk)
    occurrences = list(group.occurrences.order_by("-happened_at"))
    names = dict(tenancy.across().filter(pk__in={o.tenant_id for o in occurrences}).values_list("pk", "name"))
    for occurrence in occurrences:
        occurrence.shop = names.get(occurrence.tenant_id, "")
    return render_page(
        request, "home/error.html", {"group": group, "occurrences": occurrences, "kept": errors.KEPT_OCCURRENCES}
    )


@require_POST
@staff_page(may="platform.write")
def resolve(request: Any, pk: int) -> HttpResponse:
    group = get_object_or_404(ErrorGroup.objects.using("ops"), pk=pk)
    errors.resolve(group, by=request.user)
    audit.record(None, "error.resolved", by=request.user, target=f"{group.exception} at {group.place}")
    messages.success(request, "Resolved. It opens again by itself if it happens once more.")
    return redirect("error", pk=pk)


@require_POST
@staff_page(may="platform.write")
def reopen(request: Any, pk: int) -> HttpResponse:
    group = get_object_or_404(ErrorGroup.objects.using("ops"), pk=pk)
    errors.reopen(group, by=request.user)
    audit.record(None, "error.reopened", by=request.user, target=f"{group.exception} at {group.place}")
    messages.success(request, "Open again.")
    return redirect("error", pk=pk)


@require_POST
@staff_page(may="platform.write")
def retry_work(request: Any, pk: int) -> HttpResponse:
    row = get_object_or_404(Work.objects.using("ops"), pk=pk)
    if work.retry(row.pk):
        audit.record(row.tenant, "work.retried", by=request.user, target=f"{row.task}#{row.pk}")
        messages.success(request, f"{row.task} is due again.")
    else:
        messages.info(request, "It is no longer given up.")
    return redirect("errors")
