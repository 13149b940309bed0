"""TrainingRun: a training as a row with a state."""

from django.db import models

from modelregistry.models import ModelVersion
from tenants.models import Tenant, TenantOwned, User


class TrainingRun(TenantOwned):
    """A request to train. `trials` keeps every algorithm tried with its metrics."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Running"
        SUCCEEDED = "succeeded", "Done"
        FAILED = "failed", "Failed"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="training_runs")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    reason = models.CharField(max_length=40, default="manual")
    scope = models.CharField(max_length=10, default=ModelVersion.Scope.SHARED, help_text="Of the version it makes")
    requested_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    step = models.CharField(max_length=120, blank=True)
    progress = models.FloatField(default=0.0, help_text="0 to 1")
    trials = models.JSONField(default=list)
    outcome = models.CharField(max_length=300, blank=True)
    error = models.CharField(max_length=500, blank=True)
    version = models.ForeignKey(
        ModelVersion, models.SET_NULL, null=True, related_name="+", db_constraint=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant"],
                condition=models.Q(state__in=["queued", "running"]),
                name="training_one_at_a_time",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "state", "created_at"], name="training_by_state")]
