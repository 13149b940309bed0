"""Order, OrderLine: what was bought."""

from django.db import models

from recommendations.models.customer import Customer
from tenants.models import Tenant, TenantOwned


class OrderQuerySet(models.QuerySet):
    def countable(self) -> "OrderQuerySet":
        """Orders that say something about taste: not cancelled, refunded, failed or a test."""
        return self.filter(is_countable=True)


class Order(TenantOwned):
    """An order. is_countable is kept beside state so that the cold-start count is one index look-up."""

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        COMPLETED = "completed", "Completed"
        CANCELLED = "cancelled", "Cancelled"
        REFUNDED = "refunded", "Refunded"
        FAILED = "failed", "Failed"
        TEST = "test", "Test"

    COUNTABLE = (State.PENDING, State.COMPLETED)

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="orders")
    external_id = models.CharField(max_length=64)
    customer = models.ForeignKey(
        Customer, models.SET_NULL, null=True, related_name="orders", db_constraint=False
    )
    session_id = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.COMPLETED)
    is_countable = models.GeneratedField(
        expression=models.Q(state__in=["pending", "completed"]),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    currency = models.CharField(max_length=3)
    total = models.DecimalField(max_digits=14, decimal_places=2)
    ordered_at = models.DateTimeField()
    is_demo = models.BooleanField(default=False)
    source_updated_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=models.functions.Now())
    updated_at = models.DateTimeField(db_default=models.functions.Now())

    unscoped = OrderQuerySet.as_manager()

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "external_id"], name="order_external_id")]
        indexes = [
            models.Index(fields=["tenant", "ordered_at"], name="order_by_time"),
            models.Index(fields=["tenant", "customer", "ordered_at"], name="order_by_customer"),
            models.Index(fields=["tenant", "updated_at"], name="order_by_change"),
            models.Index(fields=["tenant"], condition=models.Q(is_countable=True), name="order_countable"),
        ]

    def __str__(self) -> str:
        return self.external_id


class OrderLine(TenantOwned):
    """One product in one order. The product is named by the shop's id: it may arrive later, or never."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="order_lines")
    order = models.ForeignKey(Order, models.CASCADE, related_name="lines", db_constraint=False)
    position = models.PositiveSmallIntegerField()
    product_external_id = models.CharField(max_length=64)
    quantity = models.IntegerField()
    unit_price = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "order", "position"], name="order_line_position"),
        ]
