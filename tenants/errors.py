"""Unhandled exceptions: recorded with an id, grouped by where they happened."""

import hashlib
import re
import traceback
import uuid
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections, transaction
from django.db.models import Q
from django.utils import timezone

from luxebrain.lib import logs
from tenants.models import ErrorGroup, ErrorOccurrence, Tenant

KEPT_OCCURRENCES = 50
_CUSTOMER = re.compile(r"(/customers/)[^/?#]+")  # the shop's id of a person: neither rows nor logs keep it
log = logs.get(__name__)


def record(
    error: BaseException,
    *,
    source: str,
    request_id: str = "",
    tenant_id: int | None = None,
    user_id: int | None = None,
    method: str = "",
    path: str = "",
) -> str:
    """Keeps the error and returns its id. Never raises: a fault in here must not hide the first one."""
    error_id = f"err_{uuid.uuid4().hex[:20]}"
    path = _CUSTOMER.sub(r"\1…", path)
    log.error("error.unhandled", error_id=error_id, exc_info=error, path=path)
    try:
        with transaction.atomic(using="ops"):
            group = _group(error)
            ErrorOccurrence.objects.using("ops").create(
                group_id=group,
                error_id=error_id,
                request_id=request_id,
                tenant_id=tenant_id,
                user_id=user_id,
                method=method,
                path=storable(path)[:300],
                source=source,
                trace=storable("".join(traceback.format_exception(error)))[-20_000:],
                happened_at=timezone.now(),
            )
            old = ErrorOccurrence.objects.using("ops").filter(group_id=group).order_by("-id")
            stale = list(old.values_list("pk", flat=True)[KEPT_OCCURRENCES:])
            ErrorOccurrence.objects.using("ops").filter(pk__in=stale).delete()
    except Exception:
        log.exception("error.not_recorded", error_id=error_id)
    return error_id


def _group(error: BaseException) -> int:
    place = place_of(error)
    kind = type(error).__name__
    fingerprint = hashlib.sha256(f"{kind}|{place}".encode()).hexdigest()[:40]
    with connections["ops"].cursor() as cursor:
        cursor.execute(
            "insert into tenants_errorgroup "
            "(fingerprint, exception, message, place, state, count, first_seen_at, last_seen_at) "
            "values (%s, %s, %s, %s, 'open', 1, now(), now()) "
            "on conflict (fingerprint) do update set count = tenants_errorgroup.count + 1, last_seen_at = now(), "
            "state = 'open', message = excluded.message returning id",
            [fingerprint, kind[:120], storable(str(error))[:500], place[:200]],
        )
        return int(cursor.fetchone()[0])


def storable(text: str) -> str:
    """The text without what PostgreSQL refuses: null characters and halves of surrogate pairs."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def forget(tenant: Tenant, text: str) -> int:
    """Takes a shopper's id out of what is kept of a shop's errors; how many reports named it."""
    word = re.compile(rf"(?<![\w-]){re.escape(text)}(?![\w-])")
    found = 0
    with transaction.atomic(using="ops"):
        rows = ErrorOccurrence.objects.using("ops").filter(tenant_id=tenant.pk)
        for row in rows.filter(Q(path__contains=text) | Q(trace__contains=text)):
            path, trace = word.sub("[erased]", row.path)[:300], word.sub("[erased]", row.trace)
            if (path, trace) != (row.path, row.trace):
                found += rows.filter(pk=row.pk).update(path=path, trace=trace)
        groups = ErrorGroup.objects.using("ops")
        for group in groups.filter(pk__in=rows.values("group_id"), message__contains=text):
            groups.filter(pk=group.pk).update(message=word.sub("[erased]", group.message)[:500])
    return found


def place_of(error: BaseException) -> str:
    """The innermost frame of our own code, or of any: "module.py:function"."""
    frames = traceback.extract_tb(error.__traceback__)
    base = str(settings.BASE_DIR)
    own = [f for f in frames if f.filename.startswith(base) and ".venv" not in f.filename]
    frame = (own or frames or [None])[-1]
    if frame is None:
        return "unknown"
    name = Path(frame.filename)
    shown = name.relative_to(base) if str(name).startswith(base) else name.name
    return f"{shown}:{frame.name}"


def resolve(group: ErrorGroup, *, by: Any) -> None:
    """Closes the group until it happens again."""
    group.state = ErrorGroup.State.RESOLVED
    group.save(using="ops", update_fields=["state"])


def reopen(group: ErrorGroup, *, by: Any) -> None:
    group.state = ErrorGroup.State.OPEN
    group.save(using="ops", update_fields=["state"])
