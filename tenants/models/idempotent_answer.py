"""IdempotentAnswer: what a write was answered under its Idempotency-Key."""

from django.db import models

from tenants.models.owned import TenantOwned
from tenants.models.tenant import Tenant


class IdempotentAnswer(TenantOwned):
    """One answer, kept for a day. It is written in the transaction of the write it answers.

    `fingerprint` is SHA-256 of method, path and body: the same key with anything else is a mistake.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="idempotent_answers")
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    created_at = models.DateTimeField(db_default=models.functions.Now())

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="idempotent_answer_once")]
        indexes = [models.Index(fields=["created_at"], name="idempotent_answer_by_age")]
