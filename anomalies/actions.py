"""Actions: what a rule lets the product do by itself about an incident. Each is in the history and can be taken back.

throttle   the key behind most of it is slowed for a while; people can do it by hand too
suspend    the key behind most of it stops working now; taking it back gives it its former end
roll_back  the model version before the one that went live in the hours before serves again
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from anomalies import incidents
from anomalies.models import AlertRule, AnomalyIncident, Side, State
from luxebrain.lib import logs
from luxebrain.lib.markup import exact
from luxebrain.lib.problems import Conflict, NotFound, Problem
from modelregistry import versions
from tenants import api_keys, occurrences, throttling
from tenants.models import ApiKey, Tenant, User

BY = "alert rule"
AFTER_ACTIVATION = timedelta(hours=24)
MOSTLY = 0.5  # share of the calls that one key must have made to be called the one behind it
KEYED = ("api_rate", "requests", "failed_auth", "refusals")  # metrics whose signals name keys
STANDS = ("throttle", "suspend", "roll_back")
Done = tuple[str, str, dict[str, Any]]  # act of the history, its words, what undoes it
log = logs.get(__name__)


@dataclass(frozen=True)
class Standing:
    """What was done about an incident, as its pages say it; `undoable`: it can be taken back."""

    words: str
    undoable: bool


@dataclass(frozen=True)
class Offer:
    """A key that can be throttled by hand: its name, and what the form begins with."""

    name: str
    per_minute: int = throttling.USUAL_PER_MINUTE
    minutes: int = throttling.USUAL_MINUTES
    choices: tuple[tuple[int, str], ...] = throttling.CHOICES


def perform(tenant: Tenant, incident: AnomalyIncident, *, now: datetime) -> None:
    """Does what the incident's rule says, once for each incident; what it did is a line of the history."""
    action = incident.facts.get("action")
    if not action or acted(incident):
        return
    with tenant.atomic():
        held = tenant.anomaly_incidents.select_for_update().filter(pk=incident.pk).exclude(state=State.RESOLVED).first()
        if held is None or acted(held):
            return
        try:
            done = _do(held, action, now)
        except Problem as problem:
            log.warning("action.refused", incident=held.pk, action=action, reason=problem.detail)
            done = "not_done", f"{AlertRule.Action(action).label}: {problem.detail}", {"kind": "refused"}
        if done is not None:
            _keep(held, done, by=None)


def acted(incident: AnomalyIncident) -> dict[str, Any]:
    """What was done about it last, as `_keep` wrote it: {"kind": …} and what undoes it; {} where nothing was done."""
    return incident.facts.get("acted") or {}


def standing_kind(incident: AnomalyIncident) -> str:
    """"throttle", "suspend" or "roll_back" while that was not taken back; "" otherwise."""
    kind = acted(incident).get("kind")
    return kind if kind in STANDS else ""


def _do(incident: AnomalyIncident, action: str, now: datetime) -> Done | None:
    if action == AlertRule.Action.ROLL_BACK:
        return _roll_back(incident, now)
    key = key_behind(incident)
    if key is None:
        return None
    if action == AlertRule.Action.THROTTLE:
        per_minute, minutes = incident.facts["throttle"]
        most = incident.tenant.plan.requests_per_minute
        return _throttle(incident, key, min(per_minute, most), minutes, by=BY)
    return _suspend(incident, key)


def _keep(incident: AnomalyIncident, done: Done, *, by: User | None) -> None:
    act, words, undoes = done
    incident.facts = {**incident.facts, "acted": undoes}
    incident.save(using=incident.tenant.alias, update_fields=["facts"])
    incidents.note(incident, act, by=by, to=incident.state, text=words)


def key_behind(incident: AnomalyIncident) -> ApiKey | None:
    """The key in use that made most of what was too much; None where it is nobody's alone, or too little."""
    if incident.side != Side.UP:
        return None
    who = incident.facts.get("who") or {}
    rows = who.get("keys") or who.get("subjects") or []
    named = [(name, count) for name, count in rows if name.startswith("key ") and name != "key 0"]
    total = sum(count for _, count in rows)
    if not named or not total or named[0][1] < MOSTLY * total:
        return None
    key = incident.tenant.api_keys.filter(pk=int(named[0][0][4:]), revoked_at=None).first()
    return key if key is not None and key.is_live(timezone.now()) else None


def _throttle(incident: AnomalyIncident, key: ApiKey, per_minute: int, minutes: int, *, by: User | str) -> Done:
    held = throttling.throttle(key, per_minute=per_minute, minutes=minutes, by=by, reason=f"incident {incident.pk}")
    words = f"The key {held} is throttled to {per_minute:,} calls a minute for {minutes:,} minutes."
    until = held.throttled_until.isoformat()
    return "throttled", words, {"kind": "throttle", "key": held.pk, "per_minute": per_minute, "until": until}


def _suspend(incident: AnomalyIncident, key: ApiKey) -> Done:
    former = api_keys.suspend(key, by=BY, reason=f"incident {incident.pk}")
    return "suspended", f"The key {key} stopped working.", {
        "kind": "suspend", "key": key.pk, "ended_at": former.isoformat() if former else None,
    }  # fmt: skip


def _roll_back(incident: AnomalyIncident, at: datetime) -> Done | None:
    tenant = incident.tenant
    lately = occurrences.between(tenant, at - AFTER_ACTIVATION, at).filter(kind="version.activated")
    if not lately.exists():
        return None
    move = versions.rollback(tenant, by=BY, reason=f"incident {incident.pk}")
    words = f"{move.previous} was taken out of service; {move.version} serves again."
    return "rolled_back", words, {"kind": "roll_back", "from": move.previous.number if move.previous else None}


def throttle(tenant: Tenant, pk: int, *, by: User, per_minute: str, minutes: str) -> str:
    """By hand: slows the key behind an incident, as a form wrote it; returns the words. Raises NotFound, Conflict,
    and Problem for what is no such number."""
    given = {"per_minute": per_minute.strip(), "minutes": minutes.strip()}
    wrong = {name: "A whole number." for name, text in given.items() if not (text.isascii() and text.isdecimal())}
    if wrong or max(map(len, given.values())) > 9:
        raise Problem("Say how many calls a minute, and for how many minutes.", fields=wrong, status=422)
    with tenant.atomic():
        incident = _find(tenant, pk)
        if standing_kind(incident):
            raise Conflict("Something was done about it already. Take that back first.")
        key = key_behind(incident)
        if key is None:
            raise Conflict("No key in use is behind most of it.")
        done = _throttle(incident, key, int(given["per_minute"]), int(given["minutes"]), by=by)
        _keep(incident, done, by=by)
    return done[1]


def _find(tenant: Tenant, pk: int) -> AnomalyIncident:
    incident = tenant.anomaly_incidents.select_for_update().filter(pk=pk).first()
    if incident is None:
        raise NotFound("There is no such incident.")
    return incident


def take_back(tenant: Tenant, pk: int, *, by: User) -> str:
    """Puts right what was done; returns the words. Raises NotFound, and Conflict when there is nothing."""
    with tenant.atomic():
        incident = _find(tenant, pk)
        kind, done = standing_kind(incident), acted(incident)
        if kind == "throttle":
            words = _release(incident, done, by)
        elif kind == "suspend":
            words = _resume(tenant, done, by)
        elif kind == "roll_back" and done["from"] is not None:
            version = versions.find(tenant, done["from"])
            versions.activate(version, by=by, reason=f"incident {pk}: taken back")
            words = f"{version} serves again."
        else:
            raise Conflict("Nothing was done that can be taken back.")
        _keep(incident, ("taken_back", words, {"kind": "taken_back"}), by=by)
    return words


def _release(incident: AnomalyIncident, done: dict[str, Any], by: User) -> str:
    key = incident.tenant.api_keys.filter(pk=done["key"], revoked_at=None).first()
    if key is None:
        raise Conflict("The key has been revoked since.")
    if not _holds(key, done):
        raise Conflict("The throttle is over, or was changed on the key's page since.")
    throttling.release(key, by=by, reason=f"incident {incident.pk}: taken back")
    return f"The key {key} is as fast as before."


def _holds(key: ApiKey, done: dict[str, Any]) -> bool:
    """Whether the throttle of this incident is the one that the key still has."""
    return key.is_throttled(timezone.now()) and key.throttled_until == datetime.fromisoformat(done["until"])


def _resume(tenant: Tenant, done: dict[str, Any], by: User) -> str:
    key = tenant.api_keys.filter(pk=done["key"], revoked_at=None).first()
    if key is None:
        raise Conflict("The key has been revoked since.")
    ended = datetime.fromisoformat(done["ended_at"]) if done["ended_at"] else None
    api_keys.resume(key, expires_at=ended, by=by)
    return f"The key {key} works again."


def offered(incident: AnomalyIncident) -> Offer | None:
    """The key that people may throttle from the incident's page; None where there is none, or something stands."""
    key = None if incident.state == State.RESOLVED or standing_kind(incident) else key_behind(incident)
    return Offer(key.name) if key is not None else None


def standing(incident: AnomalyIncident) -> Standing | None:
    """What was done and whether it still holds; None where nothing was done, or it was taken back."""
    kind, done = standing_kind(incident), acted(incident)
    if kind == "suspend":
        return Standing("The key behind it was suspended.", True)
    if kind == "roll_back":
        return Standing("The model was rolled back.", done["from"] is not None)
    if kind != "throttle":
        return None
    key = incident.tenant.api_keys.filter(pk=done["key"]).first()
    if key is None:
        return None
    until = exact(datetime.fromisoformat(done["until"]))
    if key.is_live(timezone.now()) and _holds(key, done):
        return Standing(f"{key} is throttled to {done['per_minute']:,} calls a minute until {until}.", True)
    return Standing(f"{key} was throttled to {done['per_minute']:,} calls a minute; that is over.", False)
