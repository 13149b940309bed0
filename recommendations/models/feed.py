"""Feed: an address that a shop's products are fetched from."""

from django.db import models

from luxebrain.lib.sealed import SealedField
from recommendations.models.importing import ImportRun
from tenants.models import Tenant, TenantOwned, User

PURPOSE = "feed"


class Feed(TenantOwned):
    """A product feed by address. The address is sealed, because it may carry a password; `shown` is its public part.

    Its first file waits for a person; is_confirmed says that the later ones may be imported by themselves.
    """

    class Schedule(models.TextChoices):
        ONCE = "once", "Once"
        DAILY = "daily", "Every day"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="feeds")
    sealed = SealedField(purpose=PURPOSE)
    shown = models.CharField(max_length=300)
    schedule = models.CharField(max_length=10, choices=Schedule.choices, default=Schedule.ONCE)
    next_at = models.DateTimeField(null=True)
    fetched_at = models.DateTimeField(null=True)
    is_fetching = models.BooleanField(default=False)
    is_confirmed = models.BooleanField(default=False)
    has_failed = models.BooleanField(default=False)
    result = models.CharField(max_length=300, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    last_run = models.ForeignKey(ImportRun, models.SET_NULL, null=True, related_name="+", db_constraint=False)
    added_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    @property
    def token(self) -> str:
        """Its id as text, for names on a page."""
        return str(self.pk)

    class Meta(TenantOwned.Meta):
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["tenant", "next_at"], name="feed_by_due"),
            models.Index(fields=["tenant", "last_run"], name="feed_by_run"),
        ]
