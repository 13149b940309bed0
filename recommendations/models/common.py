"""ShopVotes and CommonTable: what one shop says about kinds of products, and what all say together."""

from django.db import models
from django.utils import timezone

from tenants.models import Tenant, TenantOwned


class ShopVotes(TenantOwned):
    """One shop's word in the shared model: which digests of words, kinds and whole titles are bought together there.
    No product, no customer, no word that can be read.

    content      bytes of plain arrays (`common_votes.packed`), in force since `made_at`
    counted      the content as it stands in the table `counted_in`, so that the shop can take it out of it again
    orders       the countable orders at `base_at`: what a later volume is held against
    held_since   since when a sudden flood of orders keeps newer votes out; empty: nothing is held back
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="shop_votes")
    content = models.BinaryField()
    counted = models.BinaryField(default=bytes)
    counted_in = models.PositiveIntegerField(default=0, help_text="Number of the table that holds it")
    orders = models.PositiveIntegerField(default=0)
    base_at = models.DateTimeField(default=timezone.now)
    made_at = models.DateTimeField()
    held_since = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant"], name="shop_votes_once")]


class CommonTable(models.Model):
    """A table that was published: the sum over shops, in which no shop can be found. The newest one holds.

    place, digest   of the artefact in the store of models
    """

    number = models.PositiveIntegerField(primary_key=True)
    place = models.CharField(max_length=300)
    digest = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField(default=0)
    shops = models.PositiveIntegerField(help_text="Shops that voted")
    pairs = models.PositiveIntegerField(help_text="Pairs that at least three of them know")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
