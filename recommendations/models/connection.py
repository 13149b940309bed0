"""StoreConnection: a shop's own REST API that is asked for news, and how far it was read."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from luxebrain.lib.sealed import SealedField
from tenants.models import Tenant, TenantOwned

PURPOSE = "store-connection"


class StoreConnection(TenantOwned):
    """The credentials are sealed; pages show `hint`, the last four characters of them.

    `cursors` holds for each of `resources` where its reading stands: {"after", "page", "token", "seen",
    "done", "total"}; it moves in the transaction of the rows that were read. `pending` are the resources
    that the running round still has to read; empty between rounds.
    """

    class Source(models.TextChoices):
        WOOCOMMERCE = "woocommerce", "WooCommerce"
        SHOPIFY = "shopify", "Shopify"

    class State(models.TextChoices):
        ACTIVE = "active", "Connected"
        PAUSED = "paused", "Paused"
        REFUSED = "refused", "Refused by the shop"

    RESOURCES = ("products", "customers", "orders")

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="store_connections")
    source = models.CharField(max_length=12, choices=Source.choices)
    address = models.CharField(max_length=300)
    sealed_credentials = SealedField(purpose=PURPOSE)
    hint = models.CharField(max_length=4)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    resources = ArrayField(models.CharField(max_length=12), default=list)
    pending = ArrayField(models.CharField(max_length=12), default=list)
    cursors = models.JSONField(default=dict)
    kept = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list, help_text="The last refused rows: kind, id, field, message")
    failures = models.PositiveSmallIntegerField(default=0, help_text="In a row; none after a page that came")
    last_error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(db_default=models.functions.Now())
    round_began_at = models.DateTimeField(null=True)
    first_done_at = models.DateTimeField(null=True, help_text="When everything had been read once")
    customers_read_at = models.DateTimeField(null=True, help_text="WooCommerce lists them in full only")
    last_success_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(db_default=models.functions.Now())

    class Meta(TenantOwned.Meta):
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "source", "address"], name="store_connection_once")
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=models.Q(state="active"), name="store_connection_due")
        ]

    def __str__(self) -> str:
        return self.address
