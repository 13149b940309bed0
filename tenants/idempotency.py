"""Idempotency keys: a write that is sent again with its key is answered again, and done once.

A call with a key holds the key's advisory lock for the length of its transaction. What it changes and
what it answers are rows of that transaction, so there is never the one without the other. A process that
dies takes its transaction and its lock with it; one that hangs loses both after LEASE_SECONDS.

Only answers of success are kept: a refused call changed nothing, so the key is free for a corrected one.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta

from django.db import connections
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse

from luxebrain.lib import problems
from tenants.models import IdempotentAnswer, Tenant

HEADER = "Idempotency-Key"
METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
LEASE_SECONDS = 60
KEPT_HOURS = 24
_KEPT_HEADERS = ("Content-Type", "Location")
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class Replayed(Exception):
    """This call was answered before; `response` is that answer, byte for byte."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__("answered before")
        self.response = response


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to be the one call with this key, until the transaction ends."""

    tenant: Tenant
    key: str
    fingerprint: bytes

    def keep(self, response: HttpResponse) -> None:
        """Stores the rendered answer in the transaction of its effect; one that says no is not kept."""
        if response.status_code >= 400:
            return
        answer = IdempotentAnswer(
            tenant=self.tenant,
            key=self.key,
            fingerprint=self.fingerprint,
            status=response.status_code,
            headers={name: response[name] for name in _KEPT_HEADERS if name in response},
            body=response.content,
            created_at=Now(),
        )
        # In the way may only be an answer that is older than a day and not swept yet.
        changed = ["fingerprint", "status", "headers", "body", "created_at"]
        self.tenant.idempotent_answers.bulk_create(
            [answer], update_conflicts=True, unique_fields=["tenant", "key"], update_fields=changed
        )


def key_of(request: HttpRequest) -> str | None:
    """The key that this write carries; None for none. Raises Problem for one that cannot be a key."""
    if request.method not in METHODS:
        return None
    given = request.headers.get(HEADER)
    if given is None:
        return None
    if not _KEY.fullmatch(given):
        raise problems.Problem(
            f"{HEADER} must be 1 to 255 visible ASCII characters.",
            code="bad_idempotency_key",
            fields={HEADER: "Send a new random value, such as a UUID, with each new write."},
        )
    return given


def claim(tenant: Tenant, request: HttpRequest) -> Claim | None:
    """Claims the call's key inside the tenant's transaction; None when the call carries none.

    Raises Replayed; Problem: 400 for what cannot be a key, 409 while another call with the key is
    running, 422 when the key was used for something else.
    """
    key = key_of(request)
    if key is None:
        return None
    fingerprint = fingerprint_of(request)
    if not _lock(tenant, key):
        raise problems.Conflict(
            f"A call with this {HEADER} is still running. Ask again for its answer.",
            code="idempotency_in_progress",
            headers={"Retry-After": "1"},
        )
    since = Now() - timedelta(hours=KEPT_HOURS)
    stored = tenant.idempotent_answers.filter(key=key, created_at__gt=since).first()
    if stored is None:
        return Claim(tenant, key, fingerprint)
    if bytes(stored.fingerprint) != fingerprint:
        raise problems.Problem(
            f"This {HEADER} was used for another call. Take a new one for a new write.",
            status=422,
            code="idempotency_key_reused",
        )
    response = HttpResponse(bytes(stored.body), status=stored.status)
    del response["Content-Type"]  # of an answer without a body there is none
    for name, value in stored.headers.items():
        response[name] = value
    response["Idempotent-Replayed"] = "true"
    raise Replayed(response)


def fingerprint_of(request: HttpRequest) -> bytes:
    """SHA-256 of what the call asks for: method, path, query and the bytes of the body.

    A view that reads a file as it comes leaves the digest of what it says in `request.digest_of_body`: the bytes
    are gone by then, and two forms that say the same differ in their boundaries.
    """
    digest = hashlib.sha256()
    for part in (request.method or "", request.path.rstrip("/"), request.META.get("QUERY_STRING", "")):
        digest.update(part.encode("utf-8", "surrogatepass") + b"\n")
    said = getattr(request, "digest_of_body", None)
    digest.update(request.body if said is None else said)
    return digest.digest()


def _lock(tenant: Tenant, key: str) -> bool:
    """Takes the key for this transaction, and bounds how long a transaction that hangs may hold it."""
    number = hashlib.blake2b(f"{tenant.pk}:{key}".encode(), digest_size=8).digest()
    with connections[tenant.alias].cursor() as cursor:
        cursor.execute(
            "set local idle_in_transaction_session_timeout = %s; set local statement_timeout = %s; "
            "select pg_try_advisory_xact_lock(%s)",
            [LEASE_SECONDS * 1000, LEASE_SECONDS * 1000, int.from_bytes(number, "big", signed=True)],
        )
        return bool(cursor.fetchone()[0])
