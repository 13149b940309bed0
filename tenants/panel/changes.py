"""The shop's own audit trail: what its people, its keys and the platform's staff changed; owners only."""

from typing import Any

from django import forms
from django.db.models import Q
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from luxebrain.lib.forms import FilterForm
from luxebrain.lib.pages import Column, ListPage
from tenants import audit_changes, audit_words
from tenants.access import tenant_page
from tenants.models import AuditEntry, Tenant

COLUMNS = [Column("When", sort="when"), Column("Who"), Column("What"), Column("On"), Column("Why")]
# The platform's own rules, and what the demo marks as done.
OF_THE_PLATFORM = Q(action__startswith="alert_rule.") | Q(action__startswith="demo.")


class ChangesFilter(FilterForm):
    area = forms.ChoiceField(label="About", choices=[("", "Everything"), *audit_words.areas(of_shops=True)])
    lookups = {"area": "action__startswith"}


@require_safe
@tenant_page(may="audit.read")
def changes(request: Any) -> HttpResponse:
    shop = request.tenant
    listing = ListPage(
        request, shop.audit_entries.exclude(OF_THE_PLATFORM).select_related("actor"), columns=COLUMNS,
        template="tenants/panel/changes.html", search=("action", "target"), filters=ChangesFilter,
        sorts={"when": "id"}, default_sort="-when", nouns=("entry", "entries"), sizes=(50, 100),
    )  # fmt: skip
    people = set(shop.memberships.values_list("user_id", flat=True))
    for entry in audit_changes.tell(listing.rows, shop=shop):
        entry.by = called(entry, shop, people)
        if entry.actor_id not in people and entry.action.startswith("anomaly."):
            entry.reason = ""  # what the staff notes on an incident stays among the staff
    return listing.render()


def called(entry: AuditEntry, shop: Tenant, people: set[int]) -> str:
    """Who did it, as the shop may read it: nobody outside of its team by name."""
    if entry.actor is None or entry.actor_id in people:
        return str(entry.actor_label)
    return "LuxeBrain's staff" if entry.actor.is_staff else "somebody who left"
