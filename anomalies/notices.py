"""Notices: which transitions of an incident people are told of, once each, and at most five a day and shop.

Channels read `due()` and make their deliveries of it. Between the row and the reading lie GROUP_WAIT_SECONDS, in
which signals of the same moment are grouped and a platform incident may hold a shop's own back.
"""

from datetime import datetime, timedelta

from django.utils import timezone

from anomalies.models import AlertNotice, AlertRule, AnomalyIncident, IncidentEvent, Severity

MOST_A_DAY = 5
GROUP_WAIT_SECONDS = 30


def tell(incident: AnomalyIncident, transition: str, event: IncidentEvent, *, now: datetime) -> AlertNotice | None:
    """Writes the notice in the transaction of the transition. None when this is nothing to be told.

    Low severity goes into the digest; so does everything beyond five a day. Repeats within the cool-down are held
    back, unless the incident got worse.
    """
    state, reason = _state(incident, transition, now)
    notice, made = incident.tenant.alert_notices.get_or_create(
        incident=incident,
        transition=transition,
        event_id=event.pk,
        audience="platform",
        defaults={"severity": incident.severity, "state": state, "reason": reason},
    )
    if made and state == AlertNotice.State.WAITING:
        incident.notified_at = now
    return notice


def _state(incident: AnomalyIncident, transition: str, now: datetime) -> tuple[str, str]:
    states = AlertNotice.State
    if incident.state == "archived":
        return states.DROPPED, "archived"
    if incident.platform_id is not None:
        return states.DROPPED, "part of a platform incident"
    leader = incident.group if incident.group_id is not None and transition == "opened" else None
    if leader is not None and leader.level.rank >= incident.level.rank:
        return states.DROPPED, "grouped with an incident of the same minutes"
    if incident.severity == Severity.LOW:
        return states.DIGEST, "low severity"
    minutes = incident.facts.get("cool_down", AlertRule.COOL_DOWN)
    cooling = incident.notified_at is not None and now - incident.notified_at < timedelta(minutes=minutes)
    if cooling and transition == "regressed":
        return states.DROPPED, f"told within the last {minutes} minutes"
    today = incident.tenant.alert_notices.filter(
        created_at__gte=now - timedelta(days=1), state__in=[states.WAITING, states.SENT]
    )
    if today.count() >= MOST_A_DAY:
        return states.DIGEST, f"more than {MOST_A_DAY} a day"
    return states.WAITING, ""


def hold_back(incident: AnomalyIncident, reason: str) -> int:
    """What waits of this incident is not sent; returns how many notices."""
    waiting = incident.tenant.alert_notices.filter(incident=incident, state=AlertNotice.State.WAITING)
    return waiting.update(state=AlertNotice.State.DROPPED, reason=reason[:200])


def due(now: datetime | None = None, *, limit: int = 100) -> list[AlertNotice]:
    """Waiting notices of all shops whose group wait is over, oldest first, through the operators' role."""
    ripe = (now or timezone.now()) - timedelta(seconds=GROUP_WAIT_SECONDS)
    rows = AlertNotice.objects.across_tenants().filter(state=AlertNotice.State.WAITING, created_at__lte=ripe)
    return list(rows.select_related("tenant__plan", "incident").order_by("pk")[:limit])
