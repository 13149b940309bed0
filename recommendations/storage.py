"""Where files of a shop lie: a folder per shop, names that we make, nothing that a person typed in a path."""

import gzip
import os
import re
import uuid
import zlib
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from luxebrain.lib.problems import Problem

_NAME = re.compile(r"[0-9a-f]{32}(?:\.[a-z]{1,8})?")
_BLOCK = 1 << 20
_GZIP, _ZIP, _PARQUET = b"\x1f\x8b", b"PK", b"PAR1"
# What else is no table, by how it begins.
_OTHER = {_ZIP: "a ZIP archive or a spreadsheet", b"%PDF": "a PDF", b"\xd0\xcf\x11\xe0": "an old spreadsheet",
          b"\x89PNG": "a picture", b"\xff\xd8\xff": "a picture", b"BZh": "a bzip2 archive", b"7z\xbc\xaf": "an archive",
          b"\xfd7zXZ": "an xz archive", b"(\xb5/\xfd": "a zstd archive"}  # fmt: skip


class BadFile(Problem):
    """The file cannot be taken, whatever its rows say."""

    status, code = 422, "bad_file"


def folder(tenant_id: int) -> Path:
    found = Path(settings.UPLOADS_DIR) / str(int(tenant_id))
    found.mkdir(mode=0o700, parents=True, exist_ok=True)
    return found


def new_name() -> str:
    return uuid.uuid4().hex


def path(tenant_id: int, name: str) -> Path:
    """Where a file with this name of ours lies. Raises ValueError for any other name."""
    if not _NAME.fullmatch(name):
        raise ValueError("not a name of ours")
    return folder(tenant_id) / name


def keep(tenant_id: int, source: Path, *, most: int) -> tuple[str, int]:
    """Moves an arrived file to its shop, unpacked if it is gzip: its name there and its size in bytes.

    Raises BadFile for archives, empty files and what is larger than `most` bytes (also unpacked).
    """
    with source.open("rb") as file:
        head = file.read(8)
    size = source.stat().st_size
    if not head:
        raise BadFile("The file is empty.")
    for begins, what in _OTHER.items():
        if head.startswith(begins):
            raise BadFile(f"This is {what}. Please save the table as CSV, JSON Lines or Parquet.")
    if size > most:
        raise BadFile(f"The file has {size >> 20:,} MB; your plan takes files up to {most >> 20:,} MB.")
    name = new_name()
    target = path(tenant_id, name)
    if head.startswith(_GZIP):
        with source.open("rb") as packed, target.open("xb") as plain:
            try:
                size = _unpack(packed, plain, most=most)
            except BadFile:
                target.unlink()
                raise
    else:
        os.replace(source, target)
    target.chmod(0o600)
    return name, size


def _unpack(packed: BinaryIO, plain: BinaryIO, *, most: int) -> int:
    """Bounded while it unpacks: what a gzip file says about its size may be a lie."""
    size = 0
    try:
        with gzip.GzipFile(fileobj=packed) as file:
            while block := file.read(_BLOCK):
                size += len(block)
                if size > most:
                    raise BadFile(f"Unpacked, the file is larger than {most >> 20:,} MB.")
                plain.write(block)
    except (OSError, EOFError, zlib.error):
        raise BadFile("The gzip file is broken.") from None
    if not size:
        raise BadFile("The file is empty.")
    return size


def remove(tenant_id: int, name: str) -> None:
    if name:
        path(tenant_id, name).unlink(missing_ok=True)


def is_parquet(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(4) == _PARQUET
