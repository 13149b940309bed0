"""StoreConnection: a shop's own API, asked for what changed, and how far we have read."""

from django.db import models

from tenants.models import Tenant, TenantOwned


class StoreConnection(TenantOwned):
    """Where to ask, with which (sealed) credentials, and what came of it.

    `cursors` says per resource how far was read: it is written in the transaction of the rows, so a pull
    that ends anywhere goes on from there. `progress` is of the pull under way: resource, read, total.
    """

    class Source(models.TextChoices):
        WOOCOMMERCE = "woocommerce", "WooCommerce"
        SHOPIFY = "shopify", "Shopify"

    class State(models.TextChoices):
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"
        BROKEN = "broken", "Needs attention"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="store_connections")
    source = models.CharField(max_length=12, choices=Source.choices)
    address = models.CharField(max_length=300)
    sealed_credentials = models.TextField()
    hint = models.CharField(max_length=12, blank=True, help_text="The end of the key, to know it by")
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    cursors = models.JSONField(default=dict)
    progress = models.JSONField(default=dict)
    counts = models.JSONField(default=dict, help_text="Per resource: read, stored, refused")
    problems = models.JSONField(default=list, help_text="The last rows that were refused")
    last_error = models.CharField(max_length=300, blank=True)
    failures = models.PositiveSmallIntegerField(default=0, help_text="Without a success between them")
    last_success_at = models.DateTimeField(null=True)
    next_run_at = models.DateTimeField(db_default=models.functions.Now())
    created_at = models.DateTimeField(db_default=models.functions.Now())

    class Meta(TenantOwned.Meta):
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["tenant", "address"], name="store_connection_address")]
        indexes = [models.Index(fields=["state", "next_run_at"], name="store_connection_due")]

    def __str__(self) -> str:
        return self.address
