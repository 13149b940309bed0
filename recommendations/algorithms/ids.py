"""External text ids and the dense numbers that stand for them, searchable without a dictionary."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import pairwise
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]
_SEARCHED = ("_hashes", "_keys", "_order", "_places")
_FEW = 50  # ids that are looked up one by one


def _digest(raw: bytes) -> bytes:
    return blake2b(raw, digest_size=8).digest()


def _hashes(raws: Iterable[bytes]) -> np.ndarray:
    return np.frombuffer(b"".join(map(_digest, raws)), dtype="<u8")


class IdMap:
    """Frozen map of n external ids to the indices 0..n-1.

    Four flat arrays, so that every process can map the same file: the utf-8 text of all ids, where
    each begins, their 64-bit hashes in ascending order, and the index that each hash belongs to.
    """

    __slots__ = ("_blob", "_count", "_hashes", "_keys", "_offsets", "_order", "_places", "_starts", "_text")

    def __init__(self, *, blob: np.ndarray, offsets: np.ndarray) -> None:
        """The map of distinct ids whose utf-8 text is uint8 `blob`, cut at int64 `offsets`."""
        self._blob = blob
        self._offsets = offsets
        # One entry of a view costs a third of one entry of an array.
        self._text, self._starts, self._count = memoryview(blob), memoryview(offsets), len(offsets) - 1

    def __getattr__(self, name: str) -> Any:
        """What is searched, made when it is first asked for: training numbers ids long before anybody looks one up."""
        if name not in _SEARCHED:
            raise AttributeError(name)
        text, cuts = self._blob.tobytes(), self._offsets.tolist()
        hashes = _hashes(text[start:end] for start, end in pairwise(cuts))
        order = np.argsort(hashes, kind="stable").astype(np.int32)
        self._search(hashes[order], order)
        return getattr(self, name)

    def _search(self, hashes: np.ndarray, order: np.ndarray) -> None:
        self._hashes, self._order = hashes, order
        self._keys, self._places = memoryview(hashes), memoryview(order)

    @classmethod
    def of(cls, ids: Iterable[str]) -> IdMap:
        """The map of these distinct ids, numbered in the order given."""
        raws = [value.encode() for value in ids]
        offsets = np.zeros(len(raws) + 1, dtype=np.int64)
        np.cumsum([len(raw) for raw in raws], out=offsets[1:])
        if len(set(raws)) != len(raws):
            raise ValueError("ids must be distinct")
        return cls(blob=np.frombuffer(b"".join(raws), dtype=np.uint8), offsets=offsets)

    @classmethod
    def encode(cls, values: Sequence[str]) -> tuple[IdMap, np.ndarray]:
        """The map of the distinct values in order of first appearance, and each value's index."""
        numbers = {value: number for number, value in enumerate(dict.fromkeys(values))}
        codes = np.fromiter(map(numbers.__getitem__, values), dtype=np.int32, count=len(values))
        return cls.of(numbers), codes

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[str]:
        text, cuts = self._blob.tobytes(), self._offsets.tolist()
        return (text[start:end].decode() for start, end in pairwise(cuts))

    def id(self, index: int) -> str:
        if not 0 <= index < self._count:
            raise IndexError(index)
        return str(self._text[self._starts[index] : self._starts[index + 1]], "utf-8")

    def ids(self, indices: Iterable[int]) -> list[str]:
        return [self.id(int(index)) for index in indices]

    def index(self, ids: Sequence[str]) -> np.ndarray:
        """int32 index of each id, -1 where it is unknown."""
        found = np.full(len(ids), -1, dtype=np.int32)
        raws = [value.encode("utf-8", "surrogatepass") for value in ids]
        hashes = _hashes(raws)
        starts = np.searchsorted(self._hashes, hashes)
        left: Iterable[int] = range(len(ids))
        if len(ids) > _FEW:
            left = self._together(raws, hashes, starts, found)
        for number in left:
            found[number] = self._compare(raws[number], int(hashes[number]), int(starts[number]))
        return found

    def _together(
        self, raws: Sequence[bytes], hashes: np.ndarray, starts: np.ndarray, found: np.ndarray
    ) -> list[int]:
        """Fills in those whose text is the first that has their hash; places of those that only share it."""
        there = np.flatnonzero(starts < len(self))
        there = there[self._hashes[starts[there]] == hashes[there]]
        index = self._order[starts[there]]
        begins, sizes = self._offsets[index], np.array([len(raws[number]) for number in there], np.int64)
        same = self._offsets[index + 1] - begins == sizes
        rows = np.flatnonzero(same)
        ends = np.cumsum(sizes[rows])
        text = np.arange(int(ends[-1]) if len(rows) else 0) + np.repeat(begins[rows] - ends + sizes[rows], sizes[rows])
        wanted = np.frombuffer(b"".join([raws[number] for number in there[rows]]), np.uint8)
        same[np.repeat(rows, sizes[rows])[self._blob[text] != wanted]] = False
        found[there[same]] = index[same]
        return list(there[~same].tolist())

    def find(self, name: str) -> int:
        """The index of one id, -1 where it is unknown: a third of the cost of `index`."""
        raw = name.encode("utf-8", "surrogatepass")
        key = int.from_bytes(_digest(raw), "little")
        return self._compare(raw, key, bisect_left(self._keys, key))

    def arrays(self, name: str) -> Arrays:
        """The map as arrays whose names begin with `name`."""
        return {
            f"{name}_blob": self._blob,
            f"{name}_offsets": self._offsets,
            f"{name}_hashes": self._hashes,
            f"{name}_order": self._order,
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays, name: str) -> IdMap:
        found = cls(blob=arrays[f"{name}_blob"], offsets=arrays[f"{name}_offsets"])
        found._search(arrays[f"{name}_hashes"], arrays[f"{name}_order"])
        return found

    def _raw(self, index: int) -> bytes:
        return bytes(self._text[self._starts[index] : self._starts[index + 1]])

    def _compare(self, raw: bytes, key: int, start: int) -> int:
        # Two texts may share a hash, so the text itself decides.
        for position in range(start, len(self)):
            if self._keys[position] != key:
                return -1
            index = self._places[position]
            if self._raw(index) == raw:
                return index
        return -1
