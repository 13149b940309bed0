"""ImportRun: one file taken in, with what was kept, what was refused and why."""

from django.db import models

from tenants.models import Tenant, TenantOwned


class ImportRun(TenantOwned):
    """A run of the importer. `problems` holds the first 200 refused rows: line, field, reason."""

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        SUCCEEDED = "succeeded", "Done"
        FAILED = "failed", "Failed"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="import_runs")
    kind = models.CharField(max_length=20)
    source = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    rows = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list)
    error = models.CharField(max_length=500, blank=True)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        ordering = ["-id"]
        indexes = [models.Index(fields=["tenant", "state", "started_at"], name="import_by_state")]
