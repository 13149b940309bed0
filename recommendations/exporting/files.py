"""An export: asked for, made in the background, fetched by a link of its own, removed after a week."""

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import Any

from django.core import signing
from django.utils import timezone

from luxebrain.lib import logs
from luxebrain.lib.problems import Conflict, Forbidden, Problem
from recommendations import storage
from recommendations.exporting import formats, rows
from recommendations.models import ExportRun
from tenants import audit, tenancy, work
from tenants.models import Tenant, User

TASK = "recommendations.export"
KEPT = timedelta(days=7)
LINK_SECONDS = 600
MAX_OPEN = 10
_SALT = "export"
State = ExportRun.State
log = logs.get(__name__)


def request(tenant: Tenant, *, kind: str, format: str, window: rows.Window, by: User) -> ExportRun:
    """Has one kind of rows exported. Raises Problem for an unknown kind or format, Conflict for too many."""
    if kind not in rows.KINDS or format not in formats.FORMATS:
        raise Problem("There is no such kind or format of export.")
    if window.first and window.last and window.first > window.last:
        raise Problem("The first day lies after the last.", fields={"last": "Must not lie before the first day."})
    if tenant.export_runs.filter(state=State.RUNNING).count() >= MAX_OPEN:
        raise Conflict("Ten exports are being made already. Wait for one of them.")
    if not rows.KINDS[kind].has_window:
        window = rows.Window()
    run: ExportRun = tenant.export_runs.create(
        kind=kind, format=format, first=window.first, last=window.last, requested_by=by
    )
    work.enqueue(tenant, TASK, subject=run.pk)
    audit.record(tenant, "export.requested", by=by, target=kind, details={"run": run.pk, "format": format})
    return run


def make(tenant_id: int, run_id: int, *, renew: Callable[[], None], finish: Callable[[], None], last: bool) -> None:
    """Writes the file under a new name and names it on the run in one transaction; a repetition begins anew."""
    with tenancy.enter(tenant_id) as tenant:
        run = tenant.export_runs.select_for_update().filter(pk=run_id, state=State.RUNNING).first()
        if run is None:
            return
        window = rows.Window(run.first, run.last)
        run.total, run.rows, run.working_since = rows.count(tenant, run.kind, window), 0, timezone.now()
        run.save()
    name = storage.new_name()
    path = storage.path(tenant_id, name)
    try:
        with closing(formats.open_at(path, run.format, rows.KINDS[run.kind].columns)) as writer:
            for page, size in rows.pages(tenant_id, run.kind, window):
                renew()
                writer.write(page)
                run.rows += size
                with tenancy.enter(tenant_id) as tenant:
                    tenant.export_runs.filter(pk=run_id).update(rows=run.rows)
        path.chmod(0o600)
        size = path.stat().st_size
    except Exception as fault:
        path.unlink(missing_ok=True)
        if last:
            log.exception("export.broken")
            _end(tenant_id, run_id, finish, state=State.FAILED, error=f"It broke off: {type(fault).__name__}.")
            return
        raise
    _end(tenant_id, run_id, finish, state=State.DONE, stored=name, size=size, kept_until=timezone.now() + KEPT)


def _end(tenant_id: int, run_id: int, finish: Callable[[], None], **fields: Any) -> None:
    with tenancy.enter(tenant_id) as tenant:
        tenant.export_runs.filter(pk=run_id, state=State.RUNNING).update(finished_at=timezone.now(), **fields)
        finish()


def ticket(run: ExportRun, person: User) -> str:
    """What a link carries: this export for this person, for ten minutes."""
    return signing.dumps([run.tenant_id, run.pk, person.pk], salt=_SALT, compress=True)


def open_with(run: ExportRun, given: str, person: User) -> Any:
    """The file of an export for the person whom the link was made for. Raises Forbidden and Conflict."""
    try:
        said = signing.loads(given, salt=_SALT, max_age=LINK_SECONDS)
    except signing.BadSignature:
        said = None
    if said != [run.tenant_id, run.pk, person.pk]:
        raise Forbidden("This link is not yours or is older than ten minutes. Take it from the page again.")
    if run.state != State.DONE or (run.kept_until and run.kept_until < timezone.now()):
        raise Conflict("The file is not there any more; exports are kept for seven days.")
    try:
        return storage.path(run.tenant_id, run.stored).open("rb")
    except FileNotFoundError:
        raise Conflict("The file is not there any more. Have the export made again.") from None


def progress(run: ExportRun) -> int | None:
    """From 0 to 100; None while it waits."""
    return min(100, round(100 * run.rows / run.total)) if run.total and run.working_since else None
