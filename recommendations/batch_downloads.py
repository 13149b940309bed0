"""All lists of a job as CSV, JSON Lines or Parquet, made chunk by chunk while they are sent."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import UUID

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from luxebrain.lib import cells
from recommendations import batch_packing
from tenants import tenancy

TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson", "parquet": "application/vnd.apache.parquet"}
COLUMNS = ("customer_id", "status", "rank", "product_id", "score", "source", "reason")
_SCHEMA = pa.schema([
    ("customer_id", pa.string()), ("status", pa.string()), ("rank", pa.int32()), ("product_id", pa.string()),
    ("score", pa.float32()), ("source", pa.string()), ("reason", pa.string()),
])
Customers = Iterable[list[dict[str, Any]]]


def stream(tenant_id: int, public_id: UUID, format: str) -> Iterator[bytes]:
    """The file in pieces. Each chunk is read in a short transaction of its own; a job removed meanwhile ends it."""
    return FORMATS[format](_chunks(tenant_id, public_id))


def _chunks(tenant_id: int, public_id: UUID) -> Iterator[list[dict[str, Any]]]:
    number = -1
    while True:
        with tenancy.enter(tenant_id) as tenant:
            rows = tenant.batch_chunks.filter(job__public_id=public_id, number__gt=number, outcome__isnull=False)
            chunk = rows.order_by("number").first()
            if chunk is None:
                return
            number = chunk.number
            ids = batch_packing.unpack_ids(chunk.customers)
            found = list(batch_packing.told(ids, chunk.outcome, chunk.problems))
        yield found


def _rows(customers: list[dict[str, Any]]) -> Iterator[tuple[Any, ...]]:
    """One row per product; a customer without a list has one row without a product."""
    for one in customers:
        head, why = (one["customer_id"], one["status"]), one.get("reason")
        for item in one["items"]:
            yield (*head, item["rank"], item["product_id"], item["score"], item["source"], why)
        if not one["items"]:
            yield (*head, None, None, None, None, why)


def _csv(chunks: Customers) -> Iterator[bytes]:
    """Texts are guarded against spreadsheets (T10)."""
    yield cells.written([COLUMNS]).encode()
    for customers in chunks:
        yield cells.written(_rows(customers)).encode()


def _json_lines(chunks: Customers) -> Iterator[bytes]:
    for customers in chunks:
        yield b"".join(orjson.dumps(one) + b"\n" for one in customers)


class _Sink(io.RawIOBase):
    """A file that remembers how much was written and hands it over piece by piece."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.pieces.append(bytes(data))
        self.size += len(self.pieces[-1])
        return len(self.pieces[-1])

    def tell(self) -> int:
        return self.size

    def take(self) -> bytes:
        taken, self.pieces = b"".join(self.pieces), []
        return taken


def _parquet(chunks: Customers) -> Iterator[bytes]:
    sink = _Sink()
    writer = pq.ParquetWriter(pa.PythonFile(sink, mode="w"), _SCHEMA, compression="zstd")
    for customers in chunks:
        columns = list(zip(*_rows(customers), strict=True)) or [[] for _ in COLUMNS]
        arrays = [pa.array(list(cells), field.type) for cells, field in zip(columns, _SCHEMA, strict=True)]
        writer.write_table(pa.Table.from_arrays(arrays, schema=_SCHEMA))
        yield sink.take()
    writer.close()
    yield sink.take()


FORMATS: dict[str, Callable[[Customers], Iterator[bytes]]] = {"csv": _csv, "jsonl": _json_lines, "parquet": _parquet}
