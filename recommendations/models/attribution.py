"""Attribution: order lines that followed a click on a recommendation."""

from django.db import models

from tenants.models import Tenant, TenantOwned


class Attribution(TenantOwned):
    """One product of one order, bought within the attribution window after a click (last touch)."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="attributions")
    order_external_id = models.CharField(max_length=64)
    product_external_id = models.CharField(max_length=64)
    recommendation_id = models.CharField(max_length=40)
    version = models.PositiveIntegerField(null=True)
    placement = models.CharField(max_length=40, blank=True)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3)
    clicked_at = models.DateTimeField()
    ordered_at = models.DateTimeField()
    is_demo = models.BooleanField(default=False)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "order_external_id", "product_external_id"], name="attribution_once"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "ordered_at"], name="attribution_by_time")]
