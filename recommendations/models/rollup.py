"""RollUp: up to when a shop's events and orders have gone into its figures."""

from django.db import models

from tenants.models import Tenant, TenantOwned


class RollUp(TenantOwned):
    """One row per tenant. Whatever arrived (not: happened) before `arrived_until` has been counted.

    window_hours  the tenant's attribution window that the figures were made with; 0 = to be made anew
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="roll_ups")
    arrived_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    window_hours = models.PositiveSmallIntegerField(default=0)

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant"], name="roll_up_once")]
