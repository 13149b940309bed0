"""Suppression: erased customers and sessions are recognised by digest, so that nothing late brings them back."""

import hmac
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from django.db import connections

from luxebrain.lib import sealed
from recommendations.models.privacy import KEY
from tenants import epochs, tenancy
from tenants.models import Tenant

CACHE_SECONDS = 30  # how long a process may not know of an erasure; the erasure looks again after that
CONFIRMED_SECONDS = 1800  # how long a copy is taken whose epoch did not move
_EPOCH = epochs.KINDS.index("erased")
_BLOCK = 64


@dataclass(frozen=True)
class Erased:
    """The digests of a shop's erased subjects ("c:<customer id>", "s:<session id>")."""

    key: bytes = b""
    digests: frozenset[bytes] = field(default_factory=frozenset)

    def has(self, *subjects: str) -> bool:
        return bool(self.digests) and any(digest(self.key, one) in self.digests for one in subjects if one)


def digest(key: bytes, subject: str) -> bytes:
    return hmac.digest(key, subject.encode(), "sha256")


def key_of(tenant: Tenant) -> bytes:
    """The shop's key; made with the first request."""
    held = tenant.privacy_keys.first()
    if held is None:
        fresh = sealed.seal(secrets.token_hex(32), purpose=KEY)
        tenant.privacy_keys.bulk_create([tenant.privacy_keys.model(tenant=tenant, sealed=fresh)], ignore_conflicts=True)
        held = tenant.privacy_keys.get()
    return bytes.fromhex(sealed.unseal(held.sealed, purpose=KEY))


def add(tenant: Tenant, *subjects: str) -> None:
    """From here on these subjects are kept out. Inside the tenant, in a transaction."""
    key = key_of(tenant)
    model = tenant.erased_shoppers.model
    rows = [model(tenant=tenant, digest=digest(key, subject)) for subject in subjects]
    tenant.erased_shoppers.bulk_create(rows, ignore_conflicts=True)
    epochs.bump(tenant, "erased")


def read(tenant: Tenant) -> Erased:
    """As the rows stand now."""
    with connections[tenant.alias].cursor() as cursor:
        cursor.execute("select digest from recommendations_erasedshopper where tenant_id = %s", [tenant.pk])
        digests = frozenset(bytes(one) for (one,) in cursor)
    return Erased(key_of(tenant), digests) if digests else Erased()


@dataclass(frozen=True, slots=True)
class _Copy:
    erased: Erased
    epoch: bytes | None
    read_at: float  # monotonic

    def is_fresh(self, epoch: bytes | None) -> bool:
        age = time.monotonic() - self.read_at
        return age <= CACHE_SECONDS if epoch is None else epoch == self.epoch and age <= CONFIRMED_SECONDS


_known: dict[int, _Copy] = {}


def known(tenant_id: int, told: Sequence[bytes] | None = None) -> Erased:
    """This process's copy, for calls that should ask no database: at most 30 seconds old, or made under the
    epoch that is `told`, one of the epochs that the gate read."""
    epoch = told[_EPOCH] if told is not None else None
    held = _known.get(tenant_id)
    if held is None or not held.is_fresh(epoch):
        with tenancy.within(tenant_id) as tenant:
            held = _known[tenant_id] = _Copy(read(tenant), epoch, time.monotonic())
    return held.erased


def forget() -> None:
    _known.clear()


def pads(tenant: Tenant) -> dict[str, Any]:
    """What SQL needs to make the same digests: the two padded keys of HMAC (RFC 2104), and whether
    anybody was erased at all. Goes with `erased(…)`."""
    if not tenant.erased_shoppers.exists():
        return {"guarded": False, "inner": b"", "outer": b""}
    key = key_of(tenant).ljust(_BLOCK, b"\0")
    inner, outer = (bytes(byte ^ mask for byte in key) for mask in (0x36, 0x5C))
    return {"guarded": True, "inner": inner, "outer": outer}


def erased(*texts: str) -> str:
    """A condition: one of these SQL texts ("'c:' || customer") names an erased subject of %(tenant)s."""
    made = ", ".join(
        f"sha256(%(outer)s::bytea || sha256(%(inner)s::bytea || convert_to({text}, 'UTF8')))" for text in texts
    )
    return (
        "(%(guarded)s and exists (select 1 from recommendations_erasedshopper x "  # noqa: S608  (names of columns)
        f"where x.tenant_id = %(tenant)s and x.digest in ({made})))"
    )


def fingerprint(certificate: bytes) -> str:
    return sha256(certificate).hexdigest()
