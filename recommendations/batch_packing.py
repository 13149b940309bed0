"""How a chunk's customers and their lists are stored: columns of Arrow, compressed; about a tenth of JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

LISTED, EMPTY, SKIPPED, FAILED = range(4)
STATES = ("ok", "empty", "skipped", "failed")
UNKNOWN = "This customer is not known to the shop."
_CODEC = pa.Codec("zstd", compression_level=1)
_OPTIONS = pa.ipc.IpcWriteOptions(compression=_CODEC)


@dataclass(slots=True)
class Lists:
    """The lists of n customers, one after another.

    states    uint8 [n], LISTED, EMPTY, SKIPPED or FAILED
    unknown   bool [n], whether the shop knows nothing of the customer
    counts    int32 [n], length of each list
    items     int32 [total], place of each product in `names`
    scores    float32 [total]; sources: uint8 [total], place in `origins`
    """

    states: np.ndarray
    unknown: np.ndarray
    counts: np.ndarray
    items: np.ndarray
    scores: np.ndarray
    sources: np.ndarray
    names: Sequence[str]
    origins: Sequence[str]

    def __len__(self) -> int:
        return len(self.states)


def pack_ids(ids: Sequence[str]) -> bytes:
    raw = orjson.dumps(ids)
    return len(raw).to_bytes(4, "little") + bytes(_CODEC.compress(raw, asbytes=True))


def unpack_ids(packed: bytes | memoryview) -> list[str]:
    packed = bytes(packed)
    raw = _CODEC.decompress(packed[4:], decompressed_size=int.from_bytes(packed[:4], "little"), asbytes=True)
    return list(orjson.loads(raw))


def pack(lists: Lists) -> bytes:
    ends = np.concatenate(([0], np.cumsum(lists.counts))).astype(np.int32)
    width = np.uint16 if len(lists.names) < 65_536 else np.int32
    products = pa.DictionaryArray.from_arrays(pa.array(lists.items.astype(width)), pa.array(lists.names, pa.string()))
    origins = pa.DictionaryArray.from_arrays(
        pa.array(lists.sources.astype(np.uint8)), pa.array(lists.origins, pa.string())
    )
    batch = pa.record_batch({
        "state": pa.array(lists.states.astype(np.uint8)),
        "unknown": pa.array(lists.unknown),
        "product": pa.ListArray.from_arrays(ends, products),
        "score": pa.ListArray.from_arrays(ends, pa.array(lists.scores.astype(np.float32))),
        "source": pa.ListArray.from_arrays(ends, origins),
    })
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=_OPTIONS) as writer:
        writer.write_batch(batch)
    return bytes(sink.getvalue().to_pybytes())


def unpack(packed: bytes | memoryview) -> pa.RecordBatch:
    return pa.ipc.open_stream(pa.py_buffer(bytes(packed))).read_next_batch()


def told(
    ids: Sequence[str], packed: bytes | memoryview, problems: Mapping[str, str], *, start: int = 0,
    stop: int | None = None,
) -> Iterator[dict[str, Any]]:
    """What the API says of the customers start..stop of a chunk."""
    batch = unpack(packed).slice(start, None if stop is None else stop - start)
    states, unknown = batch["state"].to_pylist(), batch["unknown"].to_pylist()
    columns = (batch[name].to_pylist() for name in ("product", "score", "source"))
    for place, (products, scores, sources) in enumerate(zip(*columns, strict=True)):
        number = start + place
        found: dict[str, Any] = {
            "customer_id": ids[number] or None, "status": STATES[states[place]], "unknown": unknown[place],
            "items": [
                {"product_id": product, "rank": rank, "score": round(score, 6), "source": source}
                for rank, (product, score, source) in enumerate(zip(products, scores, sources, strict=True), start=1)
            ],
        }
        if why := problems.get(str(number)):
            found["reason"] = why
        yield found


def parts(packed: bytes | memoryview) -> Iterator[tuple[int, bool, list[tuple[str, float, str]]]]:
    """What `joined` takes, of every customer of a chunk."""
    batch = unpack(packed)
    columns = (batch[name].to_pylist() for name in ("state", "unknown", "product", "score", "source"))
    for state, unknown, products, scores, sources in zip(*columns, strict=True):
        yield state, unknown, list(zip(products, scores, sources, strict=True))


def counted(lists: Lists) -> dict[str, int]:
    """How many customers were done (a list that had to stay empty included), left out, failed, and are strangers."""
    by_state = np.bincount(lists.states, minlength=4)
    return {
        "processed": int(by_state[LISTED] + by_state[EMPTY]), "skipped": int(by_state[SKIPPED]),
        "failed": int(by_state[FAILED]), "unknown": int(np.count_nonzero(lists.unknown)),
    }


def counted_in(packed: bytes | memoryview) -> dict[str, int]:
    batch = unpack(packed)
    none = np.empty(0, np.int32)
    states = batch["state"].to_numpy(zero_copy_only=False)
    unknown = batch["unknown"].to_numpy(zero_copy_only=False)
    return counted(Lists(states, unknown, none, none, none, none, (), ()))


def joined(parts: Iterable[tuple[int, bool, Sequence[tuple[str, float, str]]]]) -> Lists:
    """Of lists made one by one: (state, unknown, [(product, score, source), …])."""
    names: dict[str, int] = {}
    origins: dict[str, int] = {}
    states, unknown, counts, items, scores, sources = [], [], [], [], [], []
    for state, is_unknown, rows in parts:
        states.append(state)
        unknown.append(is_unknown)
        counts.append(len(rows))
        for product, score, source in rows:
            items.append(names.setdefault(product, len(names)))
            scores.append(score)
            sources.append(origins.setdefault(source, len(origins)))
    return Lists(
        np.array(states, np.uint8), np.array(unknown, np.bool_), np.array(counts, np.int32), np.array(items, np.int32),
        np.array(scores, np.float32), np.array(sources, np.uint8), list(names), list(origins),
    )
