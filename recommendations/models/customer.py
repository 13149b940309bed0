"""Customer: a shop's customer, known by the shop's own id only."""

from django.db import models

from tenants.models import Tenant, TenantOwned


class Customer(TenantOwned):
    """A customer. No name, no address: recommendations need neither."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="customers")
    external_id = models.CharField(max_length=64)
    country = models.CharField(max_length=60, blank=True)
    attributes = models.JSONField(default=dict, blank=True)
    source_updated_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=models.functions.Now())
    updated_at = models.DateTimeField(db_default=models.functions.Now())

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "external_id"], name="customer_external_id")]
        indexes = [models.Index(fields=["tenant", "created_at"], name="customer_by_age")]

    def __str__(self) -> str:
        return self.external_id
