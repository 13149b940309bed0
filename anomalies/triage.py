"""Triage: what people do about an incident. Each act is a line of its history and can be undone."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from anomalies import incidents, notices
from anomalies.models import AnomalyIncident, IncidentEvent, State, Stream
from luxebrain.lib.problems import Conflict, NotFound, Problem
from tenants import audit
from tenants.models import Tenant, User

VERDICTS = tuple(v for v in AnomalyIncident.Verdict.values if v)
ARCHIVES = tuple(v for v in AnomalyIncident.Archive.values if v)
RAISED_FOR = timedelta(days=14)
EXPECTED_FOR = timedelta(hours=2)  # from the verdict on: what is expected may go on for a while
UNDO_WITHIN = timedelta(hours=24)
MOST_AT_ONCE = 200
_FIELDS = (
    "state", "sub_state", "archive_kind", "archived_until", "archived_severity", "verdict", "resolved_at",
    "acknowledged_at", "owner_id",
)  # fmt: skip


def acknowledge(tenant: Tenant, pk: int, *, by: User, note: str = "") -> AnomalyIncident:
    """Somebody looks into it. It is open again after four hours if it goes on. Raises Conflict unless it is open."""

    def act(incident: AnomalyIncident) -> None:
        if incident.state != State.NEW:
            raise Conflict("Only an open incident can be acknowledged.")
        incident.state, incident.acknowledged_at = State.ACKNOWLEDGED, timezone.now()
        incident.owner = incident.owner or by

    return _move(tenant, pk, "acknowledged", act, by=by, note=note)


def resolve(tenant: Tenant, pk: int, *, by: User, verdict: str, note: str = "") -> AnomalyIncident:
    """Ends it with a verdict: "real", "expected" or "false_alarm"; the latter two teach the baseline."""
    if verdict not in VERDICTS:
        raise Problem("Say what it was.", fields={"verdict": f"One of {', '.join(VERDICTS)}."}, status=422)

    def act(incident: AnomalyIncident) -> None:
        if incident.state == State.RESOLVED and incident.verdict:
            raise Conflict("It is resolved already.")
        incident.state, incident.resolved_at, incident.verdict = State.RESOLVED, timezone.now(), verdict
        incident.sub_state = incident.archive_kind = ""

    incident = _move(tenant, pk, "resolved", act, by=by, note=note)
    if verdict != AnomalyIncident.Verdict.REAL:
        teach(incident, verdict, by=by)
    return incident


def teach(incident: AnomalyIncident, verdict: str, *, by: User) -> None:
    """What a verdict changes. Expected: the time of the incident is an expected window, which the pages show.
    False alarm: for 14 days the stream needs one step of strangeness more; a fixed limit is at least the peak."""
    tenant = incident.tenant
    if verdict == AnomalyIncident.Verdict.EXPECTED:
        tenant.expected_windows.create(
            metric=incident.metric, starts_at=incident.first_seen_at,
            ends_at=max(timezone.now(), incident.last_seen_at) + EXPECTED_FOR,
            reason=f"Incident {incident.pk}: expected", incident=incident, created_by=by,
        )  # fmt: skip
        return
    stream = tenant.streams.filter(metric=incident.metric).first()
    if stream is None:
        stream = Stream(tenant=tenant, metric=incident.metric, engine="limit", read_until=timezone.now())
    stream.raised_until = timezone.now() + RAISED_FOR
    if incident.kind == "limit":
        stream.cumulative = max(incident.peak, stream.cumulative or 0.0)
    stream.save(using=tenant.alias)


def archive(
    tenant: Tenant, pk: int, *, by: User, kind: str, until: datetime | None = None, note: str = ""
) -> AnomalyIncident:
    """Puts it out of sight: until a date, until it gets worse, or for good. It goes on counting meanwhile."""
    if kind not in ARCHIVES:
        raise Problem("Say until when.", fields={"kind": f"One of {', '.join(ARCHIVES)}."}, status=422)
    if kind == "until" and (until is None or until <= timezone.now()):
        raise Problem("Choose a later date.", fields={"until": "A date that is still to come."}, status=422)

    def act(incident: AnomalyIncident) -> None:
        if incident.state == State.RESOLVED:
            raise Conflict("It is resolved already.")
        incident.state, incident.archive_kind = State.ARCHIVED, kind
        incident.archived_until = until if kind == "until" else None
        incident.archived_severity = incident.severity

    return _move(tenant, pk, "archived", act, by=by, note=note)


def reopen(tenant: Tenant, pk: int, *, by: User, note: str = "") -> AnomalyIncident:
    def act(incident: AnomalyIncident) -> None:
        if incident.state == State.NEW:
            raise Conflict("It is open already.")
        same = tenant.anomaly_incidents.filter(metric=incident.metric, side=incident.side)
        if same.exclude(pk=incident.pk).exclude(state=State.RESOLVED).exists():
            raise Conflict("A newer incident of the same kind is open.")
        incident.state, incident.resolved_at, incident.verdict, incident.archive_kind = State.NEW, None, "", ""

    return _move(tenant, pk, "reopened", act, by=by, note=note)


def add_note(tenant: Tenant, pk: int, *, by: User, note: str) -> AnomalyIncident:
    if not note.strip():
        raise Problem("Write something.", fields={"note": "It is empty."}, status=422)
    return _move(tenant, pk, "noted", lambda incident: None, by=by, note=note)


def assign(tenant: Tenant, pk: int, *, by: User, owner: User | None) -> AnomalyIncident:
    def act(incident: AnomalyIncident) -> None:
        incident.owner = owner

    return _move(tenant, pk, "assigned", act, by=by, note=f"to {owner}" if owner else "to nobody")


def undo(tenant: Tenant, pk: int, *, by: User) -> AnomalyIncident:
    """Puts back what the last act of a person changed, within a day, unless the incident moved by itself since."""

    def act(incident: AnomalyIncident) -> None:
        last = undoable(incident)
        if last is None:
            raise Conflict("There is nothing to undo.")
        for name, value in last.before.items():
            field = AnomalyIncident._meta.get_field(name.removesuffix("_id"))
            setattr(incident, name, field.to_python(value) if name != "owner_id" else value)
        if last.act == "resolved":
            _unteach(incident)

    return _move(tenant, pk, "undone", act, by=by)


def undoable(incident: AnomalyIncident) -> IncidentEvent | None:
    """The newest line, if it is an act of a person that changed something."""
    lines = incident.tenant.incident_events.filter(incident=incident).exclude(act__in=["noted", "told", "not_told"])
    last = lines.order_by("-pk").first()
    if last is None or not last.before or last.act in ("undone", "opened"):
        return None
    return last if last.happened_at > timezone.now() - UNDO_WITHIN else None


def _unteach(incident: AnomalyIncident) -> None:
    tenant = incident.tenant
    tenant.expected_windows.filter(incident=incident).delete()
    tenant.streams.filter(metric=incident.metric).update(raised_until=None)


def in_bulk(
    tenants: Callable[[int], Tenant | None], pks: Iterable[int], act: Callable[[Tenant, int], AnomalyIncident]
) -> tuple[int, list[str]]:
    """Does one act to many incidents, each by itself; returns (how many, why not the others).
    tenants(pk) gives the incident's shop, or None for one that is not there."""
    done, refused = 0, []
    asked: Sequence[int] = list(dict.fromkeys(pks))
    if len(asked) > MOST_AT_ONCE:
        raise Problem(f"At most {MOST_AT_ONCE} at once.", fields={"ids": "Choose fewer."}, status=422)
    for pk in asked:
        tenant = tenants(pk)
        try:
            if tenant is None:
                raise NotFound("There is no such incident.")
            act(tenant, pk)
            done += 1
        except Problem as problem:
            refused.append(f"{pk}: {problem.detail}")
    return done, refused


def _move(
    tenant: Tenant, pk: int, name: str, act: Callable[[AnomalyIncident], Any], *, by: User, note: str = ""
) -> AnomalyIncident:
    """One act under the incident's lock: its row, its history, the audit trail. Raises NotFound and Conflict."""
    with tenant.atomic():
        incident = tenant.anomaly_incidents.select_for_update().filter(pk=pk).first()
        if incident is None:
            raise NotFound("There is no such incident.")
        held = {field: getattr(incident, field) for field in _FIELDS}
        before = incident.state
        act(incident)
        changed = {field: _plain(value) for field, value in held.items() if getattr(incident, field) != value}
        incident.save(using=tenant.alias)
        line = incidents.note(
            incident, name, by=by, frm=before, to=incident.state, text=note.strip()[:2000], before=changed
        )
        if name == "resolved":
            notices.hold_back(incident, "resolved before it was told")
            if incident.notified_at is not None:
                notices.tell(incident, "resolved", line, now=timezone.now())
        target = f"{incident.metric} #{incident.pk}"
        facts = {"verdict": incident.verdict} if name == "resolved" else {}
        audit.record(tenant, f"anomaly.{name}", by=by, target=target, reason=note, details=facts)
    return incident


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
