"""Reads CSV, JSON Lines, Parquet and product feeds as frames, a piece at a time, without guessing at types."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa

from luxebrain.lib.problems import Problem
from recommendations.importing import csv_files, feed_files, parquet_files
from recommendations.importing.faults import Refuse, Unreadable

PIECE = 50_000
FORMATS = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".jsonl": "json", ".ndjson": "json", ".parquet": "parquet"}

Frame = tuple[pd.DataFrame, np.ndarray]  # and the line of the file that each row stands on


@dataclass(frozen=True)
class Reading:
    """How a file is read. format: csv, json, parquet or feed; the rest is for csv."""

    format: str
    encoding: str = "utf-8"
    delimiter: str = ""
    quote: str = '"'
    piece: int = PIECE

    @property
    def is_lossy(self) -> bool:
        """Bytes that are no text of this encoding come as U+FFFD, and cells with it are refused."""
        return self.encoding.endswith("+lossy")


def pieces(source: Path | pd.DataFrame, how: Reading | None = None, *, refuse: Refuse | None = None) -> Iterator[Frame]:
    """The frames of a file, or of a frame. Without `how` the file's ending decides.

    A row with too few or too many columns goes to `refuse`; without one the file is refused as a whole.
    Raises Unreadable.
    """
    if isinstance(source, pd.DataFrame):
        for start in range(0, len(source), PIECE):
            piece = source.iloc[start : start + PIECE].reset_index(drop=True)
            yield piece, np.arange(start + 1, start + 1 + len(piece))
        return
    how = how or Reading(FORMATS.get(source.suffix.lower(), ""))
    readers: dict[str, Callable[[], Iterator[Frame]]] = {
        "csv": lambda: csv_files.frames(source, how, refuse),
        "json": lambda: _json(source, how.piece),
        "parquet": lambda: parquet_files.frames(source, how.piece),
        "feed": lambda: feed_files.frames(source, how.piece),
    }
    if how.format not in readers:
        raise Unreadable(f"{source.name}: the ending must be one of {', '.join(FORMATS)}.")
    try:
        yield from readers[how.format]()
    except FileNotFoundError:
        raise Unreadable(f"{source.name}: there is no such file.") from None
    except Problem:
        raise
    except (pa.ArrowException, UnicodeError, OSError) as error:
        raise Unreadable(f"{source.name}: {str(error)[:300]}") from error


def count(source: Path | pd.DataFrame, how: Reading | None = None) -> int | None:
    """The number of rows, where it is known without reading; for text a count of the line ends."""
    if isinstance(source, pd.DataFrame):
        return len(source)
    kind = how.format if how else FORMATS.get(source.suffix.lower(), "")
    try:
        if kind == "parquet":
            return parquet_files.count(source)
        mark = b"</item>" if kind == "feed" else b"\n"
        with source.open("rb") as file:
            found = sum(block.count(mark) for block in iter(lambda: file.read(1 << 20), b""))
        return max(found - (kind == "csv"), 0) or None
    except (pa.ArrowException, OSError):
        return None


def _json(path: Path, size: int) -> Iterator[Frame]:
    rows: list[dict[str, object]] = []
    lines: list[int] = []
    with path.open("rb") as file:
        for number, text in enumerate(file, start=1):
            if not text.strip():
                continue
            try:
                row = orjson.loads(text)
            except orjson.JSONDecodeError as error:
                raise Unreadable(f"{path.name}: line {number} is not JSON: {error}.") from None
            if type(row) is not dict:
                raise Unreadable(f"{path.name}: line {number} is not an object.")
            rows.append(row)
            lines.append(number)
            if len(rows) == size:
                yield objects(rows), np.array(lines)
                rows, lines = [], []
    if rows:
        yield objects(rows), np.array(lines)


def objects(rows: list[dict[str, object]]) -> pd.DataFrame:
    """Values as they were written: 5 stays a whole number although other rows lack the field."""
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: pd.Series([row.get(name) for row in rows], dtype=object) for name in names}
    return pd.DataFrame(columns, index=range(len(rows)))
