"""Incidents: signals become one open incident per tenant, metric and side; quiet ends it.

Every change is one transaction that holds the incident's row, so that two workers that scan at once find the
same incident and count a window once (`windows` in its facts says how much of each was counted).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from anomalies import flagged_log, metrics, notices, rules
from anomalies.models import AnomalyIncident, IncidentEvent, Severity, Side, State
from luxebrain.lib import markup
from tenants.models import Tenant

GROUP_WITHIN = timedelta(minutes=10)
REGRESSED_WITHIN = timedelta(days=1)
QUIET_BUCKETS = 6
QUIET = timedelta(seconds=QUIET_BUCKETS * metrics.BUCKET_SECONDS)
LASTING_QUIET = timedelta(hours=24)  # single events (an order, a sign-in) stand for a day unless somebody acts
ACKNOWLEDGED_HOURS = 4  # then it is open again: somebody took it and nothing came of it
_WINDOWS_KEPT = 200  # more than any round reads again


@dataclass(frozen=True, slots=True)
class Signal:
    """One reading that is out of bounds. `window` names what was counted, `count` how much of it is beyond."""

    metric: str
    side: str
    at: datetime
    observed: float
    severity: str
    kind: str = "limit"
    window: str = ""
    count: int = 1
    limit: float | None = None
    expected: float | None = None
    low: float | None = None
    high: float | None = None
    log10p: float | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


def flag(tenant: Tenant, signal: Signal, *, now: datetime) -> AnomalyIncident | None:
    """Opens, repeats or reopens the incident of this signal. None while the signal is expected."""
    if rules.is_expected(tenant, signal.metric, signal.at):
        return None
    with tenant.atomic():
        incident, transition = _find_or_open(tenant, signal, now)
        if transition == "":
            transition = _repeat(incident, signal, now)
        if transition:
            moved = note(incident, transition, to=incident.state, text=_told(incident))
            notices.tell(incident, transition, moved, now=now)
            transaction.on_commit(lambda: flagged_log.write(incident, tenant, transition), using=tenant.alias)
        incident.save(using=tenant.alias)
    return incident


def _find_or_open(tenant: Tenant, signal: Signal, now: datetime) -> tuple[AnomalyIncident, str]:
    """The open incident, locked, with ""; or a new or reopened one with its transition."""
    mine = tenant.anomaly_incidents.filter(metric=signal.metric, side=signal.side)
    found = mine.exclude(state=State.RESOLVED).select_for_update().first()
    if found is not None:
        return found, ""
    past = mine.filter(state=State.RESOLVED, resolved_at__gte=now - REGRESSED_WITHIN).order_by("-resolved_at")
    recent = past.select_for_update().first()
    try:
        with transaction.atomic(using=tenant.alias):
            if recent is not None and signal.window not in recent.facts.get("windows", {}):
                return _reopen(recent, signal), "regressed"
            if recent is not None:
                return recent, ""  # the window that was just dealt with
            return _open(tenant, signal), "opened"
    except IntegrityError:  # another worker was first
        return mine.exclude(state=State.RESOLVED).select_for_update().get(), ""


def _open(tenant: Tenant, signal: Signal) -> AnomalyIncident:
    incident = AnomalyIncident(
        tenant=tenant, metric=signal.metric, side=signal.side, kind=signal.kind, severity=signal.severity,
        first_seen_at=signal.at, last_seen_at=signal.at, peak=signal.observed, count=0,
    )  # fmt: skip
    _take(incident, signal)
    _group(incident)
    incident.save(using=tenant.alias, force_insert=True)
    return incident


def _group(incident: AnomalyIncident) -> None:
    """Joins the group of what began within ten minutes; two of medium or more make each other weigh a step more."""
    began = incident.first_seen_at
    near = incident.tenant.anomaly_incidents.filter(
        first_seen_at__range=(began - GROUP_WITHIN, began + GROUP_WITHIN)
    ).exclude(state__in=[State.RESOLVED, State.ARCHIVED])
    leader = near.order_by("first_seen_at", "pk").first()
    if leader is None:
        return
    incident.group_id = leader.group_id or leader.pk
    if incident.kind == "baseline" and leader.kind == "baseline" and incident.severity == Severity.MEDIUM:
        incident.severity = Severity.HIGH


def _reopen(incident: AnomalyIncident, signal: Signal) -> AnomalyIncident:
    incident.state, incident.sub_state = State.NEW, AnomalyIncident.SubState.REGRESSED
    incident.resolved_at, incident.verdict, incident.severity = None, "", signal.severity
    _take(incident, signal)
    incident.save(using=incident.tenant.alias)
    return incident


def _take(incident: AnomalyIncident, signal: Signal) -> int:
    """Counts the signal's window as far as it was not counted yet; returns by how much."""
    windows = dict(incident.facts.get("windows", {}))
    more = max(0, signal.count - windows.get(signal.window, 0))
    windows[signal.window] = max(signal.count, windows.get(signal.window, 0))
    kept = dict(list(windows.items())[-_WINDOWS_KEPT:])
    incident.facts = {**incident.facts, **signal.facts, "windows": kept}
    incident.count += more
    incident.observed = signal.observed
    farther = max if incident.side == Side.UP else min
    incident.peak = farther(incident.peak, signal.observed)
    for name in ("limit", "expected", "low", "high"):
        setattr(incident, name, getattr(signal, name))
    if signal.log10p is not None:
        incident.log10p = signal.log10p if incident.log10p is None else min(incident.log10p, signal.log10p)
    if more:
        incident.last_seen_at = max(incident.last_seen_at, signal.at)
        incident.quiet_buckets = 0
    return more


def _repeat(incident: AnomalyIncident, signal: Signal, now: datetime) -> str:
    """Takes a repetition; returns the transition that it causes, if any."""
    if not _take(incident, signal) or incident.state == State.RESOLVED:
        return ""
    worse = Severity(signal.severity).rank > incident.level.rank
    if worse:
        incident.severity = signal.severity
    if incident.state == State.ARCHIVED and _archive_ends(incident, now):
        incident.state, incident.archive_kind = State.NEW, ""
        incident.sub_state = AnomalyIncident.SubState.ESCALATING if worse else AnomalyIncident.SubState.ONGOING
        return "reopened"
    if worse:
        incident.sub_state = AnomalyIncident.SubState.ESCALATING
        return "escalated"
    return ""


def _archive_ends(incident: AnomalyIncident, now: datetime) -> bool:
    if incident.archive_kind == AnomalyIncident.Archive.UNTIL:
        return incident.archived_until is not None and incident.archived_until <= now
    if incident.archive_kind == AnomalyIncident.Archive.ESCALATES:
        return incident.level.rank > Severity(incident.archived_severity or Severity.HIGH).rank
    return False


def is_known(tenant: Tenant, metric: str, side: str, *, since: datetime) -> bool:
    """Whether this was said already: an incident that is not resolved, or that was seen since."""
    mine = tenant.anomaly_incidents.filter(metric=metric, side=side)
    return mine.filter(~Q(state=State.RESOLVED) | Q(last_seen_at__gte=since)).exists()


def open_sides(tenant: Tenant) -> set[tuple[str, str]]:
    """(metric, side) of what is open: only these can grow quiet."""
    rows = tenant.anomaly_incidents.filter(state__in=[State.NEW, State.ACKNOWLEDGED])
    return set(rows.values_list("metric", "side"))


def quiet(
    tenant: Tenant, metric: str, side: str, *, bucket: datetime, now: datetime, enough: int = QUIET_BUCKETS
) -> None:
    """A bucket without a signal: the sixth in a row (or `enough`) ends the incident by itself."""
    with tenant.atomic():
        open_ones = tenant.anomaly_incidents.filter(metric=metric, side=side, state__in=[State.NEW, State.ACKNOWLEDGED])
        incident = open_ones.select_for_update().first()
        if incident is None or bucket < incident.last_seen_at:
            return
        incident.quiet_buckets += 1
        if incident.quiet_buckets >= enough:
            why = "Six quiet buckets in a row." if enough == QUIET_BUCKETS else "The next measure was ordinary."
            recover(incident, now=now, why=why)
        incident.save(using=tenant.alias)


def recover(incident: AnomalyIncident, *, now: datetime, why: str = "Six quiet buckets in a row.") -> None:
    """It is over by itself: resolved without a verdict. The caller holds and saves the row."""
    before = incident.state
    incident.state, incident.resolved_at, incident.sub_state = State.RESOLVED, now, ""
    moved = note(incident, "recovered", frm=before, to=State.RESOLVED, text=why)
    if incident.notified_at is not None:
        notices.tell(incident, "recovered", moved, now=now)


def settle(tenant: Tenant, *, now: datetime) -> int:
    """Ends what is long quiet, and opens again what was acknowledged hours ago or archived until now."""
    ended = 0
    with tenant.atomic():
        for incident in tenant.anomaly_incidents.exclude(state=State.RESOLVED).select_for_update():
            metric = metrics.get(incident.metric)
            still = LASTING_QUIET * metric.still_days if metric.lasting else QUIET
            if incident.is_open and incident.kind != "baseline" and now - incident.last_seen_at >= still:
                span = markup.plural(metric.still_days, "day,days") if metric.lasting else "half an hour"
                recover(incident, now=now, why=f"Quiet for {span}.")
                ended += 1
            elif incident.state == State.ARCHIVED and incident.archive_kind == "until" and _archive_ends(incident, now):
                _wake(incident, "reopened", "The date it was archived until has come.", now)
            elif incident.state == State.ACKNOWLEDGED and _acknowledged_too_long(incident, now):
                _wake(incident, "reopened", f"Acknowledged {ACKNOWLEDGED_HOURS} hours ago, and it goes on.", now)
            else:
                continue
            incident.save(using=tenant.alias)
    return ended


def _acknowledged_too_long(incident: AnomalyIncident, now: datetime) -> bool:
    limit = timedelta(hours=ACKNOWLEDGED_HOURS)
    taken = incident.acknowledged_at
    return taken is not None and now - taken >= limit and incident.last_seen_at > now - timedelta(hours=1)


def _wake(incident: AnomalyIncident, act: str, text: str, now: datetime) -> None:
    before, incident.state, incident.archive_kind = incident.state, State.NEW, ""
    incident.sub_state = AnomalyIncident.SubState.ONGOING
    moved = note(incident, act, frm=before, to=State.NEW, text=text)
    notices.tell(incident, act, moved, now=now)


def note(
    incident: AnomalyIncident,
    act: str,
    *,
    by: Any = None,
    frm: str = "",
    to: str = "",
    text: str = "",
    before: dict[str, Any] | None = None,
) -> IncidentEvent:
    """A line of the history. `by` is a person, or None for what the product does by itself."""
    return incident.tenant.incident_events.create(
        incident=incident, act=act, actor=by, actor_label=str(by)[:160] if by else "LuxeBrain",
        from_state=frm, to_state=to, note=text, before=before or {},
    )  # fmt: skip


def _told(incident: AnomalyIncident) -> str:
    metric = metrics.get(incident.metric)
    return f"{metric.titles.get(incident.side, metric.label)}: {metric.text(incident.observed)}"
