"""Audience, AudiencePiece: customers that a shop chose and named, or sent as a file of ids."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from tenants.models import Tenant, TenantOwned, User


class Audience(TenantOwned):
    """An audience to come back to. `asked` is what `audiences.read` gives; of a file {"kind": "file"}, and its
    ids are pieces. Without a name it belongs to one batch job and is not offered again. One that was removed is
    kept for a week, so that the removal can be undone; nobody else finds it (`audiences.in_use`)."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="audiences")
    name = models.CharField(max_length=80, blank=True)
    asked = models.JSONField()
    filename = models.CharField(max_length=200, blank=True)
    size = models.PositiveIntegerField(null=True, help_text="Ids of a file; empty where it is counted when used")
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_key = models.CharField(max_length=80, blank=True, help_text="The key's name, where no person made it")
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)
    removed_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    removed_key = models.CharField(max_length=80, blank=True)
    removed_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"],
                condition=~models.Q(name="") & models.Q(removed_at__isnull=True),
                name="audience_name_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.filename

    @property
    def maker(self) -> str:
        return str(self.created_by or self.created_key or "somebody who has left")

    @property
    def remover(self) -> str:
        return str(self.removed_by or self.removed_key or "somebody who has left")


class AudiencePiece(TenantOwned):
    """Up to 2,000 ids of a file, in the order in which they were sent; each id once in a file."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="audience_pieces")
    audience = models.ForeignKey(Audience, models.CASCADE, related_name="pieces", db_constraint=False)
    position = models.PositiveIntegerField()
    ids = ArrayField(models.CharField(max_length=64), default=list)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "audience", "position"], name="audience_piece_position"),
        ]
