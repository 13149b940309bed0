"""ExportRun: one kind of a shop's rows written to a file that can be fetched for a week."""

from django.db import models

from tenants.models import Tenant, TenantOwned, User


class ExportRun(TenantOwned):
    """An export. `first` and `last` bound orders, events and figures by day, both included, in the shop's time."""

    class State(models.TextChoices):
        RUNNING = "running", "Being made"
        DONE = "done", "Ready"
        FAILED = "failed", "Failed"
        GONE = "gone", "Removed"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="export_runs")
    kind = models.CharField(max_length=20)
    format = models.CharField(max_length=10)
    first = models.DateField(null=True)
    last = models.DateField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    rows = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True)
    stored = models.CharField(max_length=64, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    requested_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    working_since = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    kept_until = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        ordering = ["-id"]
        indexes = [models.Index(fields=["tenant", "state", "created_at"], name="export_by_state")]
