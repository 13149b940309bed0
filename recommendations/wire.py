"""Rows of `COPY … (FORMAT binary)` as columns, taken apart while the server still writes; texts become numbers.

Protocol: PostgreSQL's manual, COPY, "Binary Format".
"""

from __future__ import annotations

import io
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import types

from recommendations.algorithms.kernels import compiled
from recommendations.names import Names

BLOCK = 1 << 21  # bytes that are taken apart at once
_WAITING = 8  # blocks that may wait for it
_HEADER = 19  # signature, flags, length of an extension that no server sends
_SIGNATURE = b"PGCOPY\n\xff\r\n\0"
_EPOCH = 946_684_800  # 2000-01-01, from which the server counts, in seconds since 1970
_FNV, _FNV_STEP = 0xCBF29CE484222325, 0x100000001B3  # FNV-1a of 64 bits, draft-eastlake-fnv
MALFORMED = "the server's answer is not what was asked for"

_U1 = types.Array(types.uint8, 1, "C", readonly=True)
_U8 = types.Array(types.uint64, 1, "C", readonly=True)
_B1 = types.Array(types.boolean, 1, "C", readonly=True)


@dataclass(frozen=True)
class Text:
    """A field of text: where it is numbered, and what is put before one that is not empty."""

    names: Names
    prefix: bytes = b""


NUMBER = None  # a field that is a whole number, a float8, a moment or a yes or no
Field = Text | None


class Columns(io.RawIOBase):
    """What COPY writes into; `finish` gives a column per field: int32 numbers of its names, or int64.

    The rows are taken apart in a thread beside the one that receives them. Raises ValueError where the answer has
    other fields than `fields`, or a null.
    """

    def __init__(self, fields: list[Field]) -> None:
        super().__init__()
        self._fields = fields
        prefixes = [np.frombuffer(field.prefix, np.uint8) if field else np.empty(0, np.uint8) for field in fields]
        self._prefixes, self._seeds = prefixes, np.array([_hash(prefix.tolist()) for prefix in prefixes], np.uint64)
        self._is_text = np.array([field is not None for field in fields])
        self._parts: list[list[np.ndarray]] = [[np.empty(0, np.int32 if field else np.int64)] for field in fields]
        self._room: tuple[np.ndarray, ...] = (np.empty((0, 0)),)
        self._left, self._begun = b"", False
        self._thread = ThreadPoolExecutor(1, "wire")
        self._waiting: deque[Future[None]] = deque()

    def writable(self) -> bool:
        return True

    def write(self, block: Any) -> int:
        while len(self._waiting) >= _WAITING:
            self._waiting.popleft().result()
        self._waiting.append(self._thread.submit(self._take_apart, bytes(block)))
        return len(block)

    def finish(self) -> list[np.ndarray]:
        for block in self._waiting:
            block.result()
        if self._left != b"\xff\xff":
            raise ValueError(MALFORMED)
        return [np.concatenate(parts) for parts in self._parts]

    def close(self) -> None:
        self._thread.shutdown(cancel_futures=True)
        super().close()

    def _take_apart(self, block: bytes) -> None:
        text, begin = self._left + block, 0
        if not self._begun:
            if len(text) < _HEADER:
                self._left = text
                return
            if not text.startswith(_SIGNATURE):
                raise ValueError(MALFORMED)
            self._begun, begin = True, _HEADER
        raw = np.frombuffer(text, np.uint8)
        fields = len(self._fields)
        most = (len(raw) - begin) // (2 + 4 * fields) + 1
        if most > self._room[0].shape[1]:  # kept for the next block: fresh memory is slow at its first touch
            self._room = tuple(np.empty((fields, most), kind) for kind in (np.int64, np.int32, np.uint64))
        values, sizes, hashes = self._room
        rows, end = _split(raw, begin, self._is_text, self._seeds, values, sizes, hashes)
        if rows < 0:
            raise ValueError(MALFORMED)
        for number, (field, prefix, parts) in enumerate(zip(self._fields, self._prefixes, self._parts, strict=True)):
            found = values[number, :rows]
            parts.append(found.copy() if field is None else
                         field.names.numbers(raw, found, sizes[number, :rows], hashes[number, :rows], prefix))
        self._left = text[end:]


def seconds(moments: np.ndarray) -> np.ndarray:
    """Whole seconds since 1970 of moments as the server writes them (microseconds since 2000), rounded down."""
    return moments // 1_000_000 + _EPOCH


def _hash(text: list[int]) -> int:
    value = _FNV
    for byte in text:
        value = (value ^ byte) * _FNV_STEP % (1 << 64)
    return value


@compiled(types.UniTuple(types.int64, 2)(_U1, types.int64, _B1, _U8, types.int64[:, ::1], types.int32[:, ::1],
                                         types.uint64[:, ::1]), boundscheck=False, nogil=True)
def _split(raw, at, is_text, seeds, values, sizes, hashes):  # type: ignore[no-untyped-def]
    """Takes the whole rows from `at` on apart; how many (-1: malformed), and where the rest begins.

    values    by field and row: the number, or where the text begins
    sizes     bytes of the text; hashes: of the seed and the text, mixed as murmur3 does at its end
    """
    u8, row, limit, width = types.uint64, 0, len(raw), len(is_text)
    while at + 2 <= limit:
        if raw[at] == 255 and raw[at + 1] == 255:  # the end
            break
        if raw[at] << 8 | raw[at + 1] != width:
            return -1, at
        place = at + 2
        for field in range(width):
            if place + 4 > limit:
                return row, at
            if raw[place] > 127:  # a null
                return -1, at
            size = raw[place] << 24 | raw[place + 1] << 16 | raw[place + 2] << 8 | raw[place + 3]
            place += 4
            if place + size > limit:
                return row, at
            if is_text[field]:
                mixed = seeds[field]
                for byte in range(place, place + size):
                    mixed = (mixed ^ u8(raw[byte])) * u8(_FNV_STEP)
                mixed = (mixed ^ mixed >> u8(33)) * u8(0xFF51AFD7ED558CCD)
                values[field, row], sizes[field, row], hashes[field, row] = place, size, mixed ^ mixed >> u8(33)
            else:
                if size < 1 or size > 8:
                    return -1, at
                whole = types.int64(types.int8(raw[place]))
                for byte in range(place + 1, place + size):
                    whole = whole << 8 | raw[byte]
                values[field, row] = whole
            place += size
        at = place
        row += 1
    return row, at
