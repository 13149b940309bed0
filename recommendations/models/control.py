"""Placement, Rule, Merchandising: what a shop decides about its lists."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from tenants.models import Tenant, TenantOwned, User


class Placement(TenantOwned):
    """A place where a shop shows products. A call that names its `code` gets what is set here."""

    class Surface(models.TextChoices):
        HOME = "home", "Home page"
        PRODUCT = "product", "Product page"
        CART = "cart", "Cart"
        CATEGORY = "category", "Category page"
        SEARCH = "search", "Search results"
        EMAIL = "email", "E-mail"
        CUSTOM = "custom", "Somewhere else"

    class Kind(models.TextChoices):
        PERSONALISED = "personalised", "Chosen for the shopper"
        SIMILAR = "similar", "Similar to a product"
        BOUGHT_TOGETHER = "bought_together", "Bought together with a product"
        LOOK = "look", "Completes the look"
        TRENDING = "trending", "Trending"
        POPULAR = "popular", "Best sellers"
        NEWEST = "newest", "New products"
        VIEWED = "viewed", "Viewed lately"
        CART = "pending_cart", "Still in the cart"
        AGAIN = "buy_again", "Buy again"

    class Fallback(models.TextChoices):
        POPULAR = "popular", "Best sellers"
        NEWEST = "newest", "New products"
        NONE = "none", "Nothing: a shorter list"

    class Bought(models.TextChoices):
        SHOW = "show", "As the model says"
        AGAIN = "again", "Only in categories that are bought again"
        HIDE = "hide", "Never"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="placements")
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    surface = models.CharField(max_length=8, choices=Surface.choices, default=Surface.CUSTOM)
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.PERSONALISED)
    count = models.PositiveSmallIntegerField(default=10)
    weights = models.JSONField(default=dict, help_text="Multipliers by part of the model; 1 where nothing is said")
    filter = models.CharField(max_length=1000, blank=True, help_text="Only products that this holds for")
    fallback = models.CharField(max_length=8, choices=Fallback.choices, default=Fallback.POPULAR)
    bought = models.CharField(max_length=5, choices=Bought.choices, default=Bought.SHOW)
    min_relevance = models.FloatField(default=0.0, help_text="Share of the best score that a product must reach")
    diversity = models.FloatField(default=0.0, help_text="0: best first; 1: as different as possible")
    most_of_category = models.PositiveSmallIntegerField(null=True, blank=True)
    most_of_brand = models.PositiveSmallIntegerField(null=True, blank=True)
    novelty = models.FloatField(default=0.0, help_text="0 to 1: how much best sellers give way")
    rotation = models.FloatField(default=0.0, help_text="0 to 1: how much the order varies from hour to hour")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    class Meta(TenantOwned.Meta):
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["tenant", "code"], name="placement_code")]

    def __str__(self) -> str:
        return self.name


class Rule(TenantOwned):
    """A merchandiser's word on some products: by id or by an expression, where, for whom and when."""

    class Action(models.TextChoices):
        PIN = "pin", "Pin"
        BOOST = "boost", "Boost"
        BURY = "bury", "Bury"
        EXCLUDE = "exclude", "Exclude"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="rules")
    name = models.CharField(max_length=80)
    action = models.CharField(max_length=7, choices=Action.choices)
    products = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    filter = models.CharField(max_length=1000, blank=True, help_text="Which products, as an expression")
    factor = models.FloatField(default=2.0, help_text="Boost and bury: what scores are multiplied by")
    position = models.PositiveSmallIntegerField(default=1, help_text="Pin: the place of its first product")
    placements = ArrayField(models.CharField(max_length=40), default=list, blank=True, help_text="Empty: all")
    segment = models.CharField(max_length=1000, blank=True, help_text="For which shoppers, as an expression")
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    owner = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    note = models.CharField(max_length=500, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(TenantOwned.Meta):
        ordering = ["id"]
        indexes = [models.Index(fields=["tenant", "is_active", "ends_at"], name="rule_by_state")]

    def __str__(self) -> str:
        return self.name


class Merchandising(TenantOwned):
    """What holds for all lists of a shop; one row per shop, or none: the defaults."""

    class Language(models.TextChoices):
        ENGLISH = "en", "English"
        GERMAN = "de", "Deutsch"
        FRENCH = "fr", "Français"
        SPANISH = "es", "Español"
        ITALIAN = "it", "Italiano"
        DUTCH = "nl", "Nederlands"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="merchandising")
    language = models.CharField(max_length=2, choices=Language.choices, default=Language.ENGLISH)
    bought_again = ArrayField(
        models.CharField(max_length=120), default=list, blank=True,
        help_text="Categories whose products people buy again",
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant"], name="merchandising_once")]
