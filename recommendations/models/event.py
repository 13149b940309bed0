"""Event, EventBatch: what shoppers did, and the inbox it arrives in."""

from django.db import models

from tenants.models import Tenant, TenantOwned


class Event(TenantOwned):
    """One act of a shopper. The table is partitioned by month of occurred_at (migration 0002).

    Products and customers are named by the shop's ids, because events may arrive before either.
    `id` is the shop's own event id or one made at arrival: the same event sent twice is one row.
    """

    class Kind(models.TextChoices):
        VIEW = "view", "View"
        CART = "cart", "Add to cart"
        REMOVE = "remove", "Remove from cart"
        PURCHASE = "purchase", "Purchase"
        CLICK = "click", "Click on a recommendation"
        IMPRESSION = "impression", "Recommendation shown"
        SEARCH = "search", "Search"
        HIDE = "hide", "Not interested"

    pk = models.CompositePrimaryKey("tenant_id", "occurred_at", "id")
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="events")
    occurred_at = models.DateTimeField()
    id = models.UUIDField()
    kind = models.CharField(max_length=40)
    customer_external_id = models.CharField(max_length=64, blank=True)
    session_id = models.CharField(max_length=64, blank=True)
    product_external_id = models.CharField(max_length=64, blank=True)
    quantity = models.IntegerField(default=1)
    value = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    currency = models.CharField(max_length=3, blank=True)
    order_external_id = models.CharField(max_length=64, blank=True)
    recommendation_id = models.CharField(max_length=40, blank=True)
    placement = models.CharField(max_length=40, blank=True)
    properties = models.JSONField(default=dict)
    is_demo = models.BooleanField(default=False)
    received_at = models.DateTimeField(db_default=models.functions.Now())

    class Meta(TenantOwned.Meta):
        managed = False
        db_table = "recommendations_event"


class EventBatch(TenantOwned):
    """One accepted call to the events endpoint, as validated, until it is drained into Event."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="event_batches")
    received_at = models.DateTimeField(db_default=models.functions.Now())
    events = models.JSONField()

    class Meta(TenantOwned.Meta):
        indexes = [models.Index(fields=["tenant", "received_at"], name="event_batch_by_age")]
