"""DataFinding, CatalogueDay: what is wrong with a shop's data, and how large its catalogue was."""

from django.db import models

from tenants.models import Tenant, TenantOwned, User


class DataFinding(TenantOwned):
    """One kind of fault in a shop's data (recommendations/finding_kinds.py), found at least once.

    `examples` holds up to five pairs [label, id of the product or order]; they and `count` are what the last look that
    found any found, and `resolved_at` is when a look found none any more. A muted one stays muted, whatever
    later looks find, until a person takes that back.
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        RESOLVED = "resolved", "Resolved"
        MUTED = "muted", "Muted"

    class Severity(models.IntegerChoices):
        LOW = 1, "Low"
        MEDIUM = 2, "Medium"
        HIGH = 3, "High"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="data_findings")
    kind = models.CharField(max_length=40)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    severity = models.PositiveSmallIntegerField(choices=Severity.choices)
    count = models.PositiveIntegerField(default=0)
    examples = models.JSONField(default=list)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    muted_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    muted_at = models.DateTimeField(null=True)
    muted_reason = models.CharField(max_length=500, blank=True)

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "kind"], name="data_finding_once")]
        indexes = [models.Index(fields=["tenant", "state", "severity"], name="data_finding_by_state")]

    def __str__(self) -> str:
        return self.kind


class CatalogueDay(TenantOwned):
    """The most products, and the most products for sale, that a day (UTC) saw; `looked_at` is its last look."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="catalogue_days")
    day = models.DateField()
    products = models.PositiveIntegerField()
    for_sale = models.PositiveIntegerField()
    looked_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "day"], name="catalogue_day_once")]
