"""JSON log lines that carry the request id and the tenant."""

import logging
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import structlog

# One variable of one mapping, never changed in place: structlog's own variables cost ten times as much a call.
_bound: ContextVar[dict[str, Any]] = ContextVar("bound", default={})  # noqa: B039  (never changed in place)


def _merge(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    return {**_bound.get(), **event}


_SHARED = [
    _merge,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.format_exc_info,
]


def bind(**values: Any) -> None:
    """Puts values (request_id, tenant, work) on every line that this thread logs from here on."""
    _bound.set({**_bound.get(), **values})


def bound(name: str) -> Any:
    """What was bound under this name; "" for nothing."""
    return _bound.get().get(name, "")


def clear() -> None:
    _bound.set({})


def shorten(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """Cuts long fields: a hostile header must not fill the disk."""
    for key, value in event.items():
        if isinstance(value, str) and len(value) > 1024 and key != "exception":
            event[key] = value[:1024] + "…"
    return event


def configure(directory: Path, *, level: str, console: bool) -> dict[str, Any]:
    """The LOGGING dictionary: one JSON line per event to luxebrain.log and to standard error."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handlers: dict[str, Any] = {
        "file": {
            "class": "logging.handlers.WatchedFileHandler",
            "filename": str(directory / "luxebrain.log"),
            "formatter": "json",
            "delay": True,
        },
    }
    if console:
        handlers["console"] = {"class": "logging.StreamHandler", "formatter": "json"}
    quiet = {"level": "WARNING"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    shorten,
                    structlog.processors.JSONRenderer(ensure_ascii=True),
                ],
                "foreign_pre_chain": _SHARED,
            }
        },
        "handlers": handlers,
        "root": {"handlers": list(handlers), "level": level},
        "loggers": {
            **dict.fromkeys(("celery.worker.strategy", "celery.app.trace", "celery.worker.request"), quiet),
            **dict.fromkeys(("celery.beat", "axes", "httpx", "httpcore"), quiet),
            "django.request": {"level": "CRITICAL"},  # unhandled errors are logged once, with their id
        },
    }


def get(name: str) -> Any:
    return structlog.get_logger(name) if name else logging.getLogger()
