"""The back office's audit trail: who did what, where, when and why; on a page and as a file."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from luxebrain.lib import cells
from luxebrain.lib.pages import Column, ListPage
from tenants import audit_changes
from tenants.access import staff_page
from tenants.backoffice.forms import AuditFilter
from tenants.models import AuditEntry

COLUMNS = [Column("When", sort="when"), Column("Who"), Column("What"), Column("Shop"), Column("On"), Column("Why")]
HEADINGS = ("when", "who", "what", "shop", "on", "why", "changes", "act", "request")
MOST, PIECE = 10_000, 500  # lines of a file, and read at once


def listing_of(request: HttpRequest) -> ListPage:
    return ListPage(
        request, AuditEntry.objects.using("ops").select_related("tenant"), template="tenants/backoffice/audit.html",
        columns=COLUMNS, search=("actor_label", "action", "target", "reason", "request_id", "tenant__name",
                                 "tenant__slug"),
        filters=AuditFilter, sorts={"when": "id"}, default_sort="-when", nouns=("entry", "entries"), sizes=(50, 100),
    )  # fmt: skip


@require_safe
@staff_page()
def audit(request: HttpRequest) -> HttpResponse:
    listing = listing_of(request)
    audit_changes.tell(listing.rows)
    query = request.GET.urlencode()
    return listing.render({"query": f"?{query}" if query else "", "most": MOST})


@require_safe
@staff_page()
def export(request: HttpRequest) -> StreamingHttpResponse:
    """What the page's filters leave, the newest lines first."""
    rows = listing_of(request).matching.order_by("-pk")
    answer = StreamingHttpResponse(_lines(rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="audit-{timezone.now():%Y-%m-%d}.csv"'
    return answer


def _lines(rows: Any) -> Iterator[str]:
    yield cells.written([HEADINGS])
    below, left = None, MOST
    while left > 0:
        piece = list((rows if below is None else rows.filter(pk__lt=below))[: min(PIECE, left)])
        yield cells.written(map(_cells, audit_changes.tell(piece)))
        if not piece:
            return
        below, left = piece[-1].pk, left - len(piece)


def _cells(entry: AuditEntry) -> tuple[str, ...]:
    changes = "; ".join(
        f"{line.label}: {' → '.join(text for text in (line.before, line.after) if text)}"
        for line in entry.told.lines + entry.told.more
    )
    return (
        entry.happened_at.isoformat(timespec="seconds"), entry.actor_label, entry.said,
        entry.tenant.name if entry.tenant else "", entry.about.text, entry.reason, changes, entry.action,
        entry.request_id,
    )  # fmt: skip
