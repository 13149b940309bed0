"""What trainings, uploads and releases leave behind: folders that no version names, looks and lists of old releases."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Max
from django.utils import timezone

from modelregistry import artifacts
from modelregistry.models import Release
from tenants import tenancy
from tenants.models import Tenant

TASK = "modelregistry.sweep"
STRAY_SECONDS = 24 * 3600  # a folder that no row names may be on its way to be named
RELEASES = timedelta(days=30)  # after their end; as long as the lists that were answered
_OWNER = re.compile(r"[0-9]{1,18}")


def sweep(renew: Callable[[], None]) -> int:
    """Removes what interrupted savings left, and folders older than a day that no version names; how many."""
    root = Path(settings.MODELS_DIR)
    removed = artifacts.sweep(root)
    for owner, homes in sorted(_homes(root).items()):
        renew()
        old = [path for home in homes for path in artifacts.folders(home) if _is_old(path)]
        named = _named(owner)
        strays = [path for path in old if str(path.relative_to(root)) not in named]
        removed += sum(artifacts.discard(path) for path in strays)
        if not named:
            _drop_empty(homes)
    return removed


def _homes(root: Path) -> dict[int, list[Path]]:
    """Tenant id → its folders, one for each scope and kind of model."""
    found: dict[int, list[Path]] = {}
    for folder in artifacts.SCOPES.values():
        for home in root.glob(f"{folder}/*/*"):
            if _OWNER.fullmatch(home.name) and home.is_dir() and not home.is_symlink():
                found.setdefault(int(home.name), []).append(home)
    return found


def _named(tenant_id: int) -> set[str]:
    """Read after the folders were listed: what has been registered meanwhile is named. Nothing for a tenant that
    is no more."""
    try:
        with tenancy.enter(tenant_id) as tenant:
            return set(tenant.model_versions.exclude(artifact_path="").values_list("artifact_path", flat=True))
    except tenancy.NoSuchTenant:
        return set()


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > STRAY_SECONDS
    except FileNotFoundError:
        return False


def _drop_empty(homes: list[Path]) -> None:
    for home in homes:
        if _is_old(home) and not any(home.iterdir()):
            shutil.rmtree(home, ignore_errors=True)


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
