"""BatchJob and BatchChunk: recommendations for many customers at once, and the pieces that they are made in."""

import uuid

from django.db import models

from tenants.models import Tenant, TenantOwned, User


class BatchJob(TenantOwned):
    """One request for lists of many customers.

    asked       the query that every customer's list is made from, as `queries.parse` reads it
    audience    for whom, as `audiences.read` gave it; {} where the ids came with the call
    mark        how far the audience has been read into chunks; planned: all of it
    version     number of the model's version that it began with and keeps; 0 = best sellers, no model
    moment      when every list counts as asked, epoch seconds; 0 until it begins
    counts      customers done, of them without list because unknown, failed, and served as strangers
    history     what happened to it: [{"at", "what", "by"}], the oldest first
    """

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        PROCESSING = "processing", "Running"
        COMPLETED = "completed", "Complete"
        PARTIAL = "partial", "Complete in part"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"
        EXPIRED = "expired", "Results removed"

    class Unknown(models.TextChoices):
        POPULAR = "popular", "List best sellers"
        SKIP = "skip", "Leave them out"
        FAIL = "fail", "Count them as failed"

    OPEN = (State.PENDING, State.PROCESSING)
    READABLE = (State.PROCESSING, State.COMPLETED, State.PARTIAL, State.CANCELLED, State.FAILED)

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="batch_jobs")
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.PENDING)
    is_paused = models.BooleanField(default=False)
    asked = models.JSONField(default=dict)
    audience = models.JSONField(default=dict)
    on_unknown = models.CharField(max_length=8, choices=Unknown.choices, default=Unknown.POPULAR)
    mark = models.TextField(blank=True)
    is_planned = models.BooleanField(default=False)
    version = models.PositiveIntegerField(null=True)
    moment = models.FloatField(default=0.0)
    total = models.PositiveIntegerField(default=0)
    processed = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    unknown = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(default=0.0, help_text="Processor time of all its chunks together")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="1 when it first ran, then one per retry")
    reason = models.CharField(max_length=300, blank=True)
    history = models.JSONField(default=list)
    source = models.CharField(max_length=8, default="api")
    requested_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    key_label = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    kept_until = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["tenant", "public_id"], name="batch_job_by_public_id")]
        indexes = [
            models.Index(fields=["tenant", "state", "created_at"], name="batch_job_by_state"),
            models.Index(fields=["state"], condition=models.Q(state__in=("pending", "processing")), name="batch_open"),
        ]

    def __str__(self) -> str:
        return self.name or str(self.public_id)


class BatchChunk(TenantOwned):
    """Some of a job's customers: worked on by one lease, and stored by one commit.

    first       place of its first customer in the job
    customers   their ids, packed (recommendations/batch_packing.py)
    outcome     their lists, packed; null until it is done
    problems    place in the chunk → why this customer has no list
    again       places of the customers that a retry does again; null = all of them
    trying      place of the customer that is being worked on where they are done one by one; -1 = none
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        HANDED = "handed", "Handed out"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="batch_chunks")
    job = models.ForeignKey(BatchJob, models.CASCADE, related_name="chunks", db_constraint=False)
    number = models.PositiveIntegerField()
    first = models.PositiveIntegerField()
    size = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    customers = models.BinaryField()
    outcome = models.BinaryField(null=True)
    problems = models.JSONField(default=dict)
    again = models.JSONField(null=True)
    is_single = models.BooleanField(default=False, help_text="Worked on customer by customer")
    trying = models.IntegerField(default=-1)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    handed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        ordering = ["job", "number"]
        constraints = [models.UniqueConstraint(fields=["tenant", "job", "number"], name="batch_chunk_once")]
        indexes = [
            models.Index(
                fields=["tenant", "job", "number"],
                condition=models.Q(state__in=("waiting", "handed")),
                name="batch_chunk_open",
            ),
        ]
