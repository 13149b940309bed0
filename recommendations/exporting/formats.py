"""CSV, JSON Lines and Parquet: the same rows, written so that reading them back gives the same rows."""

import csv
import io
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from luxebrain.lib.cells import guard

Columns = tuple[tuple[str, str], ...]
FORMATS = {"csv": "CSV", "jsonl": "JSON Lines", "parquet": "Parquet"}
TYPES = {"csv": "text/csv", "jsonl": "application/x-ndjson", "parquet": "application/vnd.apache.parquet"}
_ARROW = {
    "text": pa.string(), "money": pa.decimal128(16, 2), "whole": pa.int64(), "flag": pa.bool_(),
    "time": pa.timestamp("us", "UTC"), "day": pa.date32(), "list": pa.list_(pa.string()), "json": pa.string(),
}  # fmt: skip


class Writer(Protocol):
    def write(self, rows: Iterable[tuple[Any, ...]]) -> None: ...

    def close(self) -> None: ...


def open_at(path: Path, format: str, columns: Columns) -> Writer:
    """A writer into a new file. Raises FileExistsError."""
    return {"csv": Csv, "jsonl": JsonLines, "parquet": Parquet}[format](path, columns)


def as_json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


_CELLS: dict[str, Callable[[Any], str]] = {
    "text": guard, "money": str, "whole": str, "flag": lambda value: "true" if value else "false",
    "time": lambda value: value.isoformat(), "day": lambda value: value.isoformat(), "list": as_json, "json": as_json,
}  # fmt: skip


class Csv:
    """Texts are guarded against spreadsheets; numbers are ours and stay numbers, a negative one too (T10)."""

    def __init__(self, path: Path, columns: Columns) -> None:
        self.file = path.open("x", encoding="utf-8", newline="")
        self.cells = [_CELLS[kind] for _, kind in columns]
        self.writer = csv.writer(self.file)
        self.writer.writerow([name for name, _ in columns])

    def write(self, rows: Iterable[tuple[Any, ...]]) -> None:
        for row in rows:
            cells = ("" if value is None else cell(value) for cell, value in zip(self.cells, row, strict=True))
            self.writer.writerow(list(cells))

    def close(self) -> None:
        self.file.close()


class JsonLines:
    def __init__(self, path: Path, columns: Columns) -> None:
        self.file: io.BufferedWriter = path.open("xb")
        self.names = [name for name, _ in columns]

    def write(self, rows: Iterable[tuple[Any, ...]]) -> None:
        for row in rows:
            self.file.write(orjson.dumps(dict(zip(self.names, row, strict=True)), default=_exact) + b"\n")

    def close(self) -> None:
        self.file.close()


def _exact(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(type(value).__name__)


class Parquet:
    def __init__(self, path: Path, columns: Columns) -> None:
        self.columns = columns
        self.schema = pa.schema([(name, _ARROW[kind]) for name, kind in columns])
        self.file = path.open("xb")
        self.writer = pq.ParquetWriter(self.file, self.schema, compression="zstd")

    def write(self, rows: Iterable[tuple[Any, ...]]) -> None:
        held = list(rows)
        arrays = []
        for place, (_, kind) in enumerate(self.columns):
            values = [row[place] for row in held]
            if kind == "json":
                values = [None if value is None else as_json(value) for value in values]
            arrays.append(pa.array(values, type=_ARROW[kind]))
        self.writer.write_table(pa.Table.from_arrays(arrays, schema=self.schema))

    def close(self) -> None:
        self.writer.close()
        self.file.close()
