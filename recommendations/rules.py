"""Rules: make, change, copy, switch, extend and remove them, and say what state each is in.

Each change moves the epoch "control", so that every process's next answer follows it, and is audited.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from luxebrain.lib.problems import Conflict
from recommendations import drafts, putting_back
from recommendations.models import Rule
from tenants import audit, epochs
from tenants.models import Tenant, User

MOST_ACTIVE = 200  # of a shop, switched on and not over
MOST = 2000  # with those that are off or over
REMOVED = "rules.remove"
SOON = timedelta(days=7)  # an end that near is marked
ACTIVE, SCHEDULED, EXPIRED, OFF = "active", "scheduled", "expired", "off"


def state_of(rule: Rule, now: datetime) -> str:
    """Off stands before the schedule: a rule that is off is off at any time."""
    if not rule.is_active:
        return OFF
    if rule.ends_at and rule.ends_at <= now:
        return EXPIRED
    return SCHEDULED if rule.starts_at and rule.starts_at > now else ACTIVE


def in_state(rows: QuerySet, state: str, now: datetime) -> QuerySet:
    """The rules that `state_of` calls so."""
    if state == OFF:
        return rows.filter(is_active=False)
    rows = rows.filter(is_active=True)
    if state == EXPIRED:
        return rows.filter(ends_at__lte=now)
    rows = rows.filter(Q(ends_at=None) | Q(ends_at__gt=now))
    if state == SCHEDULED:
        return rows.filter(starts_at__gt=now)
    return rows.filter(Q(starts_at=None) | Q(starts_at__lte=now))


def live(tenant: Tenant) -> QuerySet:
    """Rules that hold now or will: switched on and not over."""
    return tenant.rules.filter(is_active=True).filter(Q(ends_at=None) | Q(ends_at__gt=timezone.now()))


def create(tenant: Tenant, *, by: User | str | None, **values: Any) -> Rule:
    """A new rule; its owner is who makes it unless another is named. Raises Problem, Conflict."""
    row = drafts.rule(tenant, values)
    if "owner" not in values and isinstance(by, User):
        row.owner = by
    if tenant.rules.count() >= MOST:
        raise Conflict(f"A shop keeps at most {MOST:,} rules. Remove some that are over.")
    return _keep(tenant, row, "rules.create", by=by, fresh=True)


def update(tenant: Tenant, rule: Rule, *, by: User | str | None, **values: Any) -> Rule:
    """The rule with these values; the others stay. Raises Problem with a reason per field, Conflict."""
    return _keep(tenant, drafts.rule(tenant, values, of=rule), "rules.update", by=by)


def copy(tenant: Tenant, rule: Rule, *, by: User | str | None) -> Rule:
    """A second rule that says the same, switched off; the copier owns it."""
    values = {name: getattr(rule, name) for name in putting_back.names(Rule) if name != "owner"}
    return create(tenant, by=by, **values | {"name": f"{rule.name[:70]} (copy)", "is_active": False})


def switch(tenant: Tenant, rule: Rule, *, on: bool, by: User | str | None) -> Rule:
    """Raises Conflict when too many are on."""
    rule.is_active = on
    return _keep(tenant, rule, "rules.on" if on else "rules.off", by=by)


def extend(tenant: Tenant, rule: Rule, *, days: int, by: User | str | None) -> Rule:
    """Puts the end off by `days`, from now if it is over. Raises Conflict for a rule without an end."""
    if rule.ends_at is None:
        raise Conflict("This rule has no end.")
    rule.ends_at = max(rule.ends_at, timezone.now()) + timedelta(days=days)
    return _keep(tenant, rule, "rules.extend", by=by)


def remove(tenant: Tenant, rule: Rule, *, by: User | str | None) -> None:
    """Takes it away; it can be put back for a week."""
    with tenant.atomic():
        audit.record(tenant, REMOVED, by=by, target=rule.name, details=putting_back.state(rule))
        tenant.rules.filter(pk=rule.pk).delete()
        epochs.bump(tenant, "control")


def put_back(tenant: Tenant, pk: int, *, by: User | str | None) -> Rule:
    """The rule that was removed, as it was, under its old id. Raises NotFound, Conflict."""
    row: Any = putting_back.find(tenant, Rule, REMOVED, pk)
    if row.owner_id and not tenant.memberships.filter(user_id=row.owner_id).exists():
        row.owner = None
    return _keep(tenant, row, "rules.put_back", by=by, fresh=True)


def _keep(tenant: Tenant, row: Rule, action: str, *, by: User | str | None, fresh: bool = False) -> Rule:
    row.updated_at = timezone.now()
    with tenant.atomic():
        if state_of(row, row.updated_at) in {ACTIVE, SCHEDULED}:
            others = live(tenant).exclude(pk=row.pk).count()
            if others >= MOST_ACTIVE:
                raise Conflict(f"At most {MOST_ACTIVE} rules are on at a time. Switch one off first.")
        details = putting_back.moved(tenant, row)
        row.save(using=tenant.alias, force_insert=fresh)
        audit.record(tenant, action, by=by, target=row.name, details={**details, "id": row.pk})
        epochs.bump(tenant, "control")
    return row
