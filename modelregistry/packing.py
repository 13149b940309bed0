"""The small arrays of an artefact in one file: their bytes end to end, and what the manifest says of each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from modelregistry.arrays import KINDS, SMALL_BYTES, ArrayDamaged, plain

NAME = "_packed"  # of the array that holds their bytes
READ_BYTES = 16_000_000  # up to here it is read, like the small arrays in it, not mapped
_ALIGNED = 16
Index = dict[str, Any]  # name -> [dtype, shape, where its bytes begin]


def packed(arrays: Mapping[str, np.ndarray]) -> tuple[dict[str, np.ndarray], Index]:
    """The arrays as they are written, those of at most SMALL_BYTES as one named NAME; and the index of that one.

    Equal bytes are kept once; equal arrays give equal files.
    """
    files: dict[str, np.ndarray] = {}
    index: Index = {}
    places: dict[bytes, int] = {}
    end = 0
    for name, array in sorted(arrays.items()):
        if array.nbytes > SMALL_BYTES:
            files[name] = array
            continue
        little = plain(name, array)
        raw = little.tobytes()
        if raw not in places:
            places[raw] = end
            end += -(-len(raw) // _ALIGNED) * _ALIGNED
        index[name] = [little.dtype.str, list(little.shape), places[raw]]
    if index:
        held = bytearray(end)
        for raw, place in places.items():
            held[place : place + len(raw)] = raw
        files[NAME] = np.frombuffer(held, np.uint8)
    return files, index


def unpacked(held: np.ndarray, index: Index) -> dict[str, np.ndarray]:
    """Read-only views of the bytes, uint8[n]. Raises ArrayDamaged where the index asks for what is not there."""
    if held.dtype != np.uint8 or held.ndim != 1:
        raise ArrayDamaged(f"no bytes but {held.dtype}{list(held.shape)}")
    found = {}
    for name, facts in index.items():
        try:
            found[name] = _view(held, *facts)
        except (TypeError, ValueError) as error:
            raise ArrayDamaged(f"{name}: the index is wrong: {error}") from error
    return found


def _view(held: np.ndarray, text: str, shape: list[int], place: int) -> np.ndarray:
    dtype = np.dtype(str(text))
    if dtype.kind not in KINDS or any(type(number) is not int or number < 0 for number in (*shape, place)):
        raise ValueError(f"an array of a kind that is never written: {text}{shape}")
    count = math.prod(shape)  # Python's own integers: a lying shape cannot overflow them
    if place + count * dtype.itemsize > len(held):
        raise ValueError(f"{text}{shape} from byte {place} on are more than the file has")
    if count:
        return np.frombuffer(held, dtype, count, place).reshape(shape)
    empty = np.empty(shape, dtype)
    empty.flags.writeable = False
    return empty
