"""PrivacyKey, ErasedShopper, PrivacyRequest: who was erased, without saying who, and the proof of it."""

import uuid

from django.db import models

from luxebrain.lib.sealed import SealedField
from tenants.models import Tenant, TenantOwned, User

KEY, SUBJECT = "privacy key", "erasure subject"  # purposes of what is sealed


class PrivacyKey(TenantOwned):
    """The shop's key of the digests below, sealed. Without it they mean nothing to anybody."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="privacy_keys")
    sealed = SealedField(purpose=KEY)
    created_at = models.DateTimeField(db_default=models.functions.Now())

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant"], name="privacy_key_once")]


class ErasedShopper(TenantOwned):
    """A customer or session that must not come back: HMAC-SHA256 of "c:<id>" or "s:<id>"."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="erased_shoppers")
    digest = models.BinaryField(max_length=32)
    erased_at = models.DateTimeField(db_default=models.functions.Now())

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "digest"], name="erased_shopper_once")]


class PrivacyRequest(TenantOwned):
    """A request to hand out or to erase what is held of one customer.

    `sealed_subject` names the customer and the sessions while an erasure runs, encrypted, and is
    emptied at its end; `digest` (hex) tells the same customer again. `places` counts what was erased
    where; `certificate` is the whole proof and `certificate_digest` its SHA-256.
    """

    class Kind(models.TextChoices):
        EXPORT = "export", "Copy of the data"
        ERASURE = "erasure", "Erasure"

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        SETTLING = "settling", "Erased; looking again"
        DONE = "done", "Done"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="privacy_requests")
    public_id = models.UUIDField(default=uuid.uuid4)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    digest = models.CharField(max_length=64)
    sealed_subject = SealedField(purpose=SUBJECT, blank=True)
    asked_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    asked_label = models.CharField(max_length=160)
    places = models.JSONField(default=dict)
    certificate = models.JSONField(default=dict)
    certificate_digest = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(db_default=models.functions.Now())
    finished_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "public_id"], name="privacy_request_public_id"),
            models.UniqueConstraint(
                fields=["tenant", "digest"],
                condition=models.Q(kind="erasure", state__in=["queued", "settling"]),
                name="privacy_erasure_one_at_a_time",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "created_at"], name="privacy_request_by_time")]
