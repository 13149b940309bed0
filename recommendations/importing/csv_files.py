"""CSV as frames of text: any encoding, delimiter and quote; rows with a wrong number of columns set aside."""

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from luxebrain.lib.cells import GUARDED
from recommendations.importing.faults import Refuse, Unreadable

_BLOCK = 4 << 20


class Recoded:
    """A file of another encoding as UTF-8; what is no text of it becomes U+FFFD."""

    closed = False

    def __init__(self, file: Any, encoding: str) -> None:
        self.file = file
        self.decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        self.rest = b""
        self.ended = False

    def read(self, size: int = -1) -> bytes:
        while not self.ended and (size < 0 or len(self.rest) < size):
            block = self.file.read(1 << 18)
            self.ended = not block
            text = self.decoder.decode(block, final=self.ended)
            # A bare NUL in text is what a wrong encoding looks like; PostgreSQL stores none.
            self.rest += text.replace("\0", "\ufffd").encode("utf-8", "replace")
        taken, self.rest = (self.rest, b"") if size < 0 else (self.rest[:size], self.rest[size:])
        return taken

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def writable(self) -> bool:
        return False

    def close(self) -> None:
        self.file.close()


def head(path: Path, encoding: str, size: int = 1 << 16) -> str:
    """The beginning of the file as text, without a byte order mark."""
    with path.open("rb") as file:
        block = file.read(size)
    decoder = codecs.getincrementaldecoder(encoding.removesuffix("+lossy"))(errors="replace")
    return decoder.decode(block).removeprefix("\ufeff")


def frames(path: Path, how: Any, refuse: Refuse | None) -> Iterator[tuple[pd.DataFrame, np.ndarray]]:
    """Every column as text: an id such as 007 must not become a number."""
    encoding = how.encoding.removesuffix("+lossy")
    plain = encoding == "utf-8" and not how.is_lossy
    with path.open("rb") as file:
        first = file.readline(1 << 20) if plain else head(path, how.encoding, 1 << 20).split("\n")[0].encode()
    text = first.decode("utf-8-sig").strip("\r\n")
    delimiter = how.delimiter or max(",;\t", key=text.count)
    skipped: list[tuple[int, str]] = []

    def set_aside(row: Any) -> str:
        message = f"Has {row.actual_columns} columns instead of {row.expected_columns}."
        if refuse is None:
            return "error"
        skipped.append((row.number or 0, f"{message}\n{row.text or ''}"))
        return "skip"

    parse = pa.csv.ParseOptions(
        delimiter=delimiter, quote_char=how.quote or False, newlines_in_values=bool(how.quote),
        invalid_row_handler=set_aside,
    )  # fmt: skip
    names = _names(path, first, parse)
    source: Any = path if plain else pa.PythonFile(Recoded(path.open("rb"), encoding), mode="r")
    reader = pa.csv.open_csv(
        source,
        read_options=pa.csv.ReadOptions(block_size=_BLOCK, use_threads=False),
        parse_options=parse,
        convert_options=pa.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
        ),
    )
    yield from _pieces(reader, how.piece, skipped, refuse)


def _names(path: Path, first: bytes, parse: pa.csv.ParseOptions) -> list[str]:
    if not first.strip():
        raise Unreadable(f"{path.name}: the file is empty.")
    table = pa.csv.read_csv(
        pa.BufferReader(first.removeprefix(codecs.BOM_UTF8).rstrip(b"\r\n") + b"\n"),
        parse_options=pa.csv.ParseOptions(delimiter=parse.delimiter, quote_char=parse.quote_char),
    )
    names = [str(name) for name in table.column_names]
    if len(set(names)) != len(names):
        raise Unreadable(f"{path.name}: two columns have the same name.")
    return names


def _pieces(
    reader: Any, size: int, skipped: list[tuple[int, str]], refuse: Refuse | None
) -> Iterator[tuple[pd.DataFrame, np.ndarray]]:
    line = 2
    gone: set[int] = set()
    for batch in reader:
        gone.update(number for number, _ in skipped)
        lines, line = _lines(batch.num_rows, line, gone)
        for start in range(0, batch.num_rows, size):
            piece, stand = batch.slice(start, size), lines[start : start + size]
            # Only what stands before the piece's end, so that a piece read again tells the same.
            for number, text in [entry for entry in skipped if entry[0] <= stand[-1]]:
                skipped.remove((number, text))
                if refuse is not None:
                    message, _, cell = text.partition("\n")
                    refuse(number, message, cell[:80])
            yield _bare(piece).to_pandas(), stand
    for number, text in skipped:
        if refuse is not None:
            message, _, cell = text.partition("\n")
            refuse(number, message, cell[:80])


def _lines(rows: int, line: int, gone: set[int]) -> tuple[np.ndarray, int]:
    """Where so many rows stand from `line` on, and the line after them."""
    if not gone:
        return np.arange(line, line + rows), line + rows
    lines = np.empty(rows, dtype=np.int64)
    for row in range(rows):
        while line in gone:
            line += 1
        lines[row] = line
        line += 1
    return lines, line


def _bare(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Takes the apostrophe off that an export put before a text that looks like a formula."""
    columns = [
        pc.replace_substring_regex(column, GUARDED, r"\1") if pc.any(pc.starts_with(column, "'")).as_py() else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
