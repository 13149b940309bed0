"""ModelAlias, AliasMove: a movable name for one version, and the history of its moves."""

from django.db import models

from modelregistry.models.version import ModelVersion
from tenants.models import Tenant, TenantOwned, User


class ModelAlias(TenantOwned):
    """The version that `name` points at; at most one per tenant, model and name."""

    CHAMPION = "champion"  # in service
    CHALLENGER = "challenger"  # answers a share of the requests
    SHADOW = "shadow"  # is asked beside the champion; nobody sees its lists
    PREVIOUS = "previous"  # what a rollback brings
    NAMES = [(name, name.capitalize()) for name in (CHAMPION, CHALLENGER, SHADOW, PREVIOUS)]

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="model_aliases")
    model = models.CharField(max_length=40, default="recommendation")
    name = models.CharField(max_length=20, choices=NAMES)
    version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="aliases", db_constraint=False)
    moved_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "model", "name"], name="alias_once"),
            models.CheckConstraint(
                condition=models.Q(name__in=["champion", "challenger", "shadow", "previous"]), name="alias_known"
            ),
        ]


class AliasMove(TenantOwned):
    """One move of an alias: from which version to which, who, when, why."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="alias_moves")
    model = models.CharField(max_length=40, default="recommendation")
    name = models.CharField(max_length=20)
    previous = models.ForeignKey(
        ModelVersion, models.SET_NULL, null=True, related_name="+", db_constraint=False
    )
    version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="moves", db_constraint=False)
    moved_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(max_length=300, blank=True)
    is_rollback = models.BooleanField(default=False, help_text="Undid earlier moves instead of adding one")
    moved_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        ordering = ["-id"]
        indexes = [models.Index(fields=["tenant", "model", "name", "-moved_at"], name="alias_history")]
