"""From a file's frame to rendered rows for the staging tables, and what is wrong with the others."""

import hashlib
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

LINES_A_TIME = 100_000
MAX_LINES = 10_000  # of one order


@dataclass
class Checked:
    """`tables`: what to copy where. `ids`: the rows' own ids. `faults`: (line, field, message, value)."""

    rows: int
    refused: int = 0
    doubled: int = 0
    tables: dict[str, io.BytesIO] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)
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
        self, frame: pd.DataFrame, first: int, checks: dict[str, columns.Check], required: list[str], own_id: str = "id"
    ) -> tuple[dict[str, Column], np.ndarray]:
        """The checked columns, and the rows that cannot be taken. Raises Problem without a needed column."""
        chosen = columns.choose(frame, list(checks), own_id=own_id)
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
            column = columns.check(frame[chosen[name]], by, zone=self.tenant.zone)
            found[name] = column
            if column.faults:
                wrong = column.bad()
                for row in np.flatnonzero(wrong):
                    code = int(column.codes[row])
                    self.fault(first + int(row), name, column.faults[code].message, str(column.values[code])[:80])
                bad |= wrong
            if name in required:
                bad |= self.lacking(column.codes < 0, first, name)
        return found, bad

    def lacking(self, rows: np.ndarray, first: int, name: str, message: str = "Is required.") -> np.ndarray:
        for row in np.flatnonzero(rows):
            self.fault(first + int(row), name, message, "")
        return rows


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _array(values: list[str]) -> str:
    """PostgreSQL's spelling of a list of texts."""
    return "{" + ",".join('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in values) + "}"


def _moment(value: datetime) -> str:
    return value.isoformat()


def _render(table: str, arrays: list[Any]) -> io.BytesIO:
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


def products(reader: Reader, frame: pd.DataFrame, first: int) -> Iterator[Checked]:
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
    found, bad = reader.take(frame, first, checks, ["id", "title"], own_id="product")
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
        c["attributes"].filled({}).texts(_json),
        c["stock"].array(pa.int64()),
        c["published"].filled(default=True).array(pa.bool_()),
        c["updated_at"].texts(_moment),
    ]
    yield Checked(
        rows=len(frame),
        refused=int(bad.sum()),
        doubled=len(good) - len(rows),
        tables={staging.PRODUCT: _render(staging.PRODUCT, arrays)},
        ids=c["id"].texts().to_pylist(),
    )


def customers(reader: Reader, frame: pd.DataFrame, first: int) -> Iterator[Checked]:
    checks: dict[str, columns.Check] = {
        "id": columns.identifier(fields.identifier),
        "country": partial(fields.text, limit=60),
        "attributes": columns.decoded(fields.attributes),
        "updated_at": reader.time,
    }
    found, bad = reader.take(frame, first, checks, ["id"], own_id="customer")
    good = np.flatnonzero(~bad)
    rows = _last_of_each(found["id"], good)
    c = {name: column.pick(rows) for name, column in found.items()}
    arrays = [
        pa.array(np.arange(len(rows), dtype=np.int32)),
        c["id"].texts(),
        c["country"].filled("").texts(),
        c["attributes"].filled({}).texts(_json),
        c["updated_at"].texts(_moment),
    ]
    tables = {staging.CUSTOMER: _render(staging.CUSTOMER, arrays)}
    yield Checked(len(frame), refused=int(bad.sum()), doubled=len(good) - len(rows), tables=tables)


def orders(reader: Reader, frame: pd.DataFrame, first: int) -> Iterator[Checked]:
    """Order lines: an order is taken with all its lines or not at all."""
    checks: dict[str, columns.Check] = {
        "order_id": columns.identifier(fields.identifier),
        "customer_id": columns.identifier(fields.identifier),
        "session_id": columns.identifier(fields.identifier),
        "status": shapes.state,
        "currency": fields.currency,
        "ordered_at": reader.time,
        "product_id": columns.identifier(fields.identifier),
        "quantity": columns.whole(fields.quantity),
        "unit_price": fields.money,
        "updated_at": reader.time,
    }
    needed = ["order_id", "ordered_at", "product_id", "quantity", "unit_price"]
    found, bad = reader.take(frame, first, checks, needed)
    order = _numbers_of(found["order_id"])
    count = int(order.max(initial=-1)) + 1
    cents = found["unit_price"].texts(lambda value: str(int(value * 100))).cast(pa.int64()).fill_null(0).to_numpy()
    quantity = found["quantity"].numbers()
    known = np.flatnonzero(order >= 0)
    totals = np.bincount(order[known], weights=(cents * quantity.astype(np.float64))[known], minlength=count)
    sizes = np.bincount(order[known], minlength=count)
    heads = np.zeros(count, dtype=np.int64)
    heads[order[known][::-1]] = known[::-1]  # the first line of each
    for wrong, message in (
        (totals >= 1e14, "The lines come to more than 12 digits before the point."),
        (sizes > MAX_LINES, f"An order may have at most {MAX_LINES:,} lines."),
    ):
        at_fault = np.zeros(len(frame), dtype=bool)
        at_fault[heads[wrong]] = True
        bad |= reader.lacking(at_fault, first, "order_id", message)
    spoiled = np.zeros(count + 1, dtype=bool)
    spoiled[order[bad]] = True
    lost = spoiled[order] | bad
    reader.lacking(lost & ~bad, first, "order_id", "Another line of this order was refused.")
    rows = np.flatnonzero(~lost)
    rows = rows[np.argsort(order[rows], kind="stable")]
    yield from _sliced(reader, found, order, rows, cents * quantity, refused=int(lost.sum()))


def _numbers_of(ids: Column) -> np.ndarray:
    """Each row's order as a number; -1 where it has no usable id."""
    seen: dict[str, int] = {}
    numbers = [
        -1 if code in ids.faults else seen.setdefault(value, len(seen)) for code, value in enumerate(ids.values)
    ]
    return np.array([*numbers, -1], dtype=np.int64)[ids.codes]


def _sliced(
    reader: Reader, found: dict[str, Column], order: np.ndarray, rows: np.ndarray, amounts: np.ndarray, *, refused: int
) -> Iterator[Checked]:
    """Whole orders, so many at a time as have about LINES_A_TIME lines."""
    starts = np.flatnonzero(np.diff(order[rows], prepend=-2))
    ends = np.append(starts[1:], len(rows))
    first = 0
    if not len(starts):
        yield Checked(rows=refused, refused=refused)
    while first < len(starts):
        last = int(np.searchsorted(ends, starts[first] + LINES_A_TIME, side="right"))
        last = max(last, first + 1)
        piece = rows[starts[first] : ends[last - 1]]
        sizes = ends[first:last] - starts[first:last]
        yield _orders_piece(reader, found, piece, sizes, amounts[piece], refused=refused)
        refused, first = 0, last


def _orders_piece(
    reader: Reader, found: dict[str, Column], rows: np.ndarray, sizes: np.ndarray, amounts: np.ndarray, *, refused: int
) -> Checked:
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    c = {name: column.pick(rows[starts]) for name, column in found.items()}
    number = np.arange(len(sizes), dtype=np.int32)
    totals = pa.array(np.add.reduceat(amounts, starts))
    customer = c["customer_id"].filled("").texts()
    heads = [
        pa.array(number),
        c["order_id"].texts(),
        customer,
        c["session_id"].filled("").texts(),
        c["status"].filled("completed").texts(),
        c["currency"].filled(reader.tenant.currency).texts(),
        pa.array([f"{cents // 100}.{cents % 100:02d}" for cents in totals.to_pylist()]),
        c["ordered_at"].texts(_moment),
        c["updated_at"].texts(_moment),
    ]
    lines = [
        pa.array(np.repeat(number, sizes)),
        pa.array(np.arange(len(rows)) - np.repeat(starts, sizes)),
        found["product_id"].pick(rows).texts(),
        pa.array(found["quantity"].pick(rows).numbers()),
        found["unit_price"].pick(rows).texts(),
    ]
    return Checked(
        rows=len(rows) + refused,
        refused=refused,
        tables={staging.ORDER: _render(staging.ORDER, heads), staging.LINE: _render(staging.LINE, lines)},
        customers=set(customer.to_pylist()) - {""},
        weights=sizes,
    )


def events(reader: Reader, frame: pd.DataFrame, first: int) -> Iterator[Checked]:
    checks: dict[str, columns.Check] = {
        "type": fields.slug,
        "occurred_at": reader.event_time,
        "customer_id": columns.identifier(fields.identifier),
        "session_id": columns.identifier(fields.identifier),
        "product_id": columns.identifier(fields.identifier),
        "quantity": columns.whole(fields.quantity),
        "value": fields.money,
        "currency": fields.currency,
        "event_order_id": columns.identifier(fields.identifier),
        "recommendation_id": fields.token,
        "placement": partial(fields.text, limit=40),
        "event_id": fields.uuid,
    }
    found, bad = reader.take(frame, first, checks, ["type", "occurred_at"])
    nobody = (found["customer_id"].codes < 0) & (found["session_id"].codes < 0)
    bad |= reader.lacking(nobody & ~bad, first, "customer_id", "There is neither a customer nor a session.")
    names_one = np.array([kind in shapes.NEEDS_PRODUCT or kind == "purchase" for kind in [*found["type"].values, ""]])
    without = names_one[found["type"].codes] & (found["product_id"].codes < 0)
    bad |= reader.lacking(without & ~bad, first, "product_id", "This kind of event names its product.")
    good = np.flatnonzero(~bad)
    c = {name: column.pick(good) for name, column in found.items()}
    made = _content_ids([c[name] for name in checks if name != "event_id"])
    given = c["event_id"].texts().to_pylist()
    ids = pd.Series([own or other for own, other in zip(given, made, strict=True)], dtype=object)
    once = np.flatnonzero(~ids.duplicated().to_numpy())
    c = {name: column.pick(once) for name, column in c.items()}
    valued = c["currency"].filled(reader.tenant.currency).texts()
    currency = pa.compute.if_else(pa.compute.is_valid(c["value"].texts()), valued, c["currency"].filled("").texts())
    arrays = [
        pa.array(np.arange(len(once), dtype=np.int32)),
        pa.array(ids.iloc[once].tolist(), type=pa.string()),
        c["occurred_at"].texts(_moment),
        c["type"].texts(),
        *(c[name].filled("").texts() for name in ("customer_id", "session_id", "product_id")),
        pa.array(c["quantity"].filled(1).numbers()),
        c["value"].texts(),
        currency,
        *(c[name].filled("").texts() for name in ("event_order_id", "recommendation_id", "placement")),
    ]
    times = {c["occurred_at"].values[code] for code in np.unique(c["occurred_at"].codes)}
    yield Checked(
        rows=len(frame),
        refused=int(bad.sum()),
        doubled=len(good) - len(once),
        tables={staging.EVENT: _render(staging.EVENT, arrays)},
        months={time.date().replace(day=1) for time in times},
        customers=set(c["customer_id"].filled("").texts().to_pylist()) - {""},
    )


def _content_ids(cells: list[Column]) -> list[str]:
    """An id made of what a row says: the same row is the same event, in whichever file it comes again."""
    if not len(cells[0].codes):
        return []
    halves = np.zeros((len(cells[0].codes), 2), dtype=np.uint64)
    for place, cell in enumerate(cells):
        digests = [
            np.frombuffer(hashlib.blake2b(f"{place}\t{value}".encode(), digest_size=16).digest(), dtype=np.uint64)
            for value in [*cell.values, None]
        ]
        halves += np.array(digests)[cell.codes]
    whole = ((int(high) << 64 | int(low)) for high, low in halves)
    # Version 8 (RFC 9562): a UUID of the maker's own making.
    made = ((n & ~(0xF << 76) & ~(0x3 << 62) | 0x8 << 76 | 0x2 << 62) for n in whole)
    return [f"{n >> 96:08x}-{n >> 80 & 0xFFFF:04x}-{n >> 64 & 0xFFFF:04x}-{n >> 48 & 0xFFFF:04x}-{n & 0xFFFFFFFFFFFF:012x}" for n in made]
