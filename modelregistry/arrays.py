"""One array in one .npy file: written to the disk, mapped back only if it is what it says."""

from __future__ import annotations

import hashlib
import math
import mmap
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

# Plain numbers only; an object array would be a pickle, and a pickle is a program.
KINDS = "biuf"
SMALL_BYTES = 65_536
_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


class ArrayDamaged(Exception):
    """The file is not the array that was written."""


@dataclass(frozen=True)
class FileFacts:
    sha256: str
    size: int
    dtype: str
    shape: list[int]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def line(self, name: str) -> str:
        return f"{name} {self.sha256} {self.size} {self.dtype} {self.shape}"


def plain(name: str, array: np.ndarray) -> np.ndarray:
    """As it is written: row by row, the lowest byte first. Raises ValueError for anything but numbers."""
    array = np.ascontiguousarray(array)
    if array.dtype.kind not in KINDS:
        raise ValueError(f"{name}: only plain numbers can be saved, not {array.dtype}")
    return array.astype(array.dtype.newbyteorder("<"), copy=False)


def write_array(path: Path, array: np.ndarray) -> FileFacts:
    """Write, flush to the disk, and describe what was written."""
    little = plain(path.stem, array)
    with path.open("xb") as file:
        np.lib.format.write_array(file, little, allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return FileFacts(sha256, path.stat().st_size, little.dtype.str, list(little.shape))


def map_array(file: IO[bytes], facts: FileFacts, *, verify: bool, read_up_to: int = SMALL_BYTES) -> np.ndarray:
    """A read-only array over the file's own pages (in memory up to so many bytes); header and size are compared
    first."""
    size = os.fstat(file.fileno()).st_size
    if size != facts.size:
        raise ArrayDamaged(f"{size} bytes instead of {facts.size}")
    dtype, shape, offset = _header(file)
    if dtype.str != facts.dtype or list(shape) != facts.shape:
        raise ArrayDamaged(f"holds {dtype.str}{list(shape)}, not {facts.dtype}{facts.shape}")
    # Python's own integers: a lying shape cannot overflow them.
    count = math.prod(shape)
    if offset + count * dtype.itemsize != size:
        raise ArrayDamaged("the header promises another size than the file has")
    mapped = _bytes_of(file, size) if size <= read_up_to else mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)
    if verify and hashlib.sha256(mapped).hexdigest() != facts.sha256:
        raise ArrayDamaged("the bytes were changed")
    if count == 0:
        empty = np.empty(shape, dtype)
        empty.flags.writeable = False
        return empty
    return np.frombuffer(mapped, dtype, count, offset).reshape(shape)


def _bytes_of(file: IO[bytes], size: int) -> bytes:
    """A small file is read: a mapping holds a descriptor, of which thousands of small shops would need too many."""
    file.seek(0)
    read = file.read(size)
    if len(read) != size:
        raise ArrayDamaged("the file was cut while it was read")
    return read


def _header(file: IO[bytes]) -> tuple[np.dtype, tuple[int, ...], int]:
    try:
        version = np.lib.format.read_magic(file)
        shape, fortran, dtype = _READERS[version](file)
    except (ValueError, KeyError, EOFError) as error:
        raise ArrayDamaged(f"no array file: {error}") from error
    if dtype.kind not in KINDS or dtype.hasobject or fortran or any(n < 0 for n in shape):
        raise ArrayDamaged(f"an array of a kind that is never written: {dtype}")
    return dtype, shape, file.tell()
