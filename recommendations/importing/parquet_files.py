"""Parquet as frames: what a file declares is summed before anything is read, repeated texts stay shared."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from recommendations.importing.faults import Unreadable

MAX_BYTES = 2 << 30  # of all columns, unpacked
MAX_ROWS = 20_000_000
MAX_COLUMNS = 500
MAX_FOOTER = 16 << 20
MAX_BATCH = 256 << 20
_FIRST_BATCH = 256


def count(path: Path) -> int:
    return int(_opened(path).metadata.num_rows)


def _opened(path: Path, shared: list[str] | None = None) -> pq.ParquetFile:
    with path.open("rb") as file:
        if file.seek(0, 2) >= 12:
            file.seek(-8, 2)
            tail = file.read(8)
            if tail[4:] == b"PAR1" and int.from_bytes(tail[:4], "little") > MAX_FOOTER:
                raise Unreadable(f"{path.name}: its description of itself is larger than {MAX_FOOTER >> 20} MB.")
    return pq.ParquetFile(
        path,
        read_dictionary=shared,
        thrift_string_size_limit=MAX_FOOTER,
        thrift_container_size_limit=1_000_000,
    )


def frames(path: Path, size: int) -> Iterator[tuple[pd.DataFrame, np.ndarray]]:
    """Batches begin small and grow: a file whose sizes were a lie is found out while it is cheap."""
    schema = _checked(path)
    texts = [field.name for field in schema if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)]
    line, step = 1, min(_FIRST_BATCH, size)
    held: list[pa.RecordBatch] = []
    with _opened(path, texts) as file:
        for batch in file.iter_batches(batch_size=step):
            if batch.nbytes > MAX_BATCH:
                raise Unreadable(f"{path.name}: a few rows of it take more than {MAX_BATCH >> 20} MB.")
            held.append(batch)
            rows = sum(one.num_rows for one in held)
            if rows >= size or sum(one.nbytes for one in held) > MAX_BATCH:
                yield _frame(held), np.arange(line, line + rows)
                line, held = line + rows, []
    if held:
        yield _frame(held), np.arange(line, line + sum(one.num_rows for one in held))


def _checked(path: Path) -> pa.Schema:
    file = _opened(path)
    with file:
        told, schema = file.metadata, file.schema_arrow
    declared = sum(told.row_group(n).total_byte_size for n in range(told.num_row_groups))
    if told.num_rows > MAX_ROWS or told.num_columns > MAX_COLUMNS or declared > MAX_BYTES:
        raise Unreadable(
            f"{path.name}: declares {told.num_rows:,} rows in {told.num_columns:,} columns, {declared >> 20:,} MB "
            f"unpacked; at most {MAX_ROWS:,} rows, {MAX_COLUMNS} columns and {MAX_BYTES >> 20:,} MB are read."
        )
    if len(set(schema.names)) != len(schema.names):
        raise Unreadable(f"{path.name}: two columns have the same name.")
    return schema


def _frame(batches: list[pa.RecordBatch]) -> pd.DataFrame:
    table = pa.Table.from_batches(batches)
    for place, field in enumerate(table.schema):
        if pa.types.is_decimal(field.type):  # exact, where a float would round
            table = table.set_column(place, field.name, table.column(place).cast(pa.string()))
    return table.unify_dictionaries().to_pandas()
