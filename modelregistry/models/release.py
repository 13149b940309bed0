"""Release, ReleaseCheck, ShadowList: a version on its guarded way into service, and what was seen on the way."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from modelregistry.models.version import ModelVersion
from tenants.models import Tenant, TenantOwned, User


class Release(TenantOwned):
    """Shadow (lists are made and logged, nobody sees them) → canary (a share of the subjects) → full (watched).

    baseline     the version that served when it began; a breach leaves or puts that one into service
    shares       of the canary, in hundredths of a per cent, one step after the other
    step         index in `shares`; share is 0 in the shadow stage
    limits       guardrails (modelregistry/guardrails.py)
    stage_at     when the present stage or step began: only what came since is judged
    """

    class State(models.TextChoices):
        SHADOW = "shadow", "Shadow"
        CANARY = "canary", "Canary"
        FULL = "full", "In service, watched"
        DONE = "done", "Done"
        ROLLED_BACK = "rolled_back", "Rolled back"
        CANCELLED = "cancelled", "Cancelled"

    OPEN = (State.SHADOW, State.CANARY, State.FULL)

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="releases")
    model = models.CharField(max_length=40, default="recommendation")
    version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="releases", db_constraint=False)
    baseline = models.ForeignKey(ModelVersion, models.CASCADE, related_name="+", db_constraint=False)
    state = models.CharField(max_length=12, choices=State.choices, default=State.SHADOW)
    shares = ArrayField(models.PositiveIntegerField(), default=list)
    step = models.PositiveSmallIntegerField(default=0)
    limits = models.JSONField(default=dict)
    least_lists = models.PositiveIntegerField(default=200, help_text="Per version and stage, before it goes on")
    stage_hours = models.FloatField(default=24, help_text="At least, of every stage and step")
    goes_on = models.BooleanField(default=True, help_text="Takes the next stage by itself")
    reason = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    stage_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    conclusion = models.CharField(max_length=500, blank=True)

    class Meta(TenantOwned.Meta):
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "model"], condition=models.Q(state__in=["shadow", "canary", "full"]),
                name="release_one_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"Release of {self.version}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def share(self) -> float:
        """Per cent of the subjects that the version serves now."""
        if self.state == self.State.CANARY and self.shares:
            return self.shares[min(self.step, len(self.shares) - 1)] / 100
        return 100.0 if self.state in (self.State.FULL, self.State.DONE) else 0.0


class ReleaseCheck(TenantOwned):
    """One look of the guardrails: the figures of both versions since the stage began, and what they broke."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="release_checks")
    release = models.ForeignKey(Release, models.CASCADE, related_name="checks", db_constraint=False)
    at = models.DateTimeField()
    stage = models.CharField(max_length=12)
    step = models.PositiveSmallIntegerField(default=0)
    candidate = models.JSONField(default=dict)
    baseline = models.JSONField(default=dict)
    breaches = models.JSONField(default=list)

    class Meta(TenantOwned.Meta):
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["tenant", "release", "-at"], name="release_checks_by_time")]


class ShadowList(TenantOwned):
    """What a shadow would have listed for an answered list: logged beside it, shown to nobody.

    overlap    share of the shown products that it lists too; None where nothing was shown
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="shadow_lists")
    release = models.ForeignKey(Release, models.CASCADE, related_name="shadow_lists", db_constraint=False)
    recommendation_id = models.CharField(max_length=40)
    at = models.DateTimeField()
    products = ArrayField(models.CharField(max_length=64), default=list)
    scores = ArrayField(models.FloatField(), default=list)
    seconds = models.FloatField(default=0)
    usual_seconds = models.FloatField(default=0, help_text="The same list by the version in service, there and then")
    fell_back = models.BooleanField(default=False)
    overlap = models.FloatField(null=True)
    error = models.CharField(max_length=200, blank=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "release", "recommendation_id"], name="shadow_list_once"),
        ]
