"""ApiKey: what a shop's software signs in with; only a digest of it is kept."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models

from tenants.models.owned import TenantOwned
from tenants.models.people import User
from tenants.models.tenant import Tenant


class ApiKey(TenantOwned):
    """A key. The secret is shown once; `prefix` and `last4` let people recognise it.

    throttle_per_minute, throttled_until   at most so many calls a minute until then, whatever the plan allows;
                                           both null = not throttled (tenants/throttling.py)
    """

    class Kind(models.TextChoices):
        SECRET = "sk", "Secret (server)"
        PUBLISHABLE = "pk", "Publishable (browser)"

    class Mode(models.TextChoices):
        LIVE = "live", "Live"
        TEST = "test", "Test"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=2, choices=Kind.choices)
    mode = models.CharField(max_length=4, choices=Mode.choices)
    prefix = models.CharField(max_length=24)
    last4 = models.CharField(max_length=4)
    digest = models.BinaryField(max_length=32)
    scopes = ArrayField(models.CharField(max_length=40), default=list)
    origins = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    throttle_per_minute = models.PositiveIntegerField(null=True)
    throttled_until = models.DateTimeField(null=True)
    throttle_reason = models.CharField(max_length=200, blank=True)
    replaces = models.ForeignKey(
        "self", models.SET_NULL, null=True, related_name="replaced_by", db_constraint=False
    )

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "digest"], name="api_key_digest"),
            models.CheckConstraint(
                condition=models.Q(throttle_per_minute=None, throttled_until=None)
                | models.Q(throttle_per_minute__gte=1, throttled_until__isnull=False),
                name="api_key_throttle_ends",
            ),
        ]
        indexes = [models.Index(fields=["digest"], name="api_key_by_digest")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…{self.last4})"

    def is_live(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)

    def is_throttled(self, now: datetime) -> bool:
        return self.throttled_until is not None and self.throttled_until > now
