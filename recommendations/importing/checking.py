"""From a file's products and customers to rendered rows for staging; the parts that orders and events share."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from luxebrain.lib.problems import Problem
from recommendations import fields, shapes, staging
from recommendations.fields import Refused
from recommendations.importing import columns
from recommendations.importing.columns import Column
from tenants.models import Tenant


@dataclass
class Checked:
    """`tables`: what to copy where. `ids`, `lines`: id and place of each staged row. `again`: the lines of
    rows that a later one of the same id replaces."""

    rows: int
    refused: int = 0
    doubled: int = 0
    tables: dict[str, io.BytesIO] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)
    lines: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    again: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    customers: set[str] = field(default_factory=set)
    months: set[Any] = field(default_factory=set)
    weights: np.ndarray | None = None  # how many of the file's rows a staged row stands for


@dataclass
class Reader:
    """What is the same for every piece of one import."""

    tenant: Tenant
    now: datetime
    since: datetime
    fault: Callable[[int, str, str, str], None]
    is_mapped: bool = False  # the columns bear our names already; nothing is guessed
    is_lossy: bool = False  # cells with U+FFFD held bytes that are no text

    def time(self, value: Any) -> Any:
        parsed = columns.time_check(self.tenant.zone, fields.moment)(value)
        if parsed > self.now + shapes.MAX_AHEAD:
            raise Refused("future", "Must not lie in the future.")
        return parsed

    def event_time(self, value: Any) -> Any:
        parsed = self.time(value)
        if parsed < self.since:
            raise Refused("range", f"Events are kept since {self.since:%Y-%m-%d} in your plan.")
        return parsed

    def take(
        self,
        frame: pd.DataFrame,
        lines: np.ndarray,
        checks: dict[str, columns.Check],
        required: list[str],
        own_id: str = "id",
    ) -> tuple[dict[str, Column], np.ndarray]:
        """The checked columns, and the rows that cannot be taken. Raises Problem without a needed column."""
        if self.is_mapped:
            chosen = {name: name for name in checks if name in frame}
        else:
            chosen = columns.choose(frame.columns, list(checks), own_id=own_id)
        lacking = [name for name in required if name not in chosen]
        if lacking:
            seen = ", ".join(map(str, frame.columns))[:300]
            raise Problem(f"There is no column for {', '.join(lacking)}. The columns are: {seen}.", code="no_column")
        found: dict[str, Column] = {}
        bad = np.zeros(len(frame), dtype=bool)
        for name, by in checks.items():
            if name not in chosen:
                found[name] = columns.missing(len(frame))
                continue
            column = columns.check(frame[chosen[name]], by, zone=self.tenant.zone, is_lossy=self.is_lossy)
            found[name] = column
            if column.faults:
                wrong = column.bad()
                for row in np.flatnonzero(wrong):
                    code = int(column.codes[row])
                    self.fault(int(lines[row]), name, column.faults[code].message, str(column.values[code])[:80])
                bad |= wrong
            if name in required:
                bad |= self.lacking(column.codes < 0, lines, name)
        return found, bad

    def lacking(self, rows: np.ndarray, lines: np.ndarray, name: str, message: str = "Is required.") -> np.ndarray:
        for row in np.flatnonzero(rows):
            self.fault(int(lines[row]), name, message, "")
        return rows


def as_json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _array(values: list[str]) -> str:
    """PostgreSQL's spelling of a list of texts."""
    return "{" + ",".join('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in values) + "}"


def iso(value: datetime) -> str:
    return value.isoformat()


def render(table: str, arrays: list[Any]) -> io.BytesIO:
    names = staging.names(table)
    sink = io.BytesIO()
    pa.csv.write_csv(
        pa.table(dict(zip(names, arrays, strict=True))), sink, pa.csv.WriteOptions(include_header=False)
    )
    sink.seek(0)
    return sink


def _last_of_each(ids: Column, rows: np.ndarray) -> np.ndarray:
    """Of rows with one id the last."""
    same = {value: code for code, value in enumerate(ids.values)}
    canonical = np.array([same[value] for value in ids.values], dtype=np.int64)
    return rows[~pd.Series(canonical[ids.codes[rows]]).duplicated(keep="last").to_numpy()]


def products(reader: Reader, frame: pd.DataFrame, lines: np.ndarray) -> Iterator[Checked]:
    texts = partial(partial, fields.text)
    checks: dict[str, columns.Check] = {
        "id": columns.identifier(fields.identifier),
        "title": texts(limit=500),
        "description": partial(fields.markup, limit=20_000),
        "url": fields.url,
        "image_url": fields.url,
        "price": fields.money,
        "currency": fields.currency,
        "categories": columns.listed(partial(fields.texts, most=20, limit=120)),
        "brand": texts(limit=120),
        "tags": columns.listed(partial(fields.texts, most=50, limit=80)),
        "attributes": columns.decoded(fields.attributes),
        "stock": columns.whole(fields.stock),
        "published": columns.flag,
        "updated_at": reader.time,
    }
    found, bad = reader.take(frame, lines, checks, ["id", "title"], own_id="product")
    good = np.flatnonzero(~bad)
    rows = _last_of_each(found["id"], good)
    c = {name: column.pick(rows) for name, column in found.items()}
    arrays = [
        pa.array(np.arange(len(rows), dtype=np.int32)),
        c["id"].texts(),
        c["title"].texts(),
        *(c[name].filled("").texts() for name in ("description", "url", "image_url")),
        c["price"].texts(),
        c["currency"].filled(reader.tenant.currency).texts(),
        c["categories"].filled([]).texts(_array),
        c["brand"].filled("").texts(),
        c["tags"].filled([]).texts(_array),
        c["attributes"].filled({}).texts(as_json),
        c["stock"].array(pa.int64()),
        c["published"].filled(default=True).array(pa.bool_()),
        c["updated_at"].texts(iso),
    ]
    yield Checked(
        rows=len(frame),
        refused=int(bad.sum()),
        doubled=len(good) - len(rows),
        tables={staging.PRODUCT: render(staging.PRODUCT, arrays)},
        ids=c["id"].texts().to_pylist(),
        lines=lines[rows],
        again=lines[np.setdiff1d(good, rows)],
    )


def customers(reader: Reader, frame: pd.DataFrame, lines: np.ndarray) -> Iterator[Checked]:
    checks: dict[str, columns.Check] = {
        "id": columns.identifier(fields.identifier),
        "country": partial(fields.text, limit=60),
        "attributes": columns.decoded(fields.attributes),
        "updated_at": reader.time,
    }
    found, bad = reader.take(frame, lines, checks, ["id"], own_id="customer")
    good = np.flatnonzero(~bad)
    rows = _last_of_each(found["id"], good)
    c = {name: column.pick(rows) for name, column in found.items()}
    arrays = [
        pa.array(np.arange(len(rows), dtype=np.int32)),
        c["id"].texts(),
        c["country"].filled("").texts(),
        c["attributes"].filled({}).texts(as_json),
        c["updated_at"].texts(iso),
    ]
    yield Checked(
        rows=len(frame),
        refused=int(bad.sum()),
        doubled=len(good) - len(rows),
        tables={staging.CUSTOMER: render(staging.CUSTOMER, arrays)},
        ids=c["id"].texts().to_pylist(),
        lines=lines[rows],
        again=lines[np.setdiff1d(good, rows)],
    )
