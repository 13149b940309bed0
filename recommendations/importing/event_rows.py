"""From a file's events to rendered rows; an event without an id gets one made of what it says."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute

from recommendations import fields, shapes, staging
from recommendations.importing import columns
from recommendations.importing.checking import Checked, Reader, as_json, iso, render
from recommendations.importing.columns import Column


def events(reader: Reader, frame: pd.DataFrame, lines: np.ndarray) -> Iterator[Checked]:
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
        "properties": columns.decoded(fields.attributes),
    }
    found, bad = reader.take(frame, lines, checks, ["type", "occurred_at"])
    nobody = (found["customer_id"].codes < 0) & (found["session_id"].codes < 0)
    bad |= reader.lacking(nobody & ~bad, lines, "customer_id", "There is neither a customer nor a session.")
    names_one = np.array([kind in shapes.NEEDS_PRODUCT or kind == "purchase" for kind in [*found["type"].values, ""]])
    without = names_one[found["type"].codes] & (found["product_id"].codes < 0)
    bad |= reader.lacking(without & ~bad, lines, "product_id", "This kind of event names its product.")
    old = _too_old(reader, found)
    bad |= reader.lacking(old & ~bad, lines, "occurred_at", "Your plan keeps this kind for less long.")
    good = np.flatnonzero(~bad)
    c = {name: column.pick(good) for name, column in found.items()}
    made = _content_ids([c[name] for name in checks if name not in ("event_id", "properties")])
    given = c["event_id"].texts().to_pylist()
    ids = pd.Series([own or other for own, other in zip(given, made, strict=True)], dtype=object)
    once = np.flatnonzero(~ids.duplicated().to_numpy())
    c = {name: column.pick(once) for name, column in c.items()}
    valued = c["currency"].filled(reader.tenant.currency).texts()
    currency = pa.compute.if_else(pa.compute.is_valid(c["value"].texts()), valued, c["currency"].filled("").texts())
    arrays = [
        pa.array(np.arange(len(once), dtype=np.int32)),
        pa.array(ids.iloc[once].tolist(), type=pa.string()),
        c["occurred_at"].texts(iso),
        c["type"].texts(),
        *(c[name].filled("").texts() for name in ("customer_id", "session_id", "product_id")),
        pa.array(c["quantity"].filled(1).numbers()),
        c["value"].texts(),
        currency,
        *(c[name].filled("").texts() for name in ("event_order_id", "recommendation_id", "placement")),
        c["properties"].filled({}).texts(as_json),
    ]
    times = {c["occurred_at"].values[code] for code in np.unique(c["occurred_at"].codes)}
    yield Checked(
        rows=len(frame),
        refused=int(bad.sum()),
        doubled=len(good) - len(once),
        tables={staging.EVENT: render(staging.EVENT, arrays)},
        months={time.date().replace(day=1) for time in times},
        ids=ids.iloc[once].tolist(),
        lines=lines[good][once],
        again=lines[good][np.setdiff1d(np.arange(len(good)), once)],
        customers=set(c["customer_id"].filled("").texts().to_pylist()) - {""},
    )


def _too_old(reader: Reader, found: dict[str, Column]) -> np.ndarray:
    """Rows of kinds that the plan keeps for less long than others."""
    plan = reader.tenant.plan
    firsts = [(reader.now - timedelta(days=plan.days_of(kind))).timestamp() for kind in found["type"].values]
    times = [moment.timestamp() for moment in found["occurred_at"].values]
    first, time = np.array([*firsts, -np.inf]), np.array([*times, np.inf])
    return time[found["occurred_at"].codes] < first[found["type"].codes]


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
    return [f"{n:032x}" for n in made]
