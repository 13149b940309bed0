"""ErrorGroup, ErrorOccurrence: unhandled exceptions, grouped by fingerprint."""

from django.db import models


class ErrorGroup(models.Model):
    """All occurrences of one fault: same exception type raised at the same place."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        RESOLVED = "resolved", "Resolved"

    fingerprint = models.CharField(max_length=40, unique=True)
    exception = models.CharField(max_length=120)
    message = models.CharField(max_length=500)
    place = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    count = models.PositiveIntegerField(default=0)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-last_seen_at"]


class ErrorOccurrence(models.Model):
    """One time it happened. The newest 50 of a group are kept with their trace."""

    group = models.ForeignKey(ErrorGroup, models.CASCADE, related_name="occurrences")
    error_id = models.CharField(max_length=40, unique=True)
    request_id = models.CharField(max_length=40, blank=True, db_index=True)
    tenant_id = models.BigIntegerField(null=True)
    user_id = models.BigIntegerField(null=True)
    method = models.CharField(max_length=10, blank=True)
    path = models.CharField(max_length=300, blank=True)
    source = models.CharField(max_length=20, default="web")
    trace = models.TextField()
    happened_at = models.DateTimeField()

    class Meta:
        ordering = ["-happened_at"]
