"""Telling: notices become one delivery per channel, and each delivery one piece of work of its own.

So a slow Slack keeps no letter waiting, a notice that two workers look at is told once, and what a dead worker
left behind is taken up again. An attempt is marked before it is made: one that was broken off in the middle
is not made again, because nobody can know whether it arrived.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from anomalies import incidents, notices
from anomalies.channels import choosing, hook, mail, message, slack
from anomalies.channels.outcome import AT_THE_NEXT_TURN, Outcome
from anomalies.models import AlertChannel, AlertDelivery, AlertNotice, PlatformIncident, Severity, State
from luxebrain.lib import redis
from tenants import tenancy, work

TASK = "anomalies.deliver"
TEST_TASK = "anomalies.test_channel"
# Seconds after the first, second, … attempt that failed for a reason that may pass: six hours in all.
WAITS = (5, 30, 120, 600, 1800, 3600, 7200, 7200)
KEPT = timedelta(days=90)
ONE_A_SECOND = 1
Deliveries = AlertDelivery.State


def fan_out(now: datetime | None = None) -> int:
    """A delivery and its work for every channel that wants a due notice; returns how many were made."""
    now = now or timezone.now()
    made = sum(_hand_out(notice) for notice in notices.due(now))
    since = now - timedelta(days=1)
    for incident in PlatformIncident.objects.using("ops").filter(first_seen_at__gte=since, state=State.NEW):
        made += _hand_out_platform(incident)
    return made


def _hand_out(notice: AlertNotice) -> int:
    with transaction.atomic(using="ops"):
        moved = AlertNotice.objects.across_tenants().filter(pk=notice.pk, state=AlertNotice.State.WAITING)
        chosen = choosing.of_incident(notice.incident, severity=notice.severity)
        told = {"state": AlertNotice.State.SENT} if chosen.told else {
            "state": AlertNotice.State.DROPPED, "reason": _nobody(chosen),
        }  # fmt: skip
        if not moved.update(**told):
            return 0  # another worker was first, or it was held back
        refused = [_refuse(channel, notice) for channel in chosen.locked]
        made = sum(_make(channel, notice=notice, transition=notice.transition) for channel in chosen.told)
    for row in refused:
        _write_down(row)
    return made


def _nobody(chosen: choosing.Chosen) -> str:
    return "its channels are not part of the plan" if chosen.locked else "no channel is set up for it"


def _refuse(channel: AlertChannel, notice: AlertNotice) -> AlertDelivery:
    """A delivery that is not made, with the reason: the shop's plan has no such channels."""
    assert channel.tenant is not None
    row, _ = AlertDelivery.objects.using("ops").get_or_create(
        channel=channel, recipient="", notice=notice, transition=notice.transition,
        defaults={
            "state": Deliveries.FAILED, "ended_at": timezone.now(),
            "reason": choosing.reason(channel.tenant, channel.kind)[:200],
        },
    )  # fmt: skip
    return row


def _hand_out_platform(incident: PlatformIncident) -> int:
    made = 0
    told = AlertDelivery.objects.using("ops").filter(platform=incident, transition="opened")
    done = set(told.values_list("channel_id", flat=True))
    for channel in choosing.wanting(None, incident.severity, incident.metric):
        if channel.pk not in done:
            with transaction.atomic(using="ops"):
                made += _make(channel, platform=incident, transition="opened")
    return made


def _make(channel: AlertChannel, **what: Any) -> int:
    """Deliveries with their work, one for each recipient; how many are new."""
    count = 0
    for recipient in channel.recipients if channel.kind == AlertChannel.Kind.MAIL else [""]:
        rows = AlertDelivery.objects.using("ops")
        row, made = rows.get_or_create(channel=channel, recipient=recipient, **what)
        if made:
            work.enqueue(None, TASK, subject=row.pk, key=f"alert-{row.pk}")
            count += 1
    return count


def deliver(lease: work.Lease) -> None:
    """One attempt. Raises RetryLater where another one may do better."""
    rows = AlertDelivery.objects.using("ops").filter(pk=int(lease.subject))
    if rows.filter(state=Deliveries.SENDING).update(
        state=Deliveries.UNCLEAR, ended_at=timezone.now(),
        reason="The worker stopped while it was sent. Look there whether it arrived.",
    ):  # fmt: skip
        _write_down(rows.get())
        return
    row = rows.select_related("channel__tenant__plan", "notice__incident__tenant__plan", "platform").first()
    if row is None:
        return
    if row.state != Deliveries.WAITING:
        _write_down(row, again=True)  # a worker may have died between the answer and the history
        return
    _wait_for_turn(row)
    news, thread = message.of(row), _thread(row)  # before the mark: a fault of ours is not an unclear attempt
    if not rows.filter(state=Deliveries.WAITING).update(state=Deliveries.SENDING, attempts=F("attempts") + 1):
        return
    outcome = send(row, news, thread)
    again = _after(row.attempts, outcome)
    state = Deliveries.SENT if outcome.arrived else Deliveries.FAILED if again is None else Deliveries.WAITING
    rows.update(
        state=state, reason=outcome.why[:200], reference=outcome.reference[:200],
        ended_at=None if state == Deliveries.WAITING else timezone.now(),
    )  # fmt: skip
    if again is not None:
        raise work.RetryLater(again)
    _write_down(rows.get())


def _after(attempts: int, outcome: Outcome) -> float | None:
    """Seconds until the next attempt; None where there is none."""
    if outcome.arrived or outcome.again is None or attempts >= len(WAITS):
        return None
    return WAITS[attempts] if outcome.again == AT_THE_NEXT_TURN else max(outcome.again, 1.0)


def send(row: AlertDelivery, news: message.Message, thread: str) -> Outcome:
    if not row.channel.is_active:
        return Outcome(False, why="The channel was switched off.")
    if row.channel.tenant and not choosing.is_included(row.channel.tenant, row.channel.kind):
        return Outcome(False, why=choosing.reason(row.channel.tenant, row.channel.kind))
    first = row.transition == "opened"
    return by_channel(row.channel, news, recipient=row.recipient, number=row.pk, first=first, thread=thread)


def by_channel(
    channel: AlertChannel, news: message.Message, *, recipient: str, number: int, first: bool = True, thread: str = ""
) -> Outcome:
    if channel.kind == AlertChannel.Kind.MAIL:
        return mail.send(channel, news, recipient=recipient, number=number, first=first)
    if channel.kind == AlertChannel.Kind.SLACK:
        return slack.send(channel, news, thread=thread)
    return hook.send(channel, news, message_id=f"msg_alert_{number}", now=timezone.now())


def _thread(row: AlertDelivery) -> str:
    """Slack's name of the incident's first message on this channel."""
    if row.notice is None:
        return ""
    earlier = AlertDelivery.objects.using("ops").filter(
        channel=row.channel, notice__incident=row.notice.incident_id, state=Deliveries.SENT, pk__lt=row.pk
    )
    return earlier.exclude(reference="").order_by("pk").values_list("reference", flat=True).first() or ""


def _wait_for_turn(row: AlertDelivery) -> None:
    """Raises RetryLater in quiet hours, and where Slack was spoken to within the last second."""
    severity = row.notice.severity if row.notice else Severity.HIGH
    if severity != Severity.HIGH and (left := quiet_seconds(row.channel, timezone.now())):
        AlertDelivery.objects.using("ops").filter(pk=row.pk).update(reason="Waits until the quiet hours end.")
        raise work.RetryLater(left)
    if row.channel.kind == AlertChannel.Kind.SLACK:
        whose = row.channel.tenant_id or "platform"
        if not redis.client().set(f"alerts:slack:{whose}:{row.channel_id}", 1, nx=True, ex=ONE_A_SECOND):
            raise work.RetryLater(ONE_A_SECOND)


def quiet_seconds(channel: AlertChannel, now: datetime) -> float:
    """How long the channel's quiet hours still last; 0 outside of them."""
    if channel.quiet_from is None or channel.quiet_to is None or channel.quiet_from == channel.quiet_to:
        return 0.0
    there = now.astimezone(channel.tenant.zone if channel.tenant else UTC)
    until = there.replace(hour=channel.quiet_to % 24, minute=0, second=0, microsecond=0)
    if until <= there:
        until += timedelta(days=1)
    quiet_for = (channel.quiet_to - channel.quiet_from) % 24
    left = (until - there).total_seconds()
    return left if left <= quiet_for * 3600 else 0.0


def _write_down(row: AlertDelivery, *, again: bool = False) -> None:
    """What became of it stands in the incident's history. again: unless the line is there already."""
    if row.notice_id is None:
        return
    tenant_id = AlertNotice.objects.across_tenants().values_list("tenant_id", flat=True).get(pk=row.notice_id)
    with tenancy.enter(tenant_id) as tenant:
        incident = tenant.anomaly_incidents.filter(notices=row.notice_id).first()
        if incident is not None:
            channel = AlertChannel.objects.using("ops").get(pk=row.channel_id)
            where = f"{channel.get_kind_display()} “{channel.name}”" + (f", {row.recipient}" if row.recipient else "")
            told = row.state == Deliveries.SENT
            text = " ".join(part for part in (where, row.reason) if part)
            act = "told" if told else "not_told"
            if again and incident.history.filter(act=act, note=text, happened_at__gte=row.ended_at).exists():
                return
            incidents.note(incident, act, text=text)


def test(lease: work.Lease) -> None:
    """Sends the test that somebody asked for, once, and keeps the answer on the channel."""
    rows = AlertChannel.objects.using("ops").filter(pk=int(lease.subject), test_state="waiting")
    channel = rows.select_related("tenant").first()
    if channel is None:
        return
    recipient = lease.payload.get("recipient", "")
    outcome = by_channel(channel, message.test_of(channel), recipient=recipient, number=lease.work_id)
    rows.update(
        test_state="sent" if outcome.arrived else "failed", test_reason=outcome.why[:200], tested_at=timezone.now()
    )


def sweep(now: datetime | None = None) -> int:
    """Removes deliveries that ended long ago; returns how many went."""
    horizon = (now or timezone.now()) - KEPT
    return AlertDelivery.objects.using("ops").filter(ended_at__lt=horizon).delete()[0]
