"""logs/anomalies.log: one JSON line for every flagged incident of any severity, rotated."""

import logging
import os
from functools import lru_cache
from logging.handlers import RotatingFileHandler
from pathlib import Path

import orjson
from django.conf import settings
from django.utils import timezone

from anomalies.models import AnomalyIncident
from tenants.models import Tenant

MAX_BYTES, KEPT_FILES = 10 * 1024 * 1024, 5


@lru_cache(maxsize=1)
def _handler(path: str) -> RotatingFileHandler:
    """Opened with the first line. A file that another process rotated away is opened anew with each line."""
    return _Shared(path, maxBytes=MAX_BYTES, backupCount=KEPT_FILES, delay=True, encoding="utf-8")


class _Shared(RotatingFileHandler):
    """Several workers write into one file: before each line it is looked whether the file is still this one."""

    def emit(self, record: logging.LogRecord) -> None:
        if self.stream is not None:
            held, there = Path(self.baseFilename), self.stream.fileno()
            try:
                same = held.stat().st_ino == _inode(there)
            except FileNotFoundError:
                same = False
            if not same:
                self.stream.close()
                self.stream = None  # type: ignore[assignment]
        super().emit(record)


def _inode(descriptor: int) -> int:
    return os.fstat(descriptor).st_ino


def path() -> Path:
    return settings.LOGS_DIR / "anomalies.log"


def write(incident: AnomalyIncident, tenant: Tenant, transition: str) -> None:
    """One line: when (UTC), id, what, whose, how severe, the value and what it was held against."""
    line = {
        "time": timezone.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "id": incident.pk,
        "transition": transition,
        "type": incident.metric,
        "side": incident.side,
        "tenant": tenant.slug,
        "severity": incident.severity,
        "value": incident.observed,
        "threshold": incident.limit if incident.limit is not None else incident.high,
        "log10p": incident.log10p,
        "count": incident.count,
    }
    text = orjson.dumps(line).decode()
    _handler(str(path())).emit(logging.LogRecord("anomalies", logging.INFO, "", 0, text, (), None))
