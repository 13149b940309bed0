"""What trainings, uploads and releases leave behind: folders that no version names, looks and lists of old releases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.db.models import Max
from django.utils import timezone

from modelregistry import inventory, store
from modelregistry.models import Release
from tenants import tenancy
from tenants.models import Tenant

TASK = "modelregistry.sweep"
STRAY_SECONDS = 24 * 3600  # a folder that no row names may be on its way to be named
RELEASES = timedelta(days=30)  # after their end; as long as the lists that were answered


def sweep(renew: Callable[[], None]) -> int:
    """Removes what interrupted savings left, and folders older than a day that no version names; how many.

    Raises ArtifactUnreachable where a remote store does not answer.
    """
    removed = inventory.sweep_unfinished()
    for owner, homes in sorted(inventory.homes().items()):
        renew()
        places = [place for home in homes for place in store.places(home)]
        named = _named(owner)
        strays = (place for place in places if place not in named and inventory.age(place) > STRAY_SECONDS)
        removed += sum(map(store.discard, strays))
        if not named:
            for home in homes:
                inventory.drop_empty(home, older_than=STRAY_SECONDS)
    return removed


def _named(tenant_id: int) -> set[str]:
    """Read after the folders were listed: what has been registered meanwhile is named. Nothing for a tenant that
    is no more."""
    try:
        with tenancy.enter(tenant_id) as tenant:
            return set(tenant.model_versions.exclude(artifact_path="").values_list("artifact_path", flat=True))
    except tenancy.NoSuchTenant:
        return set()


def forget_releases(tenant: Tenant) -> dict[str, int]:
    """Deletes the lists of shadows and the looks of guardrails of releases that ended longer ago than RELEASES.
    The last look of each release stays, and those that broke a guardrail: they say why it ended."""
    ended = tenant.releases.exclude(state__in=Release.OPEN).filter(ended_at__lt=timezone.now() - RELEASES)
    names = list(ended.values_list("pk", flat=True))
    last = tenant.release_checks.filter(release__in=names).order_by().values("release").annotate(pk_last=Max("pk"))
    looks = tenant.release_checks.filter(release__in=names, breaches=[])
    looks = looks.exclude(pk__in=[row["pk_last"] for row in last])
    lists = tenant.shadow_lists.filter(release__in=names)
    return {"looks": looks.delete()[0], "lists": lists.delete()[0]}
