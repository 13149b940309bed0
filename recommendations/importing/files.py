"""A file that a person brings: taken, its columns mapped, checked, imported, stopped, undone."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
from django.utils import timezone

from luxebrain.lib.problems import Conflict, Problem
from recommendations import storage
from recommendations.importing import layouts, looking
from recommendations.importing.reading import Reading
from recommendations.models import ImportRun
from tenants import audit, work
from tenants.models import Tenant, User

TASK = "recommendations.import_file"
UNDO_DAYS = 30
MAX_WAITING = 5
State = ImportRun.State


class BadMapping(Problem):
    """The columns do not say what is needed."""

    status, code = 422, "bad_mapping"


def take(tenant: Tenant, file: Path, *, name: str, by: User | None) -> ImportRun:
    """Keeps an arrived file and guesses what it is; the run then waits for a person to confirm its columns.

    Raises BadFile, Unreadable and Conflict.
    """
    waiting = tenant.import_runs.filter(state__in=ImportRun.UNFINISHED).exclude(stored="").count()
    if waiting >= MAX_WAITING:
        raise Conflict(f"{waiting} files are waiting already. Import or discard one of them first.")
    stored, size = storage.keep(tenant.pk, file, most=most_bytes(tenant))
    try:
        seen = looking.look(storage.path(tenant.pk, stored))
    except Problem:
        storage.remove(tenant.pk, stored)
        raise
    run = ImportRun(tenant_id=tenant.pk, source=_shown(name), stored=stored, size=size, requested_by=by)
    run.state, run.report = State.DRAFT, f"{stored}.report"
    _note(run, seen)
    known = tenant.import_mappings.filter(headers=_digest(seen.names)).first()
    if known:
        run.kind, run.layout, run.mapping = known.kind, known.layout, known.mapping
    else:
        guess = layouts.guess(seen.names)
        run.kind, run.layout, run.mapping = guess.kind, guess.layout, guess.mapping
    run.save(using=tenant.alias)
    audit.record(tenant, "import.taken", by=by, target=run.source, details={"bytes": size, "run": run.pk})
    return run


def most_bytes(tenant: Tenant) -> int:
    return int(tenant.plan.file_megabytes) << 20


def _shown(name: str) -> str:
    """A file's name for people: never part of a path."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(char for char in base if char.isprintable()).strip()[:200] or "file"


def _note(run: ImportRun, seen: looking.Seen) -> None:
    how = seen.how
    run.reading = {"format": how.format, "encoding": how.encoding, "delimiter": how.delimiter, "quote": how.quote}
    run.columns = seen.columns


def _digest(names: list[str]) -> str:
    return hashlib.sha256(orjson.dumps(sorted(names))).hexdigest()


def reading_of(run: ImportRun, *, piece: int = 10_000) -> Reading:
    return Reading(**run.reading, piece=piece)


def read_as(tenant: Tenant, run: ImportRun, *, encoding: str, delimiter: str, quote: str) -> None:
    """Reads the file in another way; its columns may be others then. Raises Unreadable and Conflict."""
    locked = _locked(tenant, run, State.DRAFT, State.CHECKED)
    how = Reading(run.reading["format"], encoding, delimiter, quote)
    seen = looking.look_as(storage.path(tenant.pk, run.stored), how)
    names = {column["name"] for column in run.columns}
    _note(locked, seen)
    if set(seen.names) != names:
        guess = layouts.guess(seen.names)
        locked.kind, locked.layout, locked.mapping = guess.kind, guess.layout, guess.mapping
    locked.state = State.DRAFT
    locked.save()


def mean(tenant: Tenant, run: ImportRun, *, kind: str, layout: str) -> None:
    """It is another kind of file than was guessed: guesses the columns anew."""
    locked = _locked(tenant, run, State.DRAFT, State.CHECKED)
    known = layouts.BY_CODE.get(layout)
    if kind not in layouts.KINDS or (layout and (known is None or known.kind != kind)):
        raise BadMapping("This kind of file is not known.")
    names = [column["name"] for column in run.columns]
    locked.kind, locked.layout, locked.mapping = kind, layout, layouts.mapped(names, kind, layout)
    locked.state = State.DRAFT
    locked.save()


def check(tenant: Tenant, run: ImportRun, *, mapping: Mapping[str, str], by: User) -> None:
    """Remembers the columns and has the file checked, without writing a row of the shop. Raises BadMapping."""
    locked = _locked(tenant, run, State.DRAFT, State.CHECKED)
    names = {column["name"] for column in run.columns}
    fields = {field.name for field in layouts.FIELDS[run.kind]}
    chosen = {field: column for field, column in mapping.items() if field in fields and column in names}
    if lacking := layouts.missing(run.kind, chosen):
        raise BadMapping(f"No column says: {', '.join(lacking)}. Choose one for each, then check again.")
    locked.mapping = chosen
    tenant.import_mappings.update_or_create(
        headers=_digest(sorted(names)), defaults={"kind": run.kind, "layout": run.layout, "mapping": chosen}
    )
    _begin(tenant, locked, State.CHECKING)


def start(tenant: Tenant, run: ImportRun, *, by: User | None) -> None:
    """Has the checked file imported. Raises Conflict."""
    locked = _locked(tenant, run, State.CHECKED)
    if locked.checked.get("blocked"):
        raise Conflict(locked.checked["blocked"])
    _begin(tenant, locked, State.RUNNING)
    tenant.feeds.filter(last_run=run).update(is_confirmed=True)
    audit.record(tenant, "import.started", by=by, target=run.source, details={"run": run.pk, "kind": run.kind})


def is_known(tenant: Tenant, run: ImportRun) -> bool:
    """Whether a file with these columns was confirmed before, and nothing that is needed is missing."""
    names = [column["name"] for column in run.columns]
    known = tenant.import_mappings.filter(headers=_digest(names)).exists()
    return known and not layouts.missing(run.kind, run.mapping)


def start_known(tenant: Tenant, run: ImportRun) -> None:
    """Has a file imported whose columns are known, without a person looking at it again."""
    _begin(tenant, _locked(tenant, run, State.DRAFT), State.RUNNING)
    audit.record(tenant, "import.started", by=None, target=run.source, details={"run": run.pk, "kind": run.kind})


def stop(tenant: Tenant, run: ImportRun, *, by: User) -> None:
    """Discards a file that waits, or stops at the end of the piece that is under way."""
    locked = _locked(tenant, run, *ImportRun.UNFINISHED)
    if locked.state in (State.DRAFT, State.CHECKED):
        discard(tenant, locked)
    else:
        locked.stop_asked = True
        locked.save(update_fields=["stop_asked"])
    audit.record(tenant, "import.stopped", by=by, target=run.source, details={"run": run.pk})


def discard(tenant: Tenant, run: ImportRun) -> None:
    storage.remove(tenant.pk, run.stored)
    run.state, run.stored, run.finished_at = State.CANCELLED, "", timezone.now()
    run.save()


def undo(tenant: Tenant, run: ImportRun, *, by: User) -> None:
    """Has everything that the import did taken back, as far as nothing newer changed it. Raises Conflict."""
    locked = _locked(tenant, run, State.SUCCEEDED, State.FAILED, State.CANCELLED)
    if not can_undo(locked):
        raise Conflict(f"An import can be undone for {UNDO_DAYS} days, and only if it changed something.")
    locked.undone = {"removed": 0, "restored": 0, "left": 0}
    _begin(tenant, locked, State.UNDOING)
    audit.record(tenant, "import.undone", by=by, target=run.source, details={"run": run.pk})


def can_undo(run: ImportRun) -> bool:
    ended = run.state in (State.SUCCEEDED, State.FAILED, State.CANCELLED)
    return bool(ended and run.pieces and run.kept and run.undo_until and run.undo_until > timezone.now())


def _locked(tenant: Tenant, run: ImportRun, *states: str) -> ImportRun:
    """The run's row, locked: two people who press a button at once do it once."""
    locked: ImportRun = tenant.import_runs.select_for_update().get(pk=run.pk)
    if locked.state not in states or (locked.state in (State.DRAFT, State.CHECKED) and not locked.stored):
        raise Conflict(f"This import is {locked.get_state_display().lower()}. Nothing was changed.")
    return locked


def _begin(tenant: Tenant, run: ImportRun, state: str) -> None:
    run.state, run.stop_asked, run.working_since, run.finished_at, run.error = state, False, None, None, ""
    if state != State.UNDOING:
        run.rows = run.kept = run.created = run.changed = run.unchanged = run.refused = run.pieces = 0
        run.report_bytes, run.problems, run.examples = 0, [], run.examples if state == State.RUNNING else []
    if state == State.RUNNING:
        run.undo_until = timezone.now() + timedelta(days=UNDO_DAYS)
    run.save()
    work.enqueue(tenant, TASK, subject=run.pk, key=f"{run.pk}:{state}")


def progress(run: ImportRun) -> dict[str, Any]:
    """Share from 0 to 100 (None while unknown) and seconds left (None while that says too little)."""
    done, total = run.rows, run.total or 0
    if run.state == State.UNDOING:
        done, total = sum(run.undone.values()), run.kept
    share = min(100, round(100 * done / total)) if total and run.working_since else None
    left = None
    if share and share >= 5 and run.working_since:
        spent = (timezone.now() - run.working_since).total_seconds()
        left = max(1, round(spent * (total - done) / done)) if done < total else 1
    return {"share": share, "left": left, "is_waiting": run.working_since is None}
