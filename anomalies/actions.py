"""Actions: what a rule lets the product do by itself about an incident. Each is in the history and can be taken back.

suspend    the key behind most of it stops working now; taking it back gives it its former end
roll_back  the model version before the one that went live in the hours before serves again
"""

from datetime import datetime, timedelta
from typing import Any

from anomalies import incidents
from anomalies.models import AlertRule, AnomalyIncident, State
from luxebrain.lib import logs
from luxebrain.lib.problems import Conflict, NotFound, Problem
from modelregistry import versions
from tenants import api_keys, occurrences
from tenants.models import Tenant, User

BY = "alert rule"
AFTER_ACTIVATION = timedelta(hours=24)
MOSTLY = 0.5  # share of the calls that one key must have made to be called the one behind it
log = logs.get(__name__)


def perform(tenant: Tenant, incident: AnomalyIncident, *, now: datetime) -> None:
    """Does what the incident's rule says, once for each incident; what it did is a line of the history."""
    action = incident.facts.get("action")
    if not action or incident.facts.get("acted"):
        return
    with tenant.atomic():
        held = tenant.anomaly_incidents.select_for_update().filter(pk=incident.pk).exclude(state=State.RESOLVED).first()
        if held is None or held.facts.get("acted"):
            return
        try:
            done = _suspend(held) if action == AlertRule.Action.SUSPEND else _roll_back(held, now)
        except Problem as problem:
            log.warning("action.refused", incident=held.pk, action=action, reason=problem.detail)
            done = "not_done", f"{AlertRule.Action(action).label}: {problem.detail}", {"kind": "refused"}
        if done is None:
            return
        act, words, undoes = done
        held.facts = {**held.facts, "acted": undoes}
        held.save(using=tenant.alias, update_fields=["facts"])
        incidents.note(held, act, to=held.state, text=words)


def _suspend(incident: AnomalyIncident) -> tuple[str, str, dict[str, Any]] | None:
    who = incident.facts.get("who") or {}
    rows = who.get("keys") or who.get("subjects") or []
    named = [(name, count) for name, count in rows if name.startswith("key ") and name != "key 0"]
    total = sum(count for _, count in rows)
    if not named or not total or named[0][1] < MOSTLY * total:
        return None
    key = incident.tenant.api_keys.filter(pk=int(named[0][0][4:]), revoked_at=None).first()
    if key is None:
        return None
    former = api_keys.suspend(key, by=BY, reason=f"incident {incident.pk}")
    return "suspended", f"The key {key} stopped working.", {
        "kind": "suspend", "key": key.pk, "ended_at": former.isoformat() if former else None,
    }  # fmt: skip


def _roll_back(incident: AnomalyIncident, at: datetime) -> tuple[str, str, dict[str, Any]] | None:
    tenant = incident.tenant
    lately = occurrences.between(tenant, at - AFTER_ACTIVATION, at).filter(kind="version.activated")
    if not lately.exists():
        return None
    move = versions.rollback(tenant, by=BY, reason=f"incident {incident.pk}")
    words = f"{move.previous} was taken out of service; {move.version} serves again."
    return "rolled_back", words, {"kind": "roll_back", "from": move.previous.number if move.previous else None}


def take_back(tenant: Tenant, pk: int, *, by: User) -> str:
    """Puts right what was done by itself; returns the words. Raises NotFound, and Conflict when there is nothing."""
    with tenant.atomic():
        incident = tenant.anomaly_incidents.select_for_update().filter(pk=pk).first()
        if incident is None:
            raise NotFound("There is no such incident.")
        done = incident.facts.get("acted") or {}
        if done.get("kind") == "suspend":
            words = _resume(tenant, done, by)
        elif done.get("kind") == "roll_back" and done.get("from") is not None:
            version = versions.find(tenant, done["from"])
            versions.activate(version, by=by, reason=f"incident {pk}: taken back")
            words = f"{version} serves again."
        else:
            raise Conflict("Nothing was done by itself.")
        incident.facts = {**incident.facts, "acted": {"kind": "taken_back"}}
        incident.save(using=tenant.alias, update_fields=["facts"])
        incidents.note(incident, "taken_back", by=by, to=incident.state, text=words)
    return words


def _resume(tenant: Tenant, done: dict[str, Any], by: User) -> str:
    key = tenant.api_keys.filter(pk=done["key"], revoked_at=None).first()
    if key is None:
        raise Conflict("The key has been revoked since.")
    ended = datetime.fromisoformat(done["ended_at"]) if done["ended_at"] else None
    api_keys.resume(key, expires_at=ended, by=by)
    return f"The key {key} works again."
