"""BatchHold: the platform's staff hold all batch work of a shop, from a moment until it is let go on."""

from django.db import models

from tenants.models import Tenant, TenantOwned, User


class BatchHold(TenantOwned):
    """Who held a shop's batch work, when and why; who let it go on, and when. At most one is in force.

    While it is in force no chunk is begun, no audience is read and no planned job is asked for.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="batch_holds")
    reason = models.CharField(max_length=300, help_text="The shop reads it")
    placed_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    placed_at = models.DateTimeField(auto_now_add=True)
    lifted_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    lifted_at = models.DateTimeField(null=True, help_text="Empty: in force")

    class Meta(TenantOwned.Meta):
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant"], condition=models.Q(lifted_at__isnull=True), name="batch_hold_once"
            ),
        ]

    def __str__(self) -> str:
        return self.reason
