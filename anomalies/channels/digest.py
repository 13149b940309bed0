"""Digest: once a day, in one letter, what was not worth a letter of its own."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from anomalies import metrics
from anomalies.channels import choosing, mail
from anomalies.channels.message import Message, local
from anomalies.models import AlertChannel, AlertNotice
from tenants import work

TASK = "anomalies.digest"
HOUR = 8  # in the shop's time zone; the platform's in UTC
WITHIN = timedelta(days=1)
LISTED = 50


def hand_out(now: datetime | None = None) -> int:
    """Asks for the letter of every channel whose hour has come; once a day, however often it is called."""
    now, asked = now or timezone.now(), 0
    rows = AlertChannel.objects.using("ops").filter(kind=AlertChannel.Kind.MAIL, digest=True, is_active=True)
    for channel in rows.select_related("tenant"):
        there = now.astimezone(channel.tenant.zone if channel.tenant else UTC)
        if there.hour < HOUR or channel.digested_on == there.date():
            continue
        with transaction.atomic(using="ops"):
            same = AlertChannel.objects.using("ops").filter(pk=channel.pk, digested_on=channel.digested_on)
            if same.update(digested_on=there.date()):
                for recipient in channel.recipients:
                    payload = {"until": now.isoformat(), "recipient": recipient}
                    work.enqueue(None, TASK, subject=channel.pk, payload=payload)
                    asked += 1
    return asked


def send(lease: work.Lease) -> None:
    """The letter of one channel to one recipient. Raises RetryLater while the mail server is away."""
    channel = AlertChannel.objects.using("ops").select_related("tenant").filter(pk=int(lease.subject)).first()
    if channel is None:
        return
    until = datetime.fromisoformat(lease.payload["until"])
    held = rows_of(channel, until)
    if not held:
        return
    news = letter(channel, held, until)
    outcome = mail.send(channel, news, recipient=lease.payload["recipient"], number=lease.work_id, first=True)
    if not outcome.arrived and outcome.again is not None:
        raise work.RetryLater(300)


def rows_of(channel: AlertChannel, until: datetime) -> list[AlertNotice]:
    """What the channel was not told in the day before `until`, oldest first."""
    rows = AlertNotice.objects.across_tenants().filter(
        state=AlertNotice.State.DIGEST, created_at__gt=until - WITHIN, created_at__lte=until
    )
    if channel.tenant_id is not None:
        rows = rows.filter(tenant=channel.tenant_id)
    found = rows.select_related("tenant__plan", "incident").order_by("pk")
    return [
        row for row in found
        if (not channel.metrics or row.incident.metric in channel.metrics)
        and choosing.is_named(channel, row.incident.facts.get("channels") or ())
    ]  # fmt: skip


def letter(channel: AlertChannel, held: list[AlertNotice], until: datetime) -> Message:
    facts = []
    for row in held[:LISTED]:
        metric = metrics.get(row.incident.metric)
        title = metric.titles.get(row.incident.side, metric.label)
        facts.append((f"{row.tenant.name}, {local(row.created_at, row.tenant)}", f"{title} ({row.transition})"))
    more = len(held) - len(facts)
    place = "/anomalies" if channel.tenant is None else f"/t/{channel.tenant.slug}/alerts"
    return Message(
        thread=f"digest-{channel.pk}-{until:%Y%m%d}", subject=f"What else was unusual, {until:%Y-%m-%d}",
        headline=f"{len(held)} things were unusual in the last day that were not worth a letter of their own.",
        facts=facts, advice=f"And {more} more." if more > 0 else "", url=f"{settings.BASE_URL}{place}", severity="low",
        data={},
    )  # fmt: skip
