"""Refusals: failed authentications by key, person and address, kept two hours for the watch above.

They are written on the way out of a call that was refused; a call that is let in pays nothing. Deliveries whose
signature does not fit (FORGERY) are kept beside them: nobody fails to sign in there, somebody signs wrongly.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from time import time

from axes.helpers import get_client_ip_address
from django.http import HttpRequest

from luxebrain.lib import logs, redis

FORGERY = "bad_signature"  # of a webhook; `who` is the number of the address that it came to
_STREAM = "refusals"
_KEPT_MS = 7200_000
log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refusal. kind: "key" (nobody has this key; `who` is its digest), "sign_in" (`who` is the address that
    was typed), or the code of the problem ("scope_missing"; `who` is the key's id). tenant_id 0 = not known."""

    at: datetime
    kind: str
    who: str
    address: str
    tenant_id: int


def note(request: HttpRequest, kind: str, *, who: str, tenant_id: int = 0) -> None:
    """Keeps the refusal. Without the cache server it is lost; the answer stays the same."""
    values = {"kind": kind, "who": who[:254], "address": get_client_ip_address(request) or "", "tenant": tenant_id}
    try:
        redis.client().xadd(_STREAM, values, minid=int(time() * 1000) - _KEPT_MS, approximate=True)
    except redis.Unreachable:
        log.warning("refusals.not_kept", kind=kind)


def between(since: datetime, until: datetime) -> list[Refusal]:
    """Refusals in [since, until), the oldest first. Raises redis.Unreachable."""
    first, last = int(since.timestamp() * 1000), int(until.timestamp() * 1000) - 1
    return [
        Refusal(
            datetime.fromtimestamp(int(key.split(b"-")[0]) / 1000, UTC),
            values[b"kind"].decode(),
            values[b"who"].decode(),
            values[b"address"].decode(),
            int(values[b"tenant"]),
        )
        for key, values in redis.client().xrange(_STREAM, min=first, max=last)
    ]
