"""BatchSchedule: a batch job to come, once at a moment or every week."""

from django.db import models

from recommendations.models.batch import BatchJob
from tenants.models import Tenant, TenantOwned, User


class BatchSchedule(TenantOwned):
    """When a job is asked for by itself, with the values of a call (`wanted`). The audience is answered anew each time.

    A weekly one keeps its weekday and hour in the shop's time zone, over changes of the clock too.
    """

    class Every(models.TextChoices):
        ONCE = "once", "Once"
        WEEK = "week", "Every week"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="batch_schedules")
    name = models.CharField(max_length=120)
    wanted = models.JSONField(default=dict)
    every = models.CharField(max_length=4, choices=Every.choices)
    first_at = models.DateTimeField(help_text="The weekday and hour that a weekly one keeps")
    next_at = models.DateTimeField(null=True, help_text="Empty: over, stopped or removed")
    removed_at = models.DateTimeField(null=True)
    waiting_since = models.DateTimeField(null=True, help_text="No room in the plan since")
    problem = models.CharField(max_length=300, blank=True, help_text="Why the last job could not be asked for")
    last_job = models.ForeignKey(BatchJob, models.SET_NULL, null=True, related_name="+", db_constraint=False)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        ordering = ["next_at", "id"]
        indexes = [
            models.Index(fields=["next_at"], condition=models.Q(next_at__isnull=False), name="batch_schedule_due"),
        ]

    def __str__(self) -> str:
        return self.name
