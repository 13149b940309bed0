"""IsolationRequest, IsolationStep: a tenant's wish for a model of its own, and every step it took."""

from django.db import models

from modelregistry.models.version import ModelVersion
from tenants.models import Tenant, TenantOwned, User


class IsolationRequest(TenantOwned):
    """Asked for, decided, trained, serving, ended: the state now. `steps` keep who moved it, when and why."""

    class State(models.TextChoices):
        REQUESTED = "requested", "Waiting for a decision"
        APPROVED = "approved", "Approved"
        DECLINED = "declined", "Declined"
        CANCELLED = "cancelled", "Withdrawn"
        TRAINING = "training", "Training"
        SERVING = "serving", "Serving"
        DISABLED = "disabled", "Disabled"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="isolation_requests")
    model = models.CharField(max_length=40, default="recommendation")
    state = models.CharField(max_length=10, choices=State.choices, default=State.REQUESTED)
    reason = models.CharField(max_length=500, blank=True, help_text="Why the tenant wants it")
    facts = models.JSONField(default=dict, help_text="Plan, orders, customers and events when it was asked for")
    requested_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    version = models.ForeignKey(
        ModelVersion, models.SET_NULL, null=True, related_name="+", db_constraint=False,
        help_text="The isolated version that went into service first",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    moved_at = models.DateTimeField(help_text="When the state was reached")
    deleted_at = models.DateTimeField(null=True, help_text="When the artefacts were deleted")

    OPEN = ("requested", "approved", "training", "serving")
    HELD = ("approved", "training", "serving")

    class Meta(TenantOwned.Meta):
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "model"],
                condition=models.Q(state__in=["requested", "approved", "training", "serving"]),
                name="isolation_one_open",
            ),
        ]
        indexes = [models.Index(fields=["state", "created_at"], name="isolation_by_state")]

    def __str__(self) -> str:
        return f"request {self.pk}"


class IsolationStep(TenantOwned):
    """One step of a request: the state it reached, by whom, when, and what was said. Rows are only added."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="isolation_steps")
    request = models.ForeignKey(IsolationRequest, models.CASCADE, related_name="steps", db_constraint=False)
    state = models.CharField(max_length=10, choices=IsolationRequest.State.choices)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    note = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        ordering = ["id"]
        indexes = [models.Index(fields=["tenant", "request"], name="isolation_steps")]
