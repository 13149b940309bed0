"""The back office's audit trail: who did what, where, when and why."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from luxebrain.lib.pages import Column, ListPage
from tenants import audit_changes
from tenants.access import staff_page
from tenants.backoffice.forms import AuditFilter
from tenants.models import AuditEntry

COLUMNS = [Column("When", sort="when"), Column("Who"), Column("What"), Column("Shop"), Column("On"), Column("Why")]


@require_safe
@staff_page()
def audit(request: HttpRequest) -> HttpResponse:
    rows = AuditEntry.objects.using("ops").select_related("tenant")
    listing = ListPage(
        request, rows, template="tenants/backoffice/audit.html", columns=COLUMNS,
        search=("actor_label", "action", "target", "reason", "request_id", "tenant__name", "tenant__slug"),
        filters=AuditFilter, sorts={"when": "id"}, default_sort="-when", nouns=("entry", "entries"), sizes=(50, 100),
    )  # fmt: skip
    audit_changes.tell(listing.rows)
    return listing.render()
