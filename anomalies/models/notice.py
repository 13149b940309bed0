"""AlertNotice, BannerDismissal, SavedView: what people are to be told, and how they look at it."""

from django.db import models

from anomalies.models.incident import AnomalyIncident
from tenants.models import Tenant, TenantOwned, User


class AlertNotice(TenantOwned):
    """One transition of an incident that people should hear of; the channels make their deliveries of it.

    transition  "opened", "escalated", "regressed", "recovered" or "resolved", with the number of the history line
                that it stands on: (tenant, incident, transition, event) is unique, so that two scans tell once
    audience    "platform" or "tenant"
    state       waiting → sent, or digest (beyond five a day: it goes into the daily letter), or dropped
                (held back by a platform incident, a cool-down or an archive)
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        DIGEST = "digest", "In the digest"
        DROPPED = "dropped", "Held back"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="alert_notices")
    incident = models.ForeignKey(AnomalyIncident, models.CASCADE, related_name="notices", db_constraint=False)
    transition = models.CharField(max_length=12)
    event_id = models.BigIntegerField(default=0)
    audience = models.CharField(max_length=8, default="platform")
    severity = models.CharField(max_length=6)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "incident", "transition", "event_id", "audience"], name="alert_notice_once"
            ),
        ]
        indexes = [
            models.Index(fields=["state", "id"], name="alert_notice_waiting"),
            models.Index(fields=["tenant", "created_at"], name="alert_notice_by_day"),
        ]


class BannerDismissal(TenantOwned):
    """This person does not want to see this incident's banner any more; a worse one is shown again."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="banner_dismissals")
    incident = models.ForeignKey(AnomalyIncident, models.CASCADE, related_name="dismissals", db_constraint=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    severity = models.CharField(max_length=6)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "incident", "user"], name="banner_dismissed_once")]


class SavedView(models.Model):
    """The filters of the inbox that a member of the staff keeps under a name."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=500)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="saved_view_once")]
