"""Customer ids of files (CSV or JSON Lines), forms and calls, read one by one; each that cannot be used is told."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, BinaryIO

import orjson

from luxebrain.lib.problems import Problem
from recommendations import fields
from recommendations.fields import Refused

COLUMNS = ("customer_id", "customerid", "customer id", "customer", "external_id", "id")
TOLD = 20  # refused lines that are shown
MOST_LINES = 1_000_001


@dataclass(slots=True)
class Lines:
    """What was read: ids in their order (repeated ones too), and (line, value, why) of the first refused."""

    ids: list[str] = field(default_factory=list)
    refused: list[tuple[int, str, str]] = field(default_factory=list)
    refused_count: int = 0

    def take(self, line: int, value: Any) -> None:
        if isinstance(value, str) and "\ufffd" in value:
            self.refuse(line, value, "Is not UTF-8.")
            return
        try:
            self.ids.append(fields.identifier(value))
        except Refused as refused:
            self.refuse(line, value, refused.message)

    def refuse(self, line: int, value: Any, why: str) -> None:
        self.refused_count += 1
        if len(self.refused) < TOLD:
            self.refused.append((line, fields.shown(value), why))

    def stop(self, line: int) -> None:
        self.refuse(line, "", f"What follows was not read: at most {MOST_LINES - 1:,} ids are possible.")

    @property
    def repeated(self) -> int:
        """How many lines name somebody who was named before."""
        return len(self.ids) - len(set(self.ids))


def pasted(text: str) -> Lines:
    """Ids as people paste them: one a line, or with commas, semicolons or tabs between."""
    found = Lines()
    for number, line in enumerate(text.splitlines(), 1):
        for part in line.replace(";", ",").replace("\t", ",").split(","):
            if part.strip():
                found.take(number, part.strip())
    return found


def sent(value: Any, *, field: str, most: int) -> list[str]:
    """The ids of a call, each once, in the order given. Raises Problem: of those that are none the first few are told
    by their place."""
    if not isinstance(value, list) or not value:
        raise Problem("Some fields are not right.", fields={field: "A list of customer ids."})
    if len(value) > most:
        too_many = f"At most {most:,} ids in one call; these are {len(value):,}."
        raise Problem("Some fields are not right.", fields={field: too_many})
    found = Lines()
    for place, one in enumerate(value):
        found.take(place, one)
    if found.refused:
        raise Problem("Some fields are not right.", fields={f"{field}.{at}": why for at, _, why in found.refused})
    return list(dict.fromkeys(found.ids))


def uploaded(file: BinaryIO, name: str) -> Lines:
    """The ids of a file in UTF-8. CSV: the column customer_id, or the only one. JSON Lines: texts, numbers or
    objects with customer_id. Raises Problem when it is neither."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
    try:
        first = text.readline(1 << 16)
        if "\x00" in first or first.startswith("PAR1"):
            raise Problem("The file is not right.", fields={"file": "Must be CSV or JSON Lines in UTF-8."})
        lines = chain([first], text)
        is_json = name.lower().endswith((".jsonl", ".ndjson", ".json")) or first.lstrip().startswith(("{", '"'))
        return _json_lines(lines) if is_json else _csv(lines, first)
    finally:
        text.detach()


def _json_lines(lines: Iterable[str]) -> Lines:
    found = Lines()
    for number, line in enumerate(lines, 1):
        if number > MOST_LINES:
            found.stop(number)
            break
        if not line.strip():
            continue
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError:
            found.refuse(number, line.strip(), "Is not JSON.")
            continue
        if isinstance(value, dict):
            named = next((value[one] for one in COLUMNS if one in value), None)
            if named is None:
                found.refuse(number, line.strip(), "Names no customer_id.")
                continue
            value = named
        found.take(number, value)
    return found


def _csv(lines: Iterable[str], first: str) -> Lines:
    delimiter = max(",;\t", key=first.count)
    rows = csv.reader(lines, delimiter=delimiter)
    found, place = Lines(), None
    for number, row in enumerate(_rows(rows, found), 1):
        if number > MOST_LINES:
            found.stop(number)
            break
        if place is None:
            place = _column(row)
            if row[place].strip().lower() in COLUMNS:
                continue  # the names of the columns
        if any(cell.strip() for cell in row):
            found.take(rows.line_num, row[place].strip() if place < len(row) else "")
    return found


def _rows(rows: Any, found: Lines) -> Iterator[list[str]]:
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error:
            found.refuse(rows.line_num, "", "Is no line of CSV.")
            continue
        if row:
            yield row


def _column(first: list[str]) -> int:
    names = [cell.strip().lower() for cell in first]
    place = next((names.index(one) for one in COLUMNS if one in names), None)
    if place is None and len(first) > 1:
        raise Problem("The file is not right.", fields={"file": "Several columns, and none is called customer_id."})
    return place or 0
