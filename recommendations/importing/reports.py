"""The row-level report of a run: a CSV beside the file, written piece by piece, safe in spreadsheets."""

import csv
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from luxebrain.lib.cells import guard
from recommendations import storage
from recommendations.models import ImportRun

HEAD = ["line", "id", "outcome", "field", "message", "value"]
EXAMPLES = 200


class Report:
    """Collects what became of the rows; `flush` writes it and begins anew. `first`: refused rows for the page."""

    def __init__(self, file: BinaryIO, room: int) -> None:
        self.file, self.room = file, room
        self.forget()

    def forget(self) -> None:
        """Drops what was collected: a piece that an earlier attempt has done."""
        self.rows: list[tuple[int, str, str, str, str, str]] = []
        self.first: list[dict[str, Any]] = []
        self.examples: list[dict[str, Any]] = []

    def fault(self, line: int, field: str, message: str, value: str) -> None:
        self.rows.append((line, "", "refused", field, message, value))
        if len(self.first) < self.room:
            self.first.append({"line": line, "field": field, "message": message, "value": value.replace("\0", "")})

    def row(self, line: int, own_id: str, outcome: str, fields: Sequence[str], *, is_older: bool) -> None:
        message = "A newer state is stored." if is_older else ""
        listed = ", ".join(fields)
        self.rows.append((line, own_id, outcome, listed, message, ""))
        if len(self.examples) < EXAMPLES and outcome != "unchanged":
            self.examples.append({"line": line, "id": own_id, "outcome": outcome, "fields": listed})

    def again(self, lines: np.ndarray) -> None:
        message = "The same id comes again further down; the last row counts."
        self.rows.extend((int(line), "", "unchanged", "id", message, "") for line in lines)

    def joined(self, lines: np.ndarray) -> None:
        self.rows.extend((int(line), "", "unchanged", "", "Belongs to another row's product.", "") for line in lines)

    def flush(self) -> int:
        """Writes what was collected; how long the report is now, in bytes."""
        sink = io.StringIO()
        writer = csv.writer(sink)
        for line, *cells in sorted(self.rows):
            writer.writerow([line, *map(guard, cells)])
        self.file.write(sink.getvalue().encode("utf-8", "replace"))
        self.file.flush()
        self.room = max(0, self.room - len(self.first))
        self.forget()
        return self.file.tell()


@contextmanager
def open_at(tenant_id: int, run: ImportRun, *, is_check: bool) -> Iterator[Report]:
    """The run's report, cut to what its done pieces wrote; a new one is begun with its heading."""
    path = path_of(tenant_id, run)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        file.truncate(run.report_bytes)
        file.seek(run.report_bytes)
        if not run.report_bytes:
            file.write((",".join(HEAD) + "\r\n").encode())
        yield Report(file, 200 - len(run.problems))


def path_of(tenant_id: int, run: ImportRun) -> Path:
    return storage.path(tenant_id, run.report)
