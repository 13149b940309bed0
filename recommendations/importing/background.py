"""The long part of an import: check, write and undo, piece by piece, each piece in a transaction of its own.

A worker may die at any line: the pieces that are done are counted on the run's row in the transaction of
their effect, and whoever takes the work over goes on behind them.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from luxebrain.lib import logs
from luxebrain.lib.problems import Problem
from recommendations import former, history, inbox, ingest, outlook, staging, storage
from recommendations.importing import files, layouts, reading, reports, tidying
from recommendations.importing.checking import Checked, Reader
from recommendations.importing.run import KEPT_PROBLEMS, MERGES, STEPS, frames, stage, unlearn
from recommendations.models import ImportRun
from tenants import epochs, tenancy, work
from tenants.models import Tenant

State = ImportRun.State
log = logs.get(__name__)
_EXAMPLES = 200


class Taken(Exception):
    """Somebody else goes on with this run, or it is not to be gone on with: write nothing more."""


@dataclass
class Job:
    """One attempt at a run. `renew` keeps the lease; the row is read anew in every transaction."""

    tenant: Tenant
    run: ImportRun
    renew: Callable[[], None]
    is_check: bool
    report: reports.Report
    seen: set[str]


def carry_on(tenant_id: int, run_id: int, *, renew: Callable[[], None], finish: Callable[[], None], last: bool) -> None:
    """Does what the run's state asks for. `finish` is called in the transaction of the end; `last`: no more tries."""
    with tenancy.enter(tenant_id) as tenant:
        run = tenant.import_runs.select_for_update().filter(pk=run_id, state__in=ImportRun.UNDER_WAY).first()
        if run is None:
            return
        if run.working_since is None:
            run.working_since = timezone.now()
            run.save(update_fields=["working_since"])
    try:
        if run.state == State.UNDOING:
            _undo(tenant, run, renew)
        else:
            _read(tenant, run, renew)
        error = ""
    except Taken:
        return
    except Stopped:
        error = ""
    except Problem as problem:
        error = problem.detail.replace(run.stored, run.source)[:500]
    except Exception as fault:
        if not last:
            raise
        log.exception("import.broken")
        error = f"The import broke off: {type(fault).__name__}. What was imported before can be undone."
    _end(tenant_id, run, error, finish)


def _read(tenant: Tenant, run: ImportRun, renew: Callable[[], None]) -> None:
    how = files.reading_of(run)
    file = storage.path(tenant.pk, run.stored)
    is_check = run.state == State.CHECKING
    with reports.open_at(tenant.pk, run, is_check=is_check) as report:
        job = Job(tenant, run, renew, is_check, report, set())
        now = timezone.now()
        since = now - timedelta(days=tenant.plan.retention_days)
        reader = Reader(tenant, now, since, report.fault, is_mapped=True, is_lossy=how.is_lossy)
        if run.total is None:
            run.total = reading.count(file, how)
        known = layouts.BY_CODE.get(run.layout)
        whole = bool(known and known.is_grouped)
        refused: Counter[str] = Counter()

        def refuse(line: int, message: str, value: str) -> None:
            report.fault(line, "", message, value)
            refused["rows"] += 1

        number = 0
        for frame, lines in frames(run.kind, file, how, refuse=refuse, is_whole=whole):
            renew()
            frame, lines, joined = tidying.tidy(
                frame, lines, kind=run.kind, layout=run.layout, mapping=run.mapping, tenant_id=tenant.pk
            )
            report.joined(joined)
            for checked in STEPS[run.kind](reader, frame, lines):
                extra = Counter(rows=len(joined) + refused["rows"], unchanged=len(joined), refused=refused["rows"])
                refused.clear()
                joined = joined[:0]
                if number >= job.run.pieces:
                    _piece(job, number, checked, extra)
                else:
                    report.forget()
                number += 1
                renew()
        if refused["rows"]:
            _tail(job, refused["rows"])


def _tail(job: Job, refused: int) -> None:
    """Rows that are no rows, behind the last piece."""
    with tenancy.enter(job.tenant.pk) as tenant:
        run = _held(job, tenant, None)
        _count(run, Counter(rows=refused, refused=refused), job, [])
    job.run = run


def _held(job: Job, tenant: Tenant, number: int | None) -> ImportRun:
    """The run's row, locked and still ours. Raises Taken."""
    run: ImportRun | None = tenant.import_runs.select_for_update().filter(pk=job.run.pk).first()
    if run is None or run.state != job.run.state or (number is not None and run.pieces != number):
        raise Taken
    return run


def _piece(job: Job, number: int, checked: Checked, extra: Counter[str]) -> None:
    inbox.ensure_partitions(checked.months)
    with tenancy.enter(job.tenant.pk) as tenant:
        run = _held(job, tenant, number)
        if run.stop_asked:
            run.save()
            job.run = run
            raise Stopped
        tally = Counter(rows=checked.rows, refused=checked.refused, unchanged=checked.doubled) + extra
        outcomes: list[outlook.Outcome] = []
        if checked.tables:
            outcomes = _look(tenant, run, checked) if job.is_check else _write(tenant, run, checked, number)
        for n, outcome, fields in outcomes:
            weight = 1 if checked.weights is None else int(checked.weights[n])
            name = {"created": "created", "updated": "changed"}.get(outcome, "unchanged")
            if job.is_check and name == "created":
                if checked.ids[n] in job.seen:
                    name = "changed"
                job.seen.add(checked.ids[n])
            tally[name] += weight
            job.report.row(int(checked.lines[n]), checked.ids[n], name, fields, is_older=outcome == "older")
        job.report.again(checked.again)
        run.pieces, run.total = number + 1, job.run.total
        _count(run, tally, job, job.report.examples)
    job.run = run


def _count(run: ImportRun, tally: Counter[str], job: Job, examples: list[dict[str, Any]]) -> None:
    run.rows += tally["rows"]
    run.created += tally["created"]
    run.changed += tally["changed"]
    run.unchanged += tally["unchanged"]
    run.refused += tally["refused"]
    run.kept = run.created + run.changed
    run.problems = (run.problems + job.report.first)[:KEPT_PROBLEMS]
    if job.is_check:
        run.examples = (run.examples + examples)[:_EXAMPLES]
    run.report_bytes = job.report.flush()
    run.save()


class Stopped(Problem):
    """A person asked to stop."""

    code = "stopped"

    def __init__(self) -> None:
        super().__init__("")


def _look(tenant: Tenant, run: ImportRun, checked: Checked) -> list[outlook.Outcome]:
    staging.open(tenant, *checked.tables)
    for table, rendered in checked.tables.items():
        staging.copy(tenant, table, rendered)
    return outlook.compare(tenant, run.kind)


def _write(tenant: Tenant, run: ImportRun, checked: Checked, number: int) -> list[outlook.Outcome]:
    stage(tenant, run.kind, checked)
    former.keep(tenant, run.kind)
    outcomes = MERGES[run.kind](tenant)
    made = [checked.ids[n] for n, outcome in outcomes if outcome == "created"] if run.kind == "events" else []
    former.note(tenant, run.kind, run=run.pk, number=number, events=made)
    unlearn(tenant, run.kind, checked)
    return [(n, outcome, []) for n, outcome in outcomes]


def _undo(tenant: Tenant, run: ImportRun, renew: Callable[[], None]) -> None:
    """The latest piece first; customers that orders named last. A piece that is taken back is gone."""
    while True:
        renew()
        with tenancy.enter(tenant.pk) as entered:
            held = entered.import_runs.select_for_update().get(pk=run.pk)
            if held.state != State.UNDOING:
                raise Taken
            pieces = entered.import_pieces.filter(run=held.pk)
            piece = pieces.exclude(kind="buyers").order_by("-number", "-part").first() or pieces.first()
            if piece is None:
                return
            counts, everybody = former.put_back(entered, piece)
            if piece.kind in ("customers", "buyers"):
                everybody = {*piece.made, *piece.changed}
            for name in ("removed", "restored", "left"):
                held.undone[name] = held.undone.get(name, 0) + counts[name]
            held.save(update_fields=["undone"])
            piece.delete()
            stale = {history.subject(customer=customer) for customer in everybody}
            transaction.on_commit(lambda stale=stale: ingest.forget(tenant.pk, stale), robust=True)


def _end(tenant_id: int, run: ImportRun, error: str, finish: Callable[[], None]) -> None:
    with tenancy.enter(tenant_id) as tenant:
        held = tenant.import_runs.select_for_update().get(pk=run.pk)
        if held.state not in ImportRun.UNDER_WAY:
            return
        changed = bool(held.kept) and held.state != State.CHECKING
        if held.state == State.UNDOING:
            held.state = State.UNDONE
        elif held.state == State.CHECKING and not held.stop_asked:
            held.state = State.DRAFT if error else State.CHECKED
            counted = ("rows", "created", "changed", "unchanged", "refused")
            held.checked = {name: getattr(held, name) for name in counted}
            held.checked["blocked"] = _room(tenant, held)
        else:
            held.state = State.FAILED if error else State.CANCELLED if held.stop_asked else State.SUCCEEDED
            storage.remove(tenant_id, held.stored)
            held.stored = ""
        held.error, held.finished_at = error, timezone.now()
        held.save()
        if changed:
            _tell(tenant, held)
        finish()
    log.info("import.ended", run=run.pk, state=held.state, rows=held.rows, kept=held.kept, refused=held.refused)


def _tell(tenant: Tenant, run: ImportRun) -> None:
    if run.kind == "products":
        epochs.bump(tenant, "catalogue")
    elif run.kind == "orders":
        ingest.tell_orders(tenant)
    if run.state == State.UNDONE and run.kind in ("orders", "events"):
        # What is gone leaves no trace of the days it belonged to: all days are counted anew.
        work.enqueue(tenant, "recommendations.roll_up", key="roll_up_all", payload={"since": "2000-01-01T00:00:00Z"})


def _room(tenant: Tenant, run: ImportRun) -> str:
    limit = tenant.plan.products
    have = tenant.products.count() if run.kind == "products" and limit is not None else 0
    if run.kind != "products" or limit is None or have + run.created <= limit:
        return ""
    return (
        f"The {tenant.plan.name} plan holds {limit:,} products and there are {have:,}; "
        f"this file would add {run.created:,}."
    )
