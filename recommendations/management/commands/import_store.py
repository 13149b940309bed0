"""manage.py import_store: a shop's products, customers, orders and events from files."""

import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from recommendations import importing
from recommendations.models import ImportRun
from tenants import tenancy


class Command(BaseCommand):
    help = "Load a shop's data from CSV, JSON Lines or Parquet files. Doing it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="The shop, as in /t/<slug>/")
        for kind in importing.KINDS:
            parser.add_argument(f"--{kind}", type=Path, metavar="FILE")
        parser.add_argument("--report", type=Path, metavar="FILE.csv", help="Write every refused row here")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = tenancy.named(options["slug"])
        if tenant is None:
            raise CommandError(f"There is no shop {options['slug']!r}.")
        files = [(kind, options[kind]) for kind in importing.KINDS if options[kind]]
        if not files:
            raise CommandError("Name at least one file: --products, --customers, --orders or --events.")
        runs = []
        console = Console(file=self.stdout)  # type: ignore[arg-type]
        for kind, path in files:
            report = options["report"]
            if report and len(files) > 1:
                report = report.with_name(f"{report.stem}-{kind}{report.suffix or '.csv'}")
            runs.append(self.load(console, tenant, kind, path, report))
        if any(run.state == ImportRun.State.FAILED for run in runs):
            raise CommandError("Not everything could be loaded.")

    def load(self, console: Console, tenant: Any, kind: str, path: Path, report: Path | None) -> ImportRun:
        begun = time.monotonic()
        columns = (
            TextColumn("{task.description:<10}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task(kind, rate="")

            def show(done: int, total: int | None) -> None:
                rate = done / max(time.monotonic() - begun, 1e-3)
                bar.update(task, completed=done, total=total, rate=f"{rate:,.0f} rows/s")

            run = importing.load(tenant, kind, path, progress=show, report=report)
        seconds = time.monotonic() - begun
        console.print(
            f"{kind}: {run.rows:,} rows, {run.kept:,} kept, {run.unchanged:,} unchanged, {run.refused:,} refused "
            f"in {seconds:.1f} s ({run.rows / max(seconds, 1e-3):,.0f} rows/s)",
            markup=False,
            soft_wrap=True,
        )
        for problem in run.problems[:10]:
            console.print(f"  line {problem['line']}, {problem['field']}: {problem['message']}", markup=False)
        if run.refused > 10:
            where = f"all are in {report}" if report else "--report FILE.csv writes all of them"
            console.print(f"  … {where}", markup=False)
        if run.error:
            console.print(f"  {run.error}", markup=False, style="red")
        return run
