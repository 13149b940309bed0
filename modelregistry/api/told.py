"""Versions as the API tells them, with the schemas of the answers."""

from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from modelregistry.models import AliasMove, ModelVersion
from tenants.models import Tenant

FIELDS = {
    "id": serializers.IntegerField(),
    "tenant": serializers.SlugField(),
    "model": serializers.CharField(),
    "version": serializers.IntegerField(help_text="Number of the version"),
    "origin": serializers.ChoiceField(ModelVersion.Origin.values),
    "state": serializers.ChoiceField(ModelVersion.State.values),
    "aliases": serializers.ListField(child=serializers.CharField(), help_text="champion, challenger, shadow, previous"),
    "algorithm": serializers.CharField(),
    "parameters": serializers.JSONField(),
    "digest": serializers.CharField(),
    "size_bytes": serializers.IntegerField(),
    "counts": serializers.JSONField(),
    "data_from": serializers.DateTimeField(allow_null=True),
    "data_until": serializers.DateTimeField(allow_null=True),
    "code_version": serializers.CharField(),
    "train_seconds": serializers.FloatField(),
    "cpu_seconds": serializers.FloatField(),
    "metrics": serializers.JSONField(help_text="Offline, each with its 95 % interval: ndcg@10, ndcg@10_low, …"),
    "files_removed_at": serializers.DateTimeField(allow_null=True, help_text="Since then it can serve no more"),
    "created_at": serializers.DateTimeField(),
    "created_by": serializers.CharField(allow_null=True),
}
Version = type("ModelVersion", (serializers.Serializer,), dict(FIELDS))
Versions = inline_serializer("ModelVersions", {"versions": Version(many=True)})
Changed = inline_serializer(
    "ModelChange",
    {
        "change": serializers.IntegerField(help_text="Names this change where it is undone"),
        "model_version": Version(),
        "previous": serializers.IntegerField(allow_null=True, help_text="Number of the version that served before"),
        "moved_at": serializers.DateTimeField(),
        "reason": serializers.CharField(),
    },
)


def version(tenant: Tenant, row: ModelVersion, aliases: list[str] | None = None) -> dict[str, Any]:
    if aliases is None:
        aliases = sorted(tenant.model_aliases.filter(version=row).values_list("name", flat=True))
    same = {
        name: getattr(row, name)
        for name in FIELDS
        if name not in {"id", "tenant", "version", "aliases", "created_by"}
    }
    return {
        "id": row.pk, "tenant": tenant.slug, "version": row.number, "aliases": aliases, **same,
        "created_by": str(row.created_by) if row.created_by else None,
    }  # fmt: skip


def listed(tenant: Tenant, model: str) -> list[dict[str, Any]]:
    aliases: dict[int, list[str]] = {}
    for pk, name in tenant.model_aliases.filter(model=model).order_by("name").values_list("version_id", "name"):
        aliases.setdefault(pk, []).append(name)
    rows = tenant.model_versions.filter(model=model).select_related("created_by")
    return [version(tenant, row, aliases.get(row.pk, [])) for row in rows]


def change(tenant: Tenant, move: AliasMove) -> dict[str, Any]:
    return {
        "change": move.pk,
        "model_version": version(tenant, move.version),
        "previous": move.previous.number if move.previous else None,
        "moved_at": move.moved_at,
        "reason": move.reason,
    }
