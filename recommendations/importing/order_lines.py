"""From a file's order lines to rendered orders and lines: an order with all its lines or not at all."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute

from recommendations import fields, shapes, staging
from recommendations.importing import columns
from recommendations.importing.checking import Checked, Reader, iso, render
from recommendations.importing.columns import Column

LINES_A_TIME = 100_000
MAX_LINES = 10_000  # of one order


def orders(reader: Reader, frame: pd.DataFrame, lines: np.ndarray) -> Iterator[Checked]:
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
        "total": fields.money,
        "updated_at": reader.time,
    }
    needed = ["order_id", "ordered_at", "product_id", "quantity", "unit_price"]
    found, bad = reader.take(frame, lines, checks, needed)
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
        bad |= reader.lacking(at_fault, lines, "order_id", message)
    spoiled = np.zeros(count + 1, dtype=bool)
    spoiled[order[bad]] = True
    lost = spoiled[order] | bad
    reader.lacking(lost & ~bad, lines, "order_id", "Another line of this order was refused.")
    rows = np.flatnonzero(~lost)
    rows = rows[np.argsort(order[rows], kind="stable")]
    yield from _sliced(reader, found, order, rows, cents * quantity, lines, refused=int(lost.sum()))


def _numbers_of(ids: Column) -> np.ndarray:
    """Each row's order as a number; -1 where it has no usable id."""
    seen: dict[str, int] = {}
    numbers = [
        -1 if code in ids.faults else seen.setdefault(value, len(seen)) for code, value in enumerate(ids.values)
    ]
    return np.array([*numbers, -1], dtype=np.int64)[ids.codes]


def _sliced(
    reader: Reader,
    found: dict[str, Column],
    order: np.ndarray,
    rows: np.ndarray,
    amounts: np.ndarray,
    lines: np.ndarray,
    *,
    refused: int,
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
        yield _orders_piece(reader, found, piece, sizes, amounts[piece], lines, refused=refused)
        refused, first = 0, last


def _orders_piece(
    reader: Reader,
    found: dict[str, Column],
    rows: np.ndarray,
    sizes: np.ndarray,
    amounts: np.ndarray,
    lines: np.ndarray,
    *,
    refused: int,
) -> Checked:
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    c = {name: column.pick(rows[starts]) for name, column in found.items()}
    number = np.arange(len(sizes), dtype=np.int32)
    summed = [f"{cents // 100}.{cents % 100:02d}" for cents in np.add.reduceat(amounts, starts).tolist()]
    customer = c["customer_id"].filled("").texts()
    heads = [
        pa.array(number),
        c["order_id"].texts(),
        customer,
        c["session_id"].filled("").texts(),
        c["status"].filled("completed").texts(),
        c["currency"].filled(reader.tenant.currency).texts(),
        pa.compute.coalesce(c["total"].texts(), pa.array(summed, type=pa.string())),
        c["ordered_at"].texts(iso),
        c["updated_at"].texts(iso),
    ]
    bought = [
        pa.array(np.repeat(number, sizes)),
        pa.array(np.arange(len(rows)) - np.repeat(starts, sizes)),
        found["product_id"].pick(rows).texts(),
        pa.array(found["quantity"].pick(rows).numbers()),
        found["unit_price"].pick(rows).texts(),
    ]
    return Checked(
        rows=len(rows) + refused,
        refused=refused,
        tables={staging.ORDER: render(staging.ORDER, heads), staging.LINE: render(staging.LINE, bought)},
        ids=c["order_id"].texts().to_pylist(),
        lines=lines[rows[starts]],
        customers=set(customer.to_pylist()) - {""},
        weights=sizes,
    )
