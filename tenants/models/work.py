"""Work: the outbox and the lease in one row; a message only points at it."""

from django.db import models

from tenants.models.tenant import Tenant


class Work(models.Model):
    """Something to be done outside a request. tenant is null for the platform's own chores.

    The row is written in the transaction of the change that causes it; the relay publishes its id;
    a worker claims it with a lease and finishes it with the lease's token (see tenants/work.py).
    """

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        DEAD = "dead", "Given up"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="works", null=True)
    task = models.CharField(max_length=60)
    subject = models.CharField(max_length=64, blank=True)
    payload = models.JSONField(default=dict)
    key = models.CharField(max_length=120, null=True, help_text="Equal pending keys are one piece of work")
    slot = models.BigIntegerField(null=True, help_text="The beat's slot: each is done once")
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(db_default=models.functions.Now())
    created_at = models.DateTimeField(db_default=models.functions.Now())
    dispatched_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    finished_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "task", "key"],
                condition=models.Q(state="pending", key__isnull=False),
                nulls_distinct=False,
                name="work_pending_once",
            ),
            models.UniqueConstraint(
                fields=["tenant", "task", "slot"],
                condition=models.Q(slot__isnull=False),
                nulls_distinct=False,
                name="work_slot_once",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "due_at"], condition=models.Q(state="pending"), name="work_pending"),
            models.Index(fields=["lease_until"], condition=models.Q(state="running"), name="work_leased"),
            models.Index(fields=["tenant", "state", "created_at"], name="work_by_state"),
        ]
