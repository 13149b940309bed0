"""Scores a series of numbers on standard input with one of the two engines, row by row."""

import csv
import io
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from anomalies.detectors import scoring


class Command(BaseCommand):
    help = "Reads timestamp,value from standard input and writes timestamp,value,anomaly_score, each row at once."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--kind", choices=["count", "real"], required=True, help="counts per bucket, or values")
        parser.add_argument(
            "--bucket", type=float, metavar="SECONDS", help="length of a bucket of counts (default: as the rows lie)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["bucket"] is not None and not options["bucket"] > 0:
            raise CommandError("--bucket must be above 0 seconds")
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(errors="replace")  # a byte that is no text is no reason to stop
        out = csv.writer(sys.stdout, lineterminator="\n")
        try:
            rows = scoring.score(iter(sys.stdin.readline, ""), kind=options["kind"], seconds=options["bucket"])
            first = True
            for row, complaint in rows:
                if first:
                    out.writerow([*scoring.COLUMNS, "anomaly_score"])
                    first = False
                out.writerow(row)
                sys.stdout.flush()
                if complaint:
                    sys.stderr.write(complaint + "\n")
            if first:
                out.writerow([*scoring.COLUMNS, "anomaly_score"])
        except scoring.NoSeries as problem:
            raise CommandError(str(problem)) from problem
        except BrokenPipeError:
            sys.stderr.close()  # the reader has gone: nothing more to say
