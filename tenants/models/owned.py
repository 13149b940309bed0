"""TenantOwned: rows with an owner, and the guard against queries that do not say whose."""

from typing import Any

from django.core import checks
from django.db import models


class TenantScopeRequired(RuntimeError):
    """A query on tenant-owned rows did not say whose rows it means."""


class TenantGuard(models.Manager):
    """`Model.objects`: refuses every query but the loud one."""

    use_in_migrations = False

    def get_queryset(self) -> models.QuerySet:
        raise TenantScopeRequired(
            f"Say whose: tenant.<relation>, or {self.model.__name__}.objects.across_tenants()"
        )

    def across_tenants(self) -> models.QuerySet:
        """Rows of all tenants, through the operators' role. For back office, relay and sweeps only."""
        return self.model._default_manager.using("ops").all()


class TenantOwned(models.Model):
    """Base of every row that belongs to a tenant; `tenant` is written out as its first field.

    Each subclass needs ProtectTable (tenants/schema.py) in the migration that creates it. Foreign
    keys to other tenant-owned rows are declared with db_constraint=False: ProtectTable makes them
    composite, (tenant_id, …), so that no row can point at a stranger's.
    """

    unscoped = models.Manager()  # for Django itself: relations, uniqueness, deletion
    objects = TenantGuard()

    class Meta:
        abstract = True
        default_manager_name = "unscoped"
        base_manager_name = "unscoped"

    @classmethod
    def check(cls, **kwargs: Any) -> list[checks.CheckMessage]:
        found = super().check(**kwargs)
        own = [f for f in cls._meta.local_fields if not f.primary_key and f.name != "pk"]
        if not own or own[0].name != "tenant":
            found.append(checks.Error("tenant must be the first field", obj=cls, id="lux.E101"))
        if cls._meta.default_manager_name != "unscoped":
            found.append(checks.Error("Meta must inherit TenantOwned.Meta", obj=cls, id="lux.E102"))
        for constraint in cls._meta.constraints:
            fields = getattr(constraint, "fields", None)
            if isinstance(constraint, models.UniqueConstraint) and fields and fields[0] != "tenant":
                found.append(checks.Error(f"{constraint.name} must begin with tenant", obj=cls, id="lux.E103"))
        for field in cls._meta.local_fields:
            if field.unique and not field.primary_key:
                found.append(checks.Error(f"{field.name} is unique across tenants", obj=cls, id="lux.E104"))
            target = field.related_model if isinstance(field, models.ForeignKey) else None
            if target and issubclass(target, TenantOwned) and field.db_constraint:
                found.append(checks.Error(f"{field.name} needs db_constraint=False", obj=cls, id="lux.E105"))
        return found
