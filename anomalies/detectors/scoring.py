"""Scoring of a written series: rows of text in, the same rows with their score out, one by one."""

import csv
import math
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median

from anomalies.detectors.counts import CountEngine
from anomalies.detectors.reals import RealEngine

COLUMNS = ("timestamp", "value")
FORMATS = ("%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%d.%m.%Y %H:%M")
DEFAULT_SECONDS = 300.0
LATEST = datetime(9000, 1, 1, tzinfo=UTC)  # from which on buckets can still be counted
FIRST = 5  # rows that say how long a bucket is


class NoSeries(ValueError):
    """The text has no header with the columns timestamp and value."""


def score(lines: Iterable[str], *, kind: str, seconds: float | None = None) -> Iterator[tuple[list[str], str]]:
    """Yields ([timestamp, value, score], complaint) for every row, before the next line is read.

    kind: "count" or "real". seconds: length of a bucket of counts; without it, the median distance of the first
    five rows, which have the score 0. The score is in [0, 1] with six decimals. A row without a value that can be
    judged (empty, not a number, a negative count) has the score 0, teaches nothing, and says why in its complaint.
    Raises NoSeries for a missing header.
    """
    rows = (cells(line) for line in lines)
    header = [name.strip("\ufeff \t").lower() for name in next(rows, [])]
    if any(name not in header for name in COLUMNS):
        raise NoSeries('the first line must name the columns "timestamp" and "value"')
    places = [header.index(name) for name in COLUMNS]
    series = Series(kind, seconds)
    for row in rows:
        if row:
            stamp, value = (row[place].strip() if place < len(row) else "" for place in places)
            found, complaint = series.judge(stamp, value)
            yield [stamp, value, f"{found:.6f}"], complaint


def cells(line: str) -> list[str]:
    """One line is one row, whatever it holds: a quotation mark that is not closed takes no further line with it."""
    try:
        return next(csv.reader([line.rstrip("\r\n")]), [])
    except csv.Error:  # longer than a cell may be
        return [line[:100]]


class Series:
    """One series on its way through an engine. The length of a bucket is known with the fifth row."""

    def __init__(self, kind: str, seconds: float | None) -> None:
        self.engine: CountEngine | RealEngine | None = RealEngine() if kind == "real" else None
        if kind == "count" and seconds:
            self.engine = CountEngine(seconds)
        self.seconds = seconds or DEFAULT_SECONDS
        self.first: list[tuple[datetime, float]] = []
        self.moment: datetime | None = None

    def judge(self, stamp: str, text: str) -> tuple[float, str]:
        moment, complaint = self.when(stamp)
        try:
            value = float(text)
        except ValueError:
            return 0.0, f"{stamp}: {text[:100]!r} is no number" if text else complaint
        if not math.isfinite(value):
            return 0.0, f"{stamp}: {text} is not finite"
        if isinstance(self.engine, RealEngine):
            return self.engine.update(moment, value).score, complaint
        if value < 0:
            return 0.0, f"{stamp}: a count is not negative"
        if self.engine is None:
            self.first.append((moment, value))
            if len(self.first) == FIRST:
                self.engine = CountEngine(self.apart())
                for row in self.first:
                    self.engine.update(*row)
            return 0.0, complaint
        return self.engine.update(moment, value).score, complaint

    def apart(self) -> float:
        """Seconds from row to row, as the first ones lie: their median, so that a gap or a doubled row is no matter."""
        moments = [moment for moment, _ in self.first]
        gaps = [abs((after - before).total_seconds()) for before, after in pairwise(moments)]
        return median([gap for gap in gaps if gap] or [DEFAULT_SECONDS])

    def when(self, stamp: str) -> tuple[datetime, str]:
        """The moment of a row; one that cannot be read is taken for the next bucket."""
        found = read_moment(stamp)
        complaint = ""
        if found is None:
            last = self.moment or datetime(1970, 1, 1, tzinfo=UTC)
            found, complaint = min(last, LATEST) + timedelta(seconds=self.seconds), f"{stamp[:100]!r} is no moment"
        self.moment = found
        return found, complaint


def read_moment(stamp: str) -> datetime | None:
    """ISO 8601, seconds or milliseconds since 1970, or one of a few common spellings; without a zone it is UTC."""
    try:
        found = datetime.fromisoformat(stamp)
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    except ValueError:
        pass
    try:
        number = float(stamp)
        return datetime.fromtimestamp(number / 1000.0 if abs(number) > 1e11 else number, tz=UTC)
    except (ValueError, OverflowError, OSError):
        pass
    for spelling in FORMATS:
        try:
            return datetime.strptime(stamp, spelling).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None
