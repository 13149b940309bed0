"""What a file seems to be: its format, encoding, delimiter and quote, its columns with sample values."""

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recommendations import storage
from recommendations.importing import csv_files, reading
from recommendations.importing.faults import Unreadable
from recommendations.importing.reading import Reading

SAMPLES, SHOWN = 3, 80
MAX_COLUMNS = 500
ENCODINGS = {
    "utf-8": "UTF-8", "utf-8+lossy": "UTF-8 with broken places", "utf-16": "UTF-16", "utf-16-le": "UTF-16 (little)",
    "utf-16-be": "UTF-16 (big)", "cp1252": "Windows-1252",
}  # fmt: skip
DELIMITERS = {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Bar"}
QUOTES = {'"': "Double quotes", "'": "Single quotes", "": "None"}
FORMATS = {"csv": "CSV", "json": "JSON Lines", "parquet": "Parquet", "feed": "Product feed (XML)"}
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Seen:
    """`columns`: [{"name", "samples"}] in the order of the file."""

    how: Reading
    columns: list[dict[str, Any]]

    @property
    def names(self) -> list[str]:
        return [column["name"] for column in self.columns]


def look(file: Path) -> Seen:
    """Guesses how to read the file, by what it holds and not by its name. Raises Unreadable."""
    if storage.is_parquet(file):
        return look_as(file, Reading("parquet"))
    encoding = _encoding(file)
    text = csv_files.head(file, encoding)
    start = text.lstrip()
    if start.startswith("<"):
        return look_as(file, Reading("feed"))
    if start.startswith("{"):
        return look_as(file, Reading("json"))
    delimiter, quote = _dialect(text)
    return look_as(file, Reading("csv", encoding, delimiter, quote))


def look_as(file: Path, how: Reading) -> Seen:
    """The columns and samples of a file that is read in a given way. Raises Unreadable."""
    first = Reading(how.format, how.encoding, how.delimiter, how.quote, piece=200)
    for frame, _ in islice(_some(file, first), 1):
        if not len(frame.columns):
            break
        if len(frame.columns) > MAX_COLUMNS:
            raise Unreadable(f"The file has {len(frame.columns):,} columns; at most {MAX_COLUMNS} are read.")
        return Seen(how, [{"name": str(name), "samples": _samples(frame[name])} for name in frame.columns])
    raise Unreadable("The file has no rows below its heading.")


def _some(file: Path, how: Reading) -> Iterator[tuple[pd.DataFrame, np.ndarray]]:
    try:
        yield from reading.pieces(file, how, refuse=lambda line, message, value: None)
    except Unreadable as problem:  # the file's name is ours and means nothing to people
        raise Unreadable(problem.detail.replace(file.name, "The file")) from None


def _samples(series: pd.Series) -> list[str]:
    values = (str(value) for value in series.dropna().astype(object).head(50))
    shown = dict.fromkeys(text.replace("\0", "")[:SHOWN] for text in values if text.strip())
    return list(shown)[:SAMPLES]


def _encoding(file: Path) -> str:
    """By byte order mark, by zero bytes, by whether it is valid UTF-8; else Windows-1252.

    A file that is UTF-8 but for a few broken places is read as such, and cells with one are refused.
    """
    with file.open("rb") as opened:
        head = opened.read(4096)
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        if head.count(b"\0") > len(head) // 4:
            return "utf-16-le" if head[1::2].count(b"\0") > head[::2].count(b"\0") else "utf-16-be"
        opened.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        broken = 0
        while block := opened.read(_BLOCK):
            broken += decoder.decode(block).count("\ufffd")
            if b"\0" in block:
                return "utf-8+lossy"
    if not broken:
        return "utf-8"
    with file.open("rb") as opened:
        sample = opened.read(8 * _BLOCK).decode("utf-8", "replace")
    accents = sum(1 for char in sample if ord(char) > 127 and char != "\ufffd")
    return "utf-8+lossy" if accents > 4 * sample.count("\ufffd") else "cp1252"


def _dialect(text: str) -> tuple[str, str]:
    """The delimiter and quote that give the most columns, the same number on most lines."""
    whole = text[: text.rfind("\n")] if "\n" in text else text
    best, score = (",", '"'), -1.0
    for quote in ('"', "'"):
        for delimiter in DELIMITERS:
            try:
                parsed = csv.reader(whole.splitlines(keepends=True), delimiter=delimiter, quotechar=quote)
                rows = [row for row in islice(parsed, 50) if row]
            except csv.Error:
                continue
            if not rows or len(rows[0]) < 2:
                continue
            same = sum(len(row) == len(rows[0]) for row in rows) / len(rows)
            cells = [cell for row in rows for cell in row if len(cell) > 1]
            quoted = [cell for cell in cells if cell[0] == cell[-1] and cell[0] in "\"'"]
            worth = same * 100 + min(len(rows[0]), 40) - 10 * len(quoted) / len(rows)
            if worth > score + (0.5 if quote == "'" else 0):
                best, score = (delimiter, quote), worth
    return best
