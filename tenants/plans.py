"""Plans: their kinds of alert channel, and what follows when a month's calls are used up; changed by the staff."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import Count

from luxebrain.lib import problems
from tenants import audit, epochs, tenancy
from tenants.models import Plan, User


def listed() -> list[Plan]:
    """Every plan with `shops`, how many shops that are not closed are on it."""
    shops = tenancy.across().exclude(state="closed").order_by()
    counts = dict(shops.values_list("plan_id").annotate(n=Count("pk")))
    rows = list(Plan.objects.using("ops"))
    for row in rows:
        row.shops = counts.get(row.pk, 0)
        row.alert_words = [label for kind, label in Plan.ALERT_KINDS if kind in row.alert_channels]
    return rows


def change_when_used_up(plan: Plan, *, then: str, by: User, reason: str = "") -> None:
    """From the next call on this follows for shops on the plan whose month's calls are used up, or will be.

    Raises a Problem for what is no choice, and a Conflict where nothing would change."""
    if then not in Plan.WhenUsedUp.values:
        raise problems.Problem("There is no such choice.", fields={"then": "Choose among those that are shown."})
    with transaction.atomic(using="ops"):
        row = Plan.objects.using("ops").select_for_update().get(pk=plan.pk)
        before, row.when_used_up = row.when_used_up, then
        if before == then:
            raise problems.Conflict(f"{row.name} says just this already.")
        row.save(using="ops", update_fields=["when_used_up"])
        details = {"from": before, "to": then}
        audit.record(None, "plans.change_when_used_up", by=by, target=row.pk, details=details, reason=reason)
        for shop in tenancy.across().filter(plan=row, used_up_until__isnull=False):
            epochs.bump(shop, "keys")


def change_alert_channels(plan: Plan, *, kinds: Collection[str], by: User, reason: str = "") -> None:
    """From the next alert on, shops on the plan are told on these kinds of channel, and on mail.

    Raises a Problem for a kind that is none, and a Conflict where nothing would change."""
    known = [kind for kind, _ in Plan.ALERT_KINDS]
    if set(kinds) - set(known):
        raise problems.Problem("There is no such channel.", fields={"channels": "Choose among those that are shown."})
    after = [kind for kind in known if kind in kinds]
    with transaction.atomic(using="ops"):
        row = Plan.objects.using("ops").select_for_update().get(pk=plan.pk)
        before, row.alert_channels = row.alert_channels, after
        if set(before) == set(after):
            raise problems.Conflict(f"{row.name} has just these channels already.")
        row.save(using="ops", update_fields=["alert_channels"])
        details = {"from": before, "to": after}
        audit.record(None, "plans.change_alert_channels", by=by, target=row.pk, details=details, reason=reason)
