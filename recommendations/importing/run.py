"""One import: its row, its pieces each in a transaction of its own, its report."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from django.db import transaction
from django.utils import timezone

from luxebrain.lib import logs
from luxebrain.lib.cells import guard
from luxebrain.lib.problems import Problem
from recommendations import history, inbox, ingest, shoppers, staging, suppression
from recommendations.importing import checking, event_rows, layouts, order_lines, reading
from recommendations.importing.checking import Checked, Reader
from recommendations.models import ImportRun
from tenants import epochs, tenancy
from tenants.models import Tenant

KINDS = layouts.KINDS
KEPT_PROBLEMS = 200
Progress = Callable[[int, int | None], None]
log = logs.get(__name__)

STEPS: dict[str, Callable[[Reader, pd.DataFrame, np.ndarray], Iterator[Checked]]] = {
    "products": checking.products,
    "customers": checking.customers,
    "orders": order_lines.orders,
    "events": event_rows.events,
}
MERGES = {
    "products": staging.merge_products,
    "customers": staging.merge_customers,
    "orders": staging.merge_orders,
    "events": staging.merge_events,
}


@dataclass
class Report:
    """Every refused row goes to the file, the first ones also onto the run's row."""

    file: Any = None
    first: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.writer = csv.writer(self.file) if self.file else None
        if self.writer:
            self.writer.writerow(["line", "field", "message", "value"])

    def add(self, line: int, name: str, message: str, value: str) -> None:
        if len(self.first) < KEPT_PROBLEMS:
            self.first.append({"line": line, "field": name, "message": message, "value": value.replace("\0", "")})
        if self.writer:
            self.writer.writerow([line, guard(name), guard(message), guard(value)])


def load(
    tenant: Tenant,
    kind: str,
    source: Path | str | pd.DataFrame,
    *,
    progress: Progress = lambda done, total: None,
    report: Path | None = None,
    name: str = "",
) -> ImportRun:
    """Takes in a file or a frame; the run tells what was kept and what was refused, and why.

    Doing it again changes nothing. What is wrong with the file as a whole is the run's error.
    """
    if kind not in STEPS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}")
    path = source if isinstance(source, pd.DataFrame) else Path(source)
    shown = name or (path.name if isinstance(path, Path) else f"{kind} (frame)")
    with tenancy.within(tenant.pk) as entered:
        run = entered.import_runs.create(kind=kind, source=shown[:200])
    sink = report.open("w", newline="", encoding="utf-8") if report else io.StringIO()
    with sink:
        notes = Report(sink if report else None)
        try:
            for counts in _pieces(entered, kind, path, notes, progress):
                run.rows += counts["rows"]
                run.kept += counts["kept"]
                run.unchanged += counts["unchanged"]
                run.refused += counts["refused"]
            run.state = ImportRun.State.SUCCEEDED
        except Problem as problem:
            run.state, run.error = ImportRun.State.FAILED, problem.detail[:500]
        except Exception as error:
            run.state, run.error = ImportRun.State.FAILED, f"{type(error).__name__}: {error}"[:500]
            raise
        finally:
            _finish(tenant, run, notes)
    return run


def _finish(tenant: Tenant, run: ImportRun, notes: Report) -> None:
    run.problems, run.finished_at = notes.first, timezone.now()
    with tenancy.within(tenant.pk) as entered:
        run.save()
        if run.kept and run.kind == "products":
            epochs.bump(entered, "catalogue")
        elif run.kept and run.kind == "orders":
            ingest.tell_orders(entered)
    log.info("import.done", kind=run.kind, state=run.state, rows=run.rows, kept=run.kept, refused=run.refused)


def _pieces(
    tenant: Tenant, kind: str, source: Path | pd.DataFrame, notes: Report, progress: Progress
) -> Iterator[Counter[str]]:
    total = reading.count(source)
    done = 0
    now = timezone.now()
    since = now - timedelta(days=tenant.plan.retention_days)
    reader = Reader(tenant, now, since, notes.add)
    progress(0, total)
    for frame, lines in frames(kind, source):
        for checked in STEPS[kind](reader, frame, lines):
            yield _merge(tenant, kind, checked)
            done += checked.rows
            progress(done, total)


def frames(
    kind: str,
    source: Path | pd.DataFrame,
    how: reading.Reading | None = None,
    *,
    refuse: reading.Refuse | None = None,
    is_whole: bool = False,
) -> Iterator[reading.Frame]:
    """Piece by piece; order lines in one, because an order's lines may stand anywhere in a file."""
    if kind != "orders" and not is_whole:
        yield from reading.pieces(source, how, refuse=refuse)
        return
    if isinstance(source, pd.DataFrame):
        yield source.reset_index(drop=True), np.arange(1, len(source) + 1)
        return
    found = list(reading.pieces(source, how, refuse=refuse))
    if found:
        yield pd.concat([frame for frame, _ in found], ignore_index=True), np.concatenate([at for _, at in found])


def _merge(tenant: Tenant, kind: str, checked: Checked) -> Counter[str]:
    """Copies one piece in and merges it, in one transaction as the application's role."""
    inbox.ensure_partitions(checked.months)
    tally: Counter[str] = Counter(rows=checked.rows, refused=checked.refused, unchanged=checked.doubled)
    if not checked.tables:
        return tally
    with tenancy.within(tenant.pk) as entered:
        stage(entered, kind, checked)
        outcomes = MERGES[kind](entered)
        unlearn(entered, kind, checked)
    for n, outcome in outcomes:
        weight = 1 if checked.weights is None else int(checked.weights[n])
        tally["kept" if outcome in ("created", "updated") else "unchanged"] += weight
    return tally


def unlearn(tenant: Tenant, kind: str, checked: Checked) -> None:
    """After the commit, what is kept of the shoppers that a piece names is read again from the rows; of an
    erased one nothing is kept."""
    erased = suppression.read(tenant)
    subjects = {history.subject(customer=customer) for customer in checked.customers}
    stale = {of for of in subjects if not erased.has(of)}
    own = [one for one in checked.ids if not erased.has(f"c:{one}")] if kind == "customers" else []
    tenant_id = tenant.pk

    def forget() -> None:
        ingest.forget(tenant_id, stale)
        shoppers.forget(tenant_id, own)

    transaction.on_commit(forget, robust=True)


def stage(tenant: Tenant, kind: str, checked: Checked) -> None:
    """Copies one piece into the staging tables. Raises PlanLimit. Inside the transaction that merges it."""
    if kind == "products":
        ingest.check_room(tenant, checked.ids)
    staging.open(tenant, *checked.tables)
    for table, rendered in checked.tables.items():
        staging.copy(tenant, table, rendered)
