"""AlertChannel, AlertDelivery: where people are told of incidents, and what became of each telling."""

from django.db import models

from anomalies.models.incident import PlatformIncident, Severity
from anomalies.models.notice import AlertNotice
from luxebrain.lib.sealed import SealedField
from tenants.models import Tenant, User

PURPOSE = "alert channel"


class AlertChannel(models.Model):
    """One place that is told: a list of mail addresses, a Slack channel, or an address that takes signed webhooks.

    tenant        whose it is: a shop's own channel hears of that shop's incidents alone; null = the platform's
    recipients    mail addresses
    sealed_url    the address of a Slack webhook or of a receiver; `host` is the part that is shown
    sealed_secret Slack: a bot token, with which later news goes into the thread of the first; webhook: its secret
    slack_channel Slack's id of the channel, needed with a bot token
    metrics       names of metrics; empty = all
    quiet_from    hours [from, to) in the shop's time zone (platform: UTC) in which only high severity is told at once
    digest        mail: once a day what was not told at once
    test_state    of the last test: "", waiting, sent or failed
    """

    class Kind(models.TextChoices):
        MAIL = "mail", "E-mail"
        SLACK = "slack", "Slack"
        WEBHOOK = "webhook", "Signed webhook"

    tenant = models.ForeignKey(Tenant, models.CASCADE, null=True, blank=True, related_name="alert_channels")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    name = models.CharField(max_length=80)
    recipients = models.JSONField(default=list, blank=True)
    sealed_url = SealedField(purpose=PURPOSE, blank=True)
    host = models.CharField(max_length=255, blank=True)
    sealed_secret = SealedField(purpose=PURPOSE, blank=True)
    slack_channel = models.CharField(max_length=40, blank=True)
    min_severity = models.CharField(max_length=6, choices=Severity.choices, default=Severity.MEDIUM)
    metrics = models.JSONField(default=list, blank=True)
    quiet_from = models.PositiveSmallIntegerField(null=True, blank=True)
    quiet_to = models.PositiveSmallIntegerField(null=True, blank=True)
    digest = models.BooleanField(default=True)
    digested_on = models.DateField(null=True)
    is_active = models.BooleanField(default=True)
    test_state = models.CharField(max_length=8, blank=True)
    test_reason = models.CharField(max_length=200, blank=True)
    tested_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["kind", "name", "id"]
        indexes = [models.Index(fields=["tenant", "is_active"], name="alert_channel_by_tenant")]

    def __str__(self) -> str:
        return self.name


class AlertDelivery(models.Model):
    """One piece of news on one channel; by mail, to one recipient. Its shop is its notice's.

    A shop's news also goes to the platform's channels, so a row may join both; the application's role
    has no right on the table at all, only the workers that send as the platform.

    notice      what is told; or `platform`, of which `transition` is told
    state       waiting → sending → sent, or failed; unclear: the worker stopped in the middle of sending, and
                whether it arrived is not known: it is not sent again
    reference   Slack: the message's ts, under which later news of the incident go; mail: the Message-ID
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        UNCLEAR = "unclear", "Unclear"

    channel = models.ForeignKey(AlertChannel, models.CASCADE, related_name="deliveries")
    notice = models.ForeignKey(AlertNotice, models.CASCADE, null=True, related_name="deliveries")
    platform = models.ForeignKey(PlatformIncident, models.CASCADE, null=True, related_name="deliveries")
    transition = models.CharField(max_length=12)
    recipient = models.CharField(max_length=254, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=200, blank=True)
    reference = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["notice", "channel", "recipient"], name="alert_delivery_once"),
            models.UniqueConstraint(
                fields=["platform", "transition", "channel", "recipient"], name="alert_delivery_platform_once"
            ),
        ]
        indexes = [models.Index(fields=["channel", "-id"], name="alert_delivery_by_channel")]
