"""Reads CSV, JSON Lines and Parquet as frames, a piece at a time, without guessing at types."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from luxebrain.lib.problems import Problem

PIECE = 50_000
FORMATS = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".jsonl": "json", ".ndjson": "json", ".parquet": "parquet"}

Frame = tuple[pd.DataFrame, int]  # and the line of the file that its first row stands on


class Unreadable(Problem):
    """The file as a whole cannot be read."""

    code = "unreadable_file"


def pieces(source: Path | pd.DataFrame) -> Iterator[Frame]:
    """The frames of a file, chosen by its ending, or of a frame. Raises Unreadable."""
    if isinstance(source, pd.DataFrame):
        for start in range(0, len(source), PIECE):
            yield source.iloc[start : start + PIECE].reset_index(drop=True), start + 1
        return
    reader = {"csv": _csv, "json": _json, "parquet": _parquet}.get(FORMATS.get(source.suffix.lower(), ""))
    if reader is None:
        raise Unreadable(f"{source.name}: the ending must be one of {', '.join(FORMATS)}.")
    try:
        yield from reader(source)
    except FileNotFoundError:
        raise Unreadable(f"{source.name}: there is no such file.") from None
    except (pa.ArrowException, UnicodeDecodeError, OSError) as error:
        raise Unreadable(f"{source.name}: {str(error)[:300]}") from error


def count(source: Path | pd.DataFrame) -> int | None:
    """The number of rows, where it is known without reading; for text a count of the line ends."""
    if isinstance(source, pd.DataFrame):
        return len(source)
    try:
        if source.suffix.lower() == ".parquet":
            return int(pa.parquet.ParquetFile(source).metadata.num_rows)
        with source.open("rb") as file:
            lines = sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
        return lines - (FORMATS.get(source.suffix.lower()) == "csv")
    except (pa.ArrowException, OSError):
        return None


def _csv(path: Path) -> Iterator[Frame]:
    """Every column as text: an id such as 007 must not become a number."""
    with path.open("rb") as file:
        head = file.readline(1 << 20)
    text = head.decode("utf-8-sig").strip("\r\n")
    delimiter = max(",;\t", key=text.count)
    names = pa.csv.read_csv(pa.BufferReader(head), parse_options=pa.csv.ParseOptions(delimiter=delimiter)).column_names
    if len(set(names)) != len(names):
        raise Unreadable(f"{path.name}: two columns have the same name.")
    line = 2
    reader = pa.csv.open_csv(
        path,
        read_options=pa.csv.ReadOptions(block_size=4 << 20, use_threads=False),
        parse_options=pa.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=pa.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
        ),
    )
    for batch in reader:
        for start in range(0, batch.num_rows, PIECE):
            piece = batch.slice(start, PIECE)
            yield piece.to_pandas(), line
            line += piece.num_rows


def _parquet(path: Path) -> Iterator[Frame]:
    line = 1
    for batch in pa.parquet.ParquetFile(path).iter_batches(batch_size=PIECE):
        yield batch.to_pandas(), line
        line += batch.num_rows


def _json(path: Path) -> Iterator[Frame]:
    rows: list[object] = []
    first = 1
    with path.open("rb") as file:
        for number, text in enumerate(file, start=1):
            try:
                row = orjson.loads(text) if text.strip() else {}
            except orjson.JSONDecodeError as error:
                raise Unreadable(f"{path.name}: line {number} is not JSON: {error}.") from None
            if type(row) is not dict:
                raise Unreadable(f"{path.name}: line {number} is not an object.")
            rows.append(row)
            if len(rows) == PIECE:
                yield _objects(rows), first
                rows, first = [], number + 1
    if rows:
        yield _objects(rows), first


def _objects(rows: list[object]) -> pd.DataFrame:
    """Values as they were written: 5 stays a whole number although other rows lack the field."""
    names = dict.fromkeys(name for row in rows for name in row)  # type: ignore[attr-defined]
    columns = {name: pd.Series([row.get(name) for row in rows], dtype=object) for name in names}  # type: ignore[attr-defined]
    return pd.DataFrame(columns, index=range(len(rows)))
