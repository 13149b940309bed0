"""WebhookEndpoint, WebhookReceipt, Tombstone: where a shop sends to, what came, and what it deleted.

Pages read these through `tenant.webhook_endpoints`, `tenant.webhook_receipts` and the functions of
`recommendations/endpoints.py` and `recommendations/deliveries.py`.
"""

from django.db import models

from luxebrain.lib.sealed import SealedField
from tenants.models import Tenant, TenantOwned

SECRET, TOKEN = "webhook secret", "webhook token"  # purposes


class Source(models.TextChoices):
    WOOCOMMERCE = "woocommerce", "WooCommerce"
    SHOPIFY = "shopify", "Shopify"
    GENERIC = "generic", "Your own software"


class WebhookEndpoint(TenantOwned):
    """An address of a shop's own, and the secret its deliveries are signed with.

    The token in the address names the tenant before anything else is known; only its digest is
    looked up. Token and secrets are sealed, so that the page can show
    them again. Deliveries are counted from the receipts, and by hour in the usage meters
    "webhooks", "webhook_rejections" and "webhook_forgeries".
    """

    class State(models.TextChoices):
        ACTIVE = "active", "Connected"
        DISCONNECTED = "disconnected", "Uninstalled by the shop"
        CLOSED = "closed", "Closed"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="webhook_endpoints")
    source = models.CharField(max_length=12, choices=Source.choices)
    name = models.CharField(max_length=80)
    token_digest = models.BinaryField(max_length=32)
    sealed_token = SealedField(purpose=TOKEN)
    shop_domain = models.CharField(max_length=120, blank=True, help_text="Shopify: name.myshopify.com")
    sealed_secret = SealedField(purpose=SECRET)
    sealed_previous = SealedField(purpose=SECRET, blank=True, help_text="Still accepted until previous_ends_at")
    previous_ends_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.ACTIVE)
    created_at = models.DateTimeField(db_default=models.functions.Now())
    last_delivery_at = models.DateTimeField(null=True, help_text="To about five seconds")
    last_ping_at = models.DateTimeField(null=True)
    last_forgery_at = models.DateTimeField(null=True, help_text="A delivery whose signature did not fit")

    class Meta(TenantOwned.Meta):
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["tenant", "token_digest"], name="webhook_endpoint_token")]
        indexes = [models.Index(fields=["token_digest"], name="webhook_endpoint_by_token")]

    def __str__(self) -> str:
        return self.name


class WebhookReceipt(TenantOwned):
    """One delivery as it came, masked (recommendations/storefronts/masking.py), and what became of it.

    `state` is received until a worker is done with it, then one of the others, for good, with a
    sentence in `reason`. `digest` tells repetitions: `duplicates` counts them. A corrected or
    repeated one is a receipt of its own that points at the old one with `replay_of`.
    """

    class State(models.TextChoices):
        RECEIVED = "received", "Waiting"
        APPLIED = "applied", "Applied"
        UNCHANGED = "unchanged", "Nothing to do"
        REJECTED = "rejected", "Rejected"
        FAILED = "failed", "Failed on our side"

    class Kind(models.TextChoices):
        PRODUCT = "product", "Product"
        CUSTOMER = "customer", "Customer"
        ORDER = "order", "Order"
        PRIVACY = "privacy", "Privacy request"
        OTHER = "other", "Other"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="webhook_receipts")
    endpoint = models.ForeignKey(
        WebhookEndpoint, models.SET_NULL, null=True, related_name="receipts", db_constraint=False
    )
    source = models.CharField(max_length=12, choices=Source.choices)
    topic = models.CharField(max_length=80)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    object_id = models.CharField(max_length=64, blank=True)
    delivery_id = models.CharField(max_length=120, blank=True)
    digest = models.BinaryField(max_length=32)
    duplicates = models.PositiveIntegerField(default=0)
    payload = models.JSONField(default=dict)
    reading = models.JSONField(default=dict, help_text="What it says in the words of the API: action, row, modified_at")
    headers = models.JSONField(default=dict)
    state = models.CharField(max_length=9, choices=State.choices, default=State.RECEIVED)
    reason = models.CharField(max_length=500, blank=True)
    errors = models.JSONField(default=list, help_text="[{field, code, message}]")
    ignored = models.JSONField(default=list, help_text="Names of fields that we do not use")
    attempts = models.PositiveSmallIntegerField(default=0)
    request_id = models.CharField(max_length=40, blank=True)
    received_at = models.DateTimeField(db_default=models.functions.Now())
    processed_at = models.DateTimeField(null=True)
    replay_of = models.ForeignKey("self", models.SET_NULL, null=True, related_name="replays", db_constraint=False)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "source", "digest"],
                condition=models.Q(replay_of__isnull=True),
                name="webhook_receipt_once",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "received_at"], name="webhook_receipt_by_time"),
            models.Index(fields=["tenant", "state", "received_at"], name="webhook_receipt_by_state"),
            models.Index(fields=["tenant", "kind", "object_id"], name="webhook_receipt_by_object"),
            models.Index(fields=["tenant", "endpoint", "received_at"], name="webhook_receipt_by_endpoint"),
            models.Index(fields=["tenant", "replay_of"], name="webhook_receipt_replays"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.object_id}".strip()

    @property
    def is_settled(self) -> bool:
        return self.state != self.State.RECEIVED


class Tombstone(TenantOwned):
    """What the shop deleted, and when: an older state that arrives later does not bring it back."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="tombstones")
    kind = models.CharField(max_length=8, choices=WebhookReceipt.Kind.choices)
    external_id = models.CharField(max_length=64)
    deleted_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "kind", "external_id"], name="tombstone_once")]
