"""AlertRule, ExpectedWindow: when something is an anomaly, and when it is not."""

from datetime import datetime

from django.db import models

from anomalies.models.incident import AnomalyIncident, Severity
from tenants.models import Plan, Tenant, TenantOwned, User


class AlertRule(models.Model):
    """A threshold on one metric: for a tenant, for a plan, or (neither) for everybody; the nearest one counts.

    kind       "limit": `threshold` is a value of the metric within `window_seconds`; "baseline": it is the
               strangeness, -log10 of the chance, from which on a bucket is a signal
    action     what is done by itself, shown and reversible: nothing, throttle or suspend the key behind it, or
               roll back the model version that was activated before
    throttle_per_minute, throttle_minutes   how slow, and for how long, where the action is to throttle
    cool_down_minutes   if it comes back so soon after people were told, they are not told again, unless it got worse
    channels   what is told: kinds ("mail", "slack", "webhook") or single channels ("channel:7"); empty = every
               channel of the platform and of the shop
    """

    COOL_DOWN = 60  # minutes, where nothing else is said

    class Kind(models.TextChoices):
        LIMIT = "limit", "Fixed limit"
        BASELINE = "baseline", "Learned baseline"

    class Action(models.TextChoices):
        NONE = "", "Only tell"
        THROTTLE = "throttle", "Throttle the key"
        SUSPEND = "suspend", "Suspend the key"
        ROLL_BACK = "roll_back", "Roll back the model version"

    tenant = models.ForeignKey(Tenant, models.CASCADE, null=True, blank=True, related_name="alert_rules")
    plan = models.ForeignKey(Plan, models.CASCADE, null=True, blank=True, related_name="+")
    metric = models.CharField(max_length=40)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    threshold = models.FloatField()
    window_seconds = models.PositiveIntegerField(default=300)
    severity = models.CharField(max_length=6, choices=Severity.choices, blank=True, help_text="blank = by strangeness")
    action = models.CharField(max_length=10, choices=Action.choices, blank=True)
    throttle_per_minute = models.PositiveIntegerField(default=10)
    throttle_minutes = models.PositiveIntegerField(default=60)
    cool_down_minutes = models.PositiveSmallIntegerField(default=COOL_DOWN)
    channels = models.JSONField(default=list, blank=True)
    is_active = models.BooleanField(default=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["metric", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "plan", "metric", "kind"], nulls_distinct=False, name="alert_rule_once"
            ),
        ]


class ExpectedWindow(TenantOwned):
    """From `starts_at` until `ends_at` what this metric does is expected ("" = every metric): nothing is raised,
    and the baseline does not learn from it. A sale day that somebody entered, or the verdict on an incident.

    holds       False: it is drawn on the charts and changes nothing else
    incident    whose verdict "expected" made it; undoing the verdict takes it away
    removed_at  kept for a week after its removal, so that it can be put back; until then it is as if it were not
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="expected_windows")
    metric = models.CharField(max_length=40, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)
    holds = models.BooleanField(default=True)
    incident = models.ForeignKey(
        AnomalyIncident, models.CASCADE, null=True, related_name="expected_windows", db_constraint=False
    )
    removed_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        ordering = ["-starts_at"]
        indexes = [models.Index(fields=["tenant", "ends_at"], name="expected_window_by_end")]

    def __str__(self) -> str:
        return self.reason or f"window {self.pk}"

    def state(self, now: datetime) -> str:
        """ "now", "to come" or "past"."""
        return "past" if self.ends_at <= now else "now" if self.starts_at <= now else "to come"
