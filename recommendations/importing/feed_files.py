"""Google product feeds (RSS 2.0 and Atom) as frames: parsed as a stream, without entities or a DTD."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.parsers import expat

import numpy as np
import pandas as pd

from recommendations.importing.faults import Unreadable

MAX_DEPTH = 12
MAX_TEXT = 1 << 20  # of one element
MAX_FIELDS = 300  # of one product
_ITEMS = {"item", "entry"}
_BLOCK = 1 << 16


class _Items:
    """Collects the children of each item. Repeated ones (additional images, types) are joined with |."""

    def __init__(self) -> None:
        self.depth = 0
        self.inside = 0
        self.row: dict[str, str] = {}
        self.line = 0
        self.text: list[str] = []
        self.size = 0
        self.done: list[tuple[dict[str, str], int]] = []
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._take

    def _refuse(self, *declared: Any) -> None:
        raise Unreadable("The feed declares a document type or entities; neither is read.")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Unreadable(f"The feed is nested deeper than {MAX_DEPTH} levels.")
        local = name.rpartition(" ")[2]
        if local in _ITEMS and not self.inside:
            self.inside, self.row, self.line = self.depth, {}, self.parser.CurrentLineNumber
        elif self.inside and self.depth == self.inside + 1:
            self.text, self.size = [], 0
            if local == "link" and attributes.get("href"):
                self.text = [attributes["href"]]

    def _take(self, text: str) -> None:
        if self.inside and self.depth > self.inside:
            self.size += len(text)
            if self.size > MAX_TEXT:
                raise Unreadable(f"Line {self.parser.CurrentLineNumber}: an element is longer than 1 MB.")
            self.text.append(text)

    def _end(self, name: str) -> None:
        if self.inside and self.depth == self.inside + 1:
            local, text = name.rpartition(" ")[2], "".join(self.text).strip()
            if text:
                before = self.row.get(local)
                self.row[local] = f"{before}|{text}" if before and before != text else text
            if len(self.row) > MAX_FIELDS:
                raise Unreadable(f"Line {self.line}: a product has more than {MAX_FIELDS} fields.")
        elif self.inside and self.depth == self.inside:
            self.done.append((self.row, self.line))
            self.inside = 0
        self.depth -= 1


def frames(path: Path, size: int) -> Iterator[tuple[pd.DataFrame, np.ndarray]]:
    items = _Items()
    found = False
    with path.open("rb") as file:
        while True:
            block = file.read(_BLOCK)
            try:
                items.parser.Parse(block, not block)
            except expat.ExpatError as error:
                raise Unreadable(f"The feed is no well-formed XML: {error}.") from None
            if len(items.done) >= size or (not block and items.done):
                found = True
                yield _frame(items.done)
                items.done = []
            if not block:
                break
    if not found:
        raise Unreadable("The feed has no products: there is no <item> or <entry>.")


def _frame(done: list[tuple[dict[str, str], int]]) -> tuple[pd.DataFrame, np.ndarray]:
    names = dict.fromkeys(name for row, _ in done for name in row)
    columns = {name: pd.Series([row.get(name) for row, _ in done], dtype=object) for name in names}
    return pd.DataFrame(columns, index=range(len(done))), np.array([line for _, line in done])
