"""What people do to alert rules: each act is a line of the audit trail that can be undone for a week."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from anomalies import metrics
from anomalies.models import AlertRule
from luxebrain.lib.problems import Conflict, NotFound
from tenants import audit
from tenants.models import AuditEntry, Plan, Tenant, User

KEPT = timedelta(days=7)
SHOWN = 10  # acts beside the list
PLACE = ("tenant_id", "plan_id", "metric", "kind")  # for whom and what: there is one rule for each
VALUES = (
    "threshold", "window_seconds", "severity", "action", "throttle_per_minute", "throttle_minutes", "is_active",
    "channels", "cool_down_minutes",
)  # fmt: skip
TAKEN = "There is a rule for this and the same shops already. Change or remove that one first."
_ACTS = ("alert_rule.saved", "alert_rule.moved", "alert_rule.removed", "alert_rule.undone")

State = dict[str, Any]  # PLACE and VALUES as JSON; {} = there is no rule


@dataclass(frozen=True, slots=True)
class Act:
    """One line of what was done lately. undoable: the rule is still as this act left it."""

    entry: AuditEntry
    words: str
    undoable: bool


def state(rule: AlertRule | None) -> State:
    return {name: getattr(rule, name) for name in (*PLACE, *VALUES)} if rule else {}


def save(draft: AlertRule, *, by: User) -> tuple[AlertRule, State]:
    """A new rule; one that is there for the same shops and metric takes its values. Returns the rule and what it was
    before, {} for a new one."""
    with _ops():
        there = _rows().filter(**{name: getattr(draft, name) for name in PLACE}).first()
        before = state(there)
        rule = there or AlertRule(created_by=by)
        return _write(rule, state(draft), "alert_rule.saved", before=before, by=by), before


def change(pk: int, draft: AlertRule, *, by: User) -> AlertRule:
    """The rule itself becomes what the draft says, for other shops or of another metric too: none stays behind.
    Raises NotFound, and Conflict where another rule is there."""
    with _ops():
        rule = _rows().filter(pk=pk).first()
        if rule is None:
            raise NotFound("There is no such rule any more.")
        before, after = state(rule), state(draft)
        moved = any(before[name] != after[name] for name in PLACE)
        return _write(rule, after, "alert_rule.moved" if moved else "alert_rule.saved", before=before, by=by)


def remove(pk: int, *, by: User) -> None:
    """What stands behind the rule holds again. Raises NotFound."""
    with _ops():
        rule = _rows().filter(pk=pk).first()
        if rule is None:
            raise NotFound("There is no such rule any more.")
        _delete(rule, "alert_rule.removed", by=by)


def undo(entry_pk: int, *, by: User) -> None:
    """Puts back what the act changed, under the rule's old number. Raises NotFound for an act that is none or older
    than a week, Conflict where the rule was changed since or where another rule took its place."""
    with _ops():
        entry = _entries().filter(pk=entry_pk).first()
        if entry is None:
            raise NotFound("There is no such act, or it is more than a week old.")
        pk, before = entry.details["id"], entry.details["before"]
        rule = _rows().filter(pk=pk).first()
        if state(rule) != entry.details["after"]:
            raise Conflict("The rule was changed since. Undo that first.")
        if rule is not None and not before:
            _delete(rule, "alert_rule.undone", by=by)
        else:
            left = state(rule)
            _write(rule or AlertRule(pk=pk, created_by=entry.actor), before, "alert_rule.undone", before=left, by=by)


def lately() -> list[Act]:
    """What was done to rules in the last week, the newest first."""
    entries = list(_entries()[:SHOWN])
    wanted = [entry.details["id"] for entry in entries]
    there = {rule.pk: rule for rule in AlertRule.objects.using("ops").filter(pk__in=wanted)}
    found = []
    for entry in entries:
        same = state(there.get(entry.details["id"])) == entry.details["after"]
        found.append(Act(entry, _words(entry), same and entry.action != "alert_rule.undone"))
    return found


def whom(place: State) -> str:
    """For whom a rule is, in words."""
    if place["tenant_id"]:
        shop = Tenant.objects.using("ops").filter(pk=place["tenant_id"]).first()
        return shop.name if shop else "a shop that is gone"
    if place["plan_id"]:
        plan = Plan.objects.using("ops").filter(pk=place["plan_id"]).first()
        return f"all on {plan.name}" if plan else "a plan that is gone"
    return "every shop"


def _words(entry: AuditEntry) -> str:
    before, after = entry.details["before"], entry.details["after"]
    held = after or before
    name = f"{metrics.get(held['metric']).label}, {whom(held)}"
    if not after:
        return f"{name}: removed"
    if not before:
        return f"{name}: {'put back' if entry.action == 'alert_rule.undone' else 'new'}"
    if any(before[field] != after[field] for field in PLACE):
        return f"{name}: moved from {metrics.get(before['metric']).label}, {whom(before)}"
    if before["threshold"] != after["threshold"]:
        was, now = (metrics.threshold(one["metric"], one["kind"], one["threshold"]) for one in (before, after))
        return f"{name}: threshold {was} → {now}"
    return f"{name}: {'saved as it was' if before == after else 'changed'}"


def _write(rule: AlertRule, values: State, action: str, *, before: State, by: User) -> AlertRule:
    for name, value in values.items():
        setattr(rule, name, value)
    rule.updated_at = timezone.now()
    rule.save(using="ops")
    _tell(rule, action, before=before, after=state(rule), by=by)
    return rule


def _delete(rule: AlertRule, action: str, *, by: User) -> None:
    _tell(rule, action, before=state(rule), after={}, by=by)
    rule.delete()


def _tell(rule: AlertRule, action: str, *, before: State, after: State, by: User) -> None:
    """One line, of the shop that the rule is for now; one more of the shop that it was for before."""
    owner, former = (after or before)["tenant_id"], before.get("tenant_id")
    shops = Tenant.objects.using("ops").in_bulk([pk for pk in (owner, former) if pk])
    target, details = f"{rule.metric} ({rule.kind})", {"id": rule.pk, "before": before, "after": after}
    audit.record(shops.get(owner), action, by=by, target=target, details=details)
    if former and former != owner:
        audit.record(shops[former], "alert_rule.moved_away", by=by, target=target, details={"id": rule.pk})


def _rows() -> Any:
    return AlertRule.objects.using("ops").select_for_update()


def _entries() -> Any:
    rows = AuditEntry.objects.using("ops").select_related("actor")
    since = timezone.now() - KEPT
    return rows.filter(action__in=_ACTS, happened_at__gte=since, details__has_keys=["id", "before", "after"])


@contextmanager
def _ops() -> Iterator[None]:
    try:
        with transaction.atomic(using="ops"):
            yield
    except IntegrityError:  # of the constraint "alert_rule_once": somebody was quicker, or another rule is there
        raise Conflict(TAKEN) from None
