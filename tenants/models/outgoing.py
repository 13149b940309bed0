"""OutgoingEndpoint, OutgoingDelivery: addresses that a shop wants told of what happened, and every telling."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from luxebrain.lib.sealed import SealedField
from tenants.models.owned import TenantOwned
from tenants.models.people import User
from tenants.models.tenant import Tenant

PURPOSE = "outgoing webhook secret"


class OutgoingEndpoint(TenantOwned):
    """An address of the shop's own software. The secret is sealed (tenants/outgoing.py) and shown once."""

    class State(models.TextChoices):
        ON = "on", "On"
        OFF = "off", "Switched off"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="outgoing_endpoints")
    url = models.CharField(max_length=1000)
    name = models.CharField(max_length=80, blank=True)
    types = ArrayField(models.CharField(max_length=60), default=list, blank=True, help_text="Empty: all")
    sealed_secret = SealedField(purpose=PURPOSE)
    sealed_previous = SealedField(
        purpose=PURPOSE, blank=True, help_text="Signs beside the new one until previous_ends_at"
    )
    previous_ends_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=3, choices=State.choices, default=State.ON)
    reason = models.CharField(max_length=200, blank=True, help_text="Why it was switched off")
    failing_since = models.DateTimeField(null=True, help_text="First failure after the last success")
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name or self.url


class OutgoingDelivery(TenantOwned):
    """One message for one address: what is sent stays as it is, attempts and answers are added to it.

    attempts_log  [{"at", "status", "seconds", "why"}], the oldest first; what a server answers is not kept
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Given up"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="outgoing_deliveries")
    endpoint = models.ForeignKey(OutgoingEndpoint, models.CASCADE, related_name="deliveries", db_constraint=False)
    message_id = models.CharField(max_length=40, help_text="webhook-id: the same in every attempt and replay")
    type = models.CharField(max_length=60)
    body = models.JSONField(default=dict)
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    attempts_log = models.JSONField(default=list)
    status = models.PositiveSmallIntegerField(null=True, help_text="HTTP status of the last answer")
    reason = models.CharField(max_length=200, blank=True)
    next_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["tenant", "created_at"], name="outgoing_by_time"),
            models.Index(fields=["tenant", "endpoint", "created_at"], name="outgoing_by_endpoint"),
        ]
