"""Product: what a shop sells."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from tenants.models import Tenant, TenantOwned


class ProductQuerySet(models.QuerySet):
    def for_sale(self) -> "ProductQuerySet":
        """Published and not known to be out of stock."""
        return self.filter(is_published=True).exclude(stock__lte=0)


class Product(TenantOwned):
    """A product as the shop describes it. stock null = not tracked; external_id is the shop's own id."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="products")
    external_id = models.CharField(max_length=64)
    title = models.CharField(max_length=500)
    description = models.TextField(blank=True)
    url = models.CharField(max_length=1000, blank=True)
    image_url = models.CharField(max_length=1000, blank=True)
    price = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    categories = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    brand = models.CharField(max_length=120, blank=True)
    tags = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    attributes = models.JSONField(default=dict, blank=True)
    stock = models.IntegerField(null=True, blank=True)
    is_published = models.BooleanField(default=True)
    source_updated_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=models.functions.Now())
    updated_at = models.DateTimeField(db_default=models.functions.Now())

    unscoped = ProductQuerySet.as_manager()

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "external_id"], name="product_external_id")]
        indexes = [
            models.Index(fields=["tenant", "updated_at"], name="product_by_change"),
            models.Index(fields=["tenant", "title"], name="product_by_title"),
        ]

    def __str__(self) -> str:
        return self.title
