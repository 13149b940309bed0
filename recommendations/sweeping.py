"""Files and former states that are kept no longer: swept hourly, shop by shop."""

import shutil
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from recommendations import storage
from recommendations.importing import files
from recommendations.models import ExportRun, ImportRun
from tenants import tenancy
from tenants.models import Tenant

WAITING = timedelta(days=7)  # a file that nobody confirms
REPORTS = timedelta(days=files.UNDO_DAYS)
STRAY_SECONDS = 24 * 3600  # what no row names may be on its way to be named


def sweep(renew: Callable[[], None]) -> int:
    """How many files were removed, of all shops."""
    removed = 0
    known: set[str] = {"arriving"}
    for tenant_id in tenancy.across().values_list("pk", flat=True):
        renew()
        known.add(str(tenant_id))
        with tenancy.enter(tenant_id) as tenant:
            removed += _expire(tenant)
            named = _named(tenant)
        removed += _strays(storage.folder(tenant_id), named)
    root = Path(settings.UPLOADS_DIR)
    removed += _strays(root / "arriving", set())
    for folder in root.iterdir():
        if folder.name not in known and folder.is_dir() and _age(folder) > STRAY_SECONDS:
            shutil.rmtree(folder)
    return removed


def _expire(tenant: Tenant) -> int:
    now = timezone.now()
    removed = 0
    waiting = tenant.import_runs.filter(
        state__in=(ImportRun.State.DRAFT, ImportRun.State.CHECKED), started_at__lt=now - WAITING
    ).exclude(stored="")
    for run in waiting.select_for_update():
        files.discard(tenant, run)
        removed += 1
    tenant.import_pieces.filter(run__undo_until__lt=now).exclude(run__state=ImportRun.State.UNDOING).delete()
    for run in tenant.import_runs.filter(started_at__lt=now - REPORTS).exclude(report=""):
        if run.state not in ImportRun.UNDER_WAY:
            storage.remove(tenant.pk, run.report)
            tenant.import_runs.filter(pk=run.pk).update(report="")
            removed += 1
    for export in tenant.export_runs.filter(state=ExportRun.State.DONE, kept_until__lt=now).select_for_update():
        storage.remove(tenant.pk, export.stored)
        export.state, export.stored = ExportRun.State.GONE, ""
        export.save(update_fields=["state", "stored"])
        removed += 1
    return removed


def _named(tenant: Tenant) -> set[str]:
    names = set(tenant.import_runs.exclude(stored="").values_list("stored", flat=True))
    names |= set(tenant.import_runs.exclude(report="").values_list("report", flat=True))
    return names | set(tenant.export_runs.exclude(stored="").values_list("stored", flat=True))


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _strays(folder: Path, named: set[str]) -> int:
    if not folder.is_dir():
        return 0
    strays = [path for path in folder.iterdir() if path.name not in named and _age(path) > STRAY_SECONDS]
    for path in strays:
        if path.is_dir() and not path.is_symlink():  # of an uploaded version whose check was killed
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return len(strays)
