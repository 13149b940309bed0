"""DailyPerformance: what recommendations did on one day, per version and placement."""

from django.db import models

from tenants.models import Tenant, TenantOwned


class DailyPerformance(TenantOwned):
    """Counts of one day in the tenant's time zone. version 0 = served without a model (popular products).

    Lists: impressions = shown, clicks = with at least one click, carts = of which a product was put into the
    cart, bought = of which a product was ordered. orders, revenue: attributed.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="daily_performance")
    day = models.DateField()
    version = models.PositiveIntegerField(default=0)
    placement = models.CharField(max_length=40, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    impressions = models.PositiveIntegerField(default=0)
    clicks = models.PositiveIntegerField(default=0)
    carts = models.PositiveIntegerField(default=0)
    bought = models.PositiveIntegerField(default=0)
    orders = models.PositiveIntegerField(default=0)
    revenue = models.DecimalField(max_digits=16, decimal_places=2, default=0)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "day", "version", "placement", "currency"], name="performance_once"
            ),
        ]
