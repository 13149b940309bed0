"""Texts of one kind, numbered as they are met: a table of hashes over one array of bytes, in compiled loops."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import types

from recommendations.algorithms.kernels import compiled

_UPPER = 0xFFFFFFFF00000000
_u1, _i4, _i8, _u8 = types.uint8[::1], types.int32[::1], types.int64[::1], types.uint64[::1]
_U1 = types.Array(types.uint8, 1, "C", readonly=True)
_U8 = types.Array(types.uint64, 1, "C", readonly=True)
_AT = types.Array(types.int64, 1, "C", readonly=True)
_SIZES = types.Array(types.int32, 1, "C", readonly=True)


class Names:
    """Texts of one kind, numbered as they are met; 0 is "".

    Not for two threads at once. The number says when a text was met, which may be another time tomorrow: `ordered`
    gives numbers that depend on the texts alone.
    """

    def __init__(self) -> None:
        self._count = 1
        self._slots = np.zeros(1 << 12, np.uint64)  # the upper half of the hash, and the number
        self._hashes = np.zeros(1 << 11, np.uint64)
        self._starts = np.zeros((1 << 11) + 1, np.int64)
        self._text = np.empty(1 << 15, np.uint8)

    def __len__(self) -> int:
        return self._count

    def numbers(
        self, raw: np.ndarray, at: np.ndarray, sizes: np.ndarray, hashes: np.ndarray, prefix: np.ndarray
    ) -> np.ndarray:
        """int32 number of each text `raw[at : at + size]`, with the prefix before it unless it is empty."""
        found = np.empty(len(at), np.int32)
        done = 0
        while True:
            done, self._count = _number(
                raw, at, sizes, hashes, prefix, self._slots, self._hashes, self._starts, self._text, self._count, done,
                found)
            if done == len(found):
                return found
            self._grow(int(sizes[done]) + len(prefix))

    def _grow(self, size: int) -> None:
        """Room for one text more, of so many bytes, and for as many again as there are."""
        if self._starts[self._count] + size > len(self._text):
            self._text = _longer(self._text, 2 * len(self._text) + size)
        if self._count == len(self._hashes):
            self._hashes = _longer(self._hashes, 2 * self._count)
            self._starts = _longer(self._starts, 2 * self._count + 1)
            self._slots = np.zeros(4 * self._count, np.uint64)
            _placed(self._slots, self._hashes, self._count)

    def texts(self, numbers: np.ndarray, absent: np.ndarray | None = None) -> list[str | None]:
        """The text of each number, None where it is marked as absent."""
        found: list[str | None] = self._all().take(pa.array(numbers, mask=absent)).to_pylist()
        return found

    def ordered(self, used: np.ndarray) -> tuple[pa.Array, np.ndarray]:
        """The texts whose numbers are `used` (bool, by number), in their order, and the place of each number in it
        (int32; -1: not used)."""
        numbers = np.flatnonzero(used)
        texts = self._all().take(pa.array(numbers))
        order = pc.sort_indices(texts)
        places = np.full(len(used), -1, np.int32)
        places[numbers[order.to_numpy()]] = np.arange(len(numbers), dtype=np.int32)
        return texts.take(order), places

    def marked(self, *columns: np.ndarray) -> np.ndarray:
        """Which numbers stand in these columns."""
        marks = np.zeros(self._count, np.bool_)
        for column in columns:
            marks[column] = True
        return marks

    def _all(self) -> pa.Array:
        starts = self._starts[: self._count + 1]
        if starts[-1] >= 1 << 31:
            raise OverflowError("more than 2 GB of ids")
        offsets = pa.py_buffer(starts.astype(np.int32))
        return pa.StringArray.from_buffers(self._count, offsets, pa.py_buffer(self._text[: starts[-1]]))


def _longer(array: np.ndarray, length: int) -> np.ndarray:
    longer = np.zeros(length, array.dtype)
    longer[: len(array)] = array
    return longer


@compiled(types.UniTuple(types.int64, 2)(_U1, _AT, _SIZES, _U8, _U1, _u8, _u8, _i8, _u1, types.int64, types.int64, _i4),
          boundscheck=False, nogil=True)
def _number(raw, at, sizes, hashes, prefix, slots, known, starts, text, count, row, found):  # type: ignore[no-untyped-def]
    """Numbers the texts from `row` on; the row that needs more room, or their count, and how many names there are."""
    u8, mask, before = types.uint64, types.uint64(len(slots) - 1), len(prefix)
    for row in range(row, len(at)):  # noqa: B020
        size, place, mixed = sizes[row], at[row], hashes[row]
        if size == 0:
            found[row] = 0
            continue
        slot = mixed & mask
        number = 0
        while slots[slot] != 0:
            if (slots[slot] ^ mixed) & u8(_UPPER) == 0:
                number = types.int64(slots[slot] & u8(0xFFFFFFFF))
                start = starts[number]
                same = starts[number + 1] - start == before + size
                for byte in range(before if same else 0):
                    same = same and text[start + byte] == prefix[byte]
                for byte in range(size if same else 0):
                    same = same and text[start + before + byte] == raw[place + byte]
                if same:
                    break
                number = 0
            slot = (slot + u8(1)) & mask
        if number == 0:
            used = starts[count]
            if count == len(known) or used + before + size > len(text):
                return row, count
            number = count
            slots[slot], known[number] = mixed & u8(_UPPER) | u8(number), mixed
            for byte in range(before):
                text[used + byte] = prefix[byte]
            for byte in range(size):
                text[used + before + byte] = raw[place + byte]
            count += 1
            starts[count] = used + before + size
        found[row] = number
    return len(at), count


@compiled(types.void(_u8, _U8, types.int64), boundscheck=False, nogil=True)
def _placed(slots, known, count):  # type: ignore[no-untyped-def]
    """Puts the numbers 1 to `count` - 1 where their hashes say; twice as many slots, a power of two."""
    mask = types.uint64(len(slots) - 1)
    for number in range(1, count):
        slot = known[number] & mask
        while slots[slot] != 0:
            slot = (slot + types.uint64(1)) & mask
        slots[slot] = known[number] & types.uint64(_UPPER) | types.uint64(number)
