"""AnomalyIncident, IncidentEvent, PlatformIncident: what went wrong, said once, and what was done about it."""

from django.db import models
from django.db.models import Case, IntegerField, Q, Value, When

from tenants.models import Tenant, TenantOwned, User


class Severity(models.TextChoices):
    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"

    @property
    def rank(self) -> int:
        return list(Severity).index(self)

    @classmethod
    def ranked(cls) -> Case:
        """The rank of a row's severity, for the database to sort by."""
        return Case(*(When(severity=level, then=Value(level.rank)) for level in cls), output_field=IntegerField())


class State(models.TextChoices):
    NEW = "new", "Open"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    ARCHIVED = "archived", "Archived"
    RESOLVED = "resolved", "Resolved"


class Side(models.TextChoices):
    UP = "up", "Above"
    DOWN = "down", "Below"
    NONE = "none", "No data"


class PlatformIncident(models.Model):
    """One metric in alarm for many tenants at once. It holds their own incidents back while it is open.

    Rows belong to no tenant. `tenant_count` of `active_count` active tenants were in alarm at its worst.
    """

    metric = models.CharField(max_length=40)
    side = models.CharField(max_length=4, choices=Side.choices)
    state = models.CharField(max_length=12, choices=State.choices, default=State.NEW)
    severity = models.CharField(max_length=6, choices=Severity.choices, default=Severity.HIGH)
    tenant_count = models.PositiveIntegerField(default=0)
    active_count = models.PositiveIntegerField(default=0)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    note = models.CharField(max_length=500, blank=True)
    facts = models.JSONField(default=dict)

    class Meta:
        ordering = ["-last_seen_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["metric", "side"], condition=~Q(state="resolved"), name="platform_incident_once"
            ),
        ]


class AnomalyIncident(TenantOwned):
    """Everything unusual about one metric of one tenant, in one direction, until somebody or the quiet ends it.

    metric      a name of anomalies/metrics.py ("requests", "api_rate", "artefact_damaged", …)
    state       new → acknowledged → resolved, or archived; `sub_state` says more ("regressed", "ongoing",
                "escalating"); an archived one comes back when `archived_until` passes or, with
                archive_kind "escalates", when its severity rises above `archived_severity`
    count       signals that it stands for: buckets of a baseline, calls, sign-ins or orders beyond a limit
    peak        the value furthest from what was expected, in the metric's unit; `observed` the latest
    expected    of the latest signal with [low, high]; null for fixed limits, which say `limit`
    log10p      the smallest log10 of the chance of such a value; null for fixed limits
    facts       what a person needs: who is behind it, windows counted so far, what else happened
    verdict     required on resolving by hand: real, expected, false_alarm; "" when it ended by itself
    group       the incident of the same tenant that began this one's group
    platform    the platform incident that holds this one back
    """

    class SubState(models.TextChoices):
        NONE = "", "—"
        ONGOING = "ongoing", "Ongoing"
        ESCALATING = "escalating", "Escalating"
        REGRESSED = "regressed", "Came back"

    class Archive(models.TextChoices):
        NONE = "", "—"
        UNTIL = "until", "Until a date"
        ESCALATES = "escalates", "Until it gets worse"
        FOREVER = "forever", "For good"

    class Verdict(models.TextChoices):
        NONE = "", "—"
        REAL = "real", "Real"
        EXPECTED = "expected", "Expected"
        FALSE_ALARM = "false_alarm", "False alarm"

    UNRESOLVED = (State.NEW, State.ACKNOWLEDGED, State.ARCHIVED)

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="anomaly_incidents")
    metric = models.CharField(max_length=40)
    side = models.CharField(max_length=4, choices=Side.choices)
    kind = models.CharField(max_length=10, default="limit", help_text="limit, baseline, occurrence or silence")
    state = models.CharField(max_length=12, choices=State.choices, default=State.NEW)
    sub_state = models.CharField(max_length=10, choices=SubState.choices, blank=True)
    severity = models.CharField(max_length=6, choices=Severity.choices, default=Severity.MEDIUM)
    count = models.PositiveIntegerField(default=1)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    observed = models.FloatField(default=0)
    peak = models.FloatField(default=0)
    limit = models.FloatField(null=True)
    expected = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    log10p = models.FloatField(null=True)
    quiet_buckets = models.PositiveSmallIntegerField(default=0)
    facts = models.JSONField(default=dict)
    owner = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    archive_kind = models.CharField(max_length=10, choices=Archive.choices, blank=True)
    archived_until = models.DateTimeField(null=True)
    archived_severity = models.CharField(max_length=6, blank=True)
    verdict = models.CharField(max_length=12, choices=Verdict.choices, blank=True)
    resolved_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    notified_at = models.DateTimeField(null=True, help_text="When people were last told: the cool-down begins here")
    group = models.ForeignKey("self", models.SET_NULL, null=True, related_name="grouped", db_constraint=False)
    platform = models.ForeignKey(PlatformIncident, models.SET_NULL, null=True, related_name="held_back")

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "metric", "side"], condition=~Q(state="resolved"), name="incident_open_once"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "state", "-last_seen_at"], name="incident_by_state"),
            models.Index(fields=["state", "-last_seen_at"], name="incident_all_by_state"),
            models.Index(fields=["tenant", "group"], name="incident_by_group"),
        ]

    @property
    def is_open(self) -> bool:
        return self.state in (State.NEW, State.ACKNOWLEDGED)

    @property
    def level(self) -> Severity:
        return Severity(self.severity)


class IncidentEvent(TenantOwned):
    """One line of an incident's history: who or what moved it, from where to where, and what was said.

    act     "opened", "acknowledged", "resolved", "archived", "reopened", "noted", "assigned", "escalated",
            "recovered", "undone", "told", "not_told", "throttled" …
    actor   the person; null with `actor_label` for what the product did by itself or a channel reports
    before  the fields that the act changed, as they were: undo puts them back
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="incident_events")
    incident = models.ForeignKey(AnomalyIncident, models.CASCADE, related_name="history", db_constraint=False)
    act = models.CharField(max_length=20)
    actor = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    actor_label = models.CharField(max_length=160, blank=True)
    from_state = models.CharField(max_length=12, blank=True)
    to_state = models.CharField(max_length=12, blank=True)
    note = models.TextField(blank=True)
    before = models.JSONField(default=dict)
    happened_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        ordering = ["id"]
        indexes = [models.Index(fields=["tenant", "incident", "id"], name="incident_event_by_time")]
