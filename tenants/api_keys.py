"""API keys: issue, rotate, revoke, authenticate."""

import re
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connections
from django.utils import timezone

from luxebrain.lib import problems, tokens
from tenants import audit, epochs
from tenants.models import ApiKey, Plan, Tenant, User

SCOPES = {
    "recommendations:read": "Ask for recommendations",
    "events:write": "Send what shoppers do",
    "events:read": "Read what shoppers did",
    "catalogue:read": "Read products, customers and orders",
    "catalogue:write": "Write products, customers and orders",
    "control:read": "Read placements and rules",
    "control:write": "Change placements and rules",
    "batch:read": "Read saved audiences, the state and the lists of batch jobs",
    "batch:write": "Run, pause, cancel and retry batch jobs, and save audiences",
    "models:read": "Read the state of the shop's isolated model",
    "models:write": "Ask for an isolated model",
    "usage:read": "Read usage and limits",
    "privacy:write": "Hand out and erase what is held of one customer",
}
PUBLISHABLE_SCOPES = ("recommendations:read", "events:write")
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Credential:
    """Who a key speaks for. Everything that the hot path needs, so that it asks no database."""

    key_id: int
    tenant_id: int
    tenant_slug: str
    tenant_state: str
    kind: str
    mode: str
    scopes: frozenset[str]
    origins: frozenset[str]
    expires_at: datetime | None
    requests_per_minute: int
    label: str
    is_demo: bool
    currency: str
    throttle_per_minute: int | None = None
    throttled_until: datetime | None = None
    used_up_until: datetime | None = None
    when_used_up: str = Plan.WhenUsedUp.GOES_ON

    @property
    def used_up(self) -> str:
        """What follows, as the plan says it, while the shop's calls of this month are used up (tenants/quota.py); ""
        as long as they are not."""
        return self.when_used_up if self.used_up_until is not None and self.used_up_until > timezone.now() else ""

    @property
    def is_throttled(self) -> bool:
        return self.throttled_until is not None and self.throttled_until > timezone.now()

    def may(self, scope: str) -> bool:
        return scope in self.scopes

    def only_reads(self, scope: str) -> bool:
        """A test key reads, and changes nothing: what a shop tries out must not end in its figures."""
        return self.mode == ApiKey.Mode.TEST and scope.endswith(":write")


class _Known:
    """Credentials that this process has seen: digest → (credential, keys epoch, looked up at)."""

    def __init__(self, size: int = 20_000) -> None:
        self.size = size
        self.rows: OrderedDict[bytes, tuple[Credential, bytes | None, float]] = OrderedDict()
        self.lock = threading.Lock()

    def get(self, digest: bytes) -> tuple[Credential, bytes | None, float] | None:
        return self.rows.get(digest)

    def put(self, digest: bytes, credential: Credential, epoch: bytes | None) -> None:
        with self.lock:
            self.rows[digest] = (credential, epoch, time.monotonic())
            self.rows.move_to_end(digest)
            while len(self.rows) > self.size:
                self.rows.popitem(last=False)

    def drop(self, digest: bytes) -> None:
        with self.lock:
            self.rows.pop(digest, None)


known = _Known()
# With the cache server up, the keys epoch tells at once, also of one that was emptied. This bounds the rest: a cache
# server that went back to an older state of itself.
KNOWN_SECONDS = 1800
KNOWN_SECONDS_BLIND = 4  # without it


def authenticate(raw: str) -> tuple[Credential, bytes | None]:
    """The key's credential, and the keys epoch it was read under (None = not confirmed yet).

    Raises problems.Unauthenticated. One look-up by digest; an unknown, a revoked and a mistyped key
    do the same work.
    """
    digest = tokens.digest(raw[:200])
    found = known.get(digest)
    if found and time.monotonic() - found[2] < KNOWN_SECONDS:
        return found[0], found[1]
    credential = look_up(digest)
    if credential is None:
        known.drop(digest)
        raise problems.Unauthenticated(
            "This API key is not known, or has been revoked or has expired.", headers={"WWW-Authenticate": "Bearer"}
        )
    # As long as the epoch that the gate reads later is still the one known here, nothing changed in between.
    epoch = found[1] if found else None
    known.put(digest, credential, epoch)
    return credential, epoch


def confirm(raw: str, epoch: bytes | None) -> Credential:
    """Looks the key up again because the tenant's keys changed, and remembers the new epoch."""
    digest = tokens.digest(raw[:200])
    credential = look_up(digest)
    if credential is None:
        known.drop(digest)
        raise problems.Unauthenticated(
            "This API key has been revoked or has expired.", headers={"WWW-Authenticate": "Bearer"}
        )
    known.put(digest, credential, epoch)
    return credential


def is_stale(raw: str, *, blind: bool) -> bool:
    found = known.get(tokens.digest(raw[:200]))
    return blind and (found is None or time.monotonic() - found[2] > KNOWN_SECONDS_BLIND)


def look_up(digest: bytes) -> Credential | None:
    with connections["default"].cursor() as cursor:
        cursor.execute("select * from auth_api_key(%s)", [digest])
        row = cursor.fetchone()
    if row is None:
        return None
    names = [column[0] for column in cursor.description] if cursor.description else _COLUMNS
    values = dict(zip(names, row, strict=True))
    values["scopes"] = frozenset(values["scopes"])
    values["origins"] = frozenset(values["origins"])
    return Credential(**values)


_COLUMNS = list(Credential.__slots__)


def issue(
    tenant: Tenant,
    *,
    name: str,
    kind: str,
    mode: str = ApiKey.Mode.LIVE,
    scopes: list[str] | None = None,
    origins: list[str] | None = None,
    expires_at: datetime | None = None,
    by: User | None,
    replaces: ApiKey | None = None,
) -> tuple[ApiKey, str]:
    """Makes a key; the secret is returned once and kept nowhere. Raises Problem."""
    granted = _scopes(kind, scopes)
    now = timezone.now()
    if not name.strip():
        raise problems.Problem("Give the key a name.", fields={"name": "Say what will use it."})
    if expires_at is not None and expires_at <= now:
        raise problems.Problem("This key would have expired already.", fields={"expires_at": "Choose a later day."})
    sites = [_origin(origin) for origin in origins or []] if kind == ApiKey.Kind.PUBLISHABLE else []
    live = [key for key in tenant.api_keys.filter(revoked_at=None) if key.is_live(now)]
    if len(live) >= tenant.plan.api_keys + (1 if replaces else 0):
        raise problems.PlanLimit(f"The {tenant.plan.name} plan allows {tenant.plan.api_keys} keys. Revoke one first.")
    if kind == ApiKey.Kind.PUBLISHABLE and not sites:
        raise problems.Problem(
            "A publishable key is bound to the sites that may use it.", fields={"origins": "Name at least one origin."}
        )
    secret = tokens.api_key(mode=mode, kind=kind)
    with tenant.atomic():
        key = tenant.api_keys.create(
            name=name.strip()[:80],
            kind=kind,
            mode=mode,
            prefix=secret[:15],
            last4=secret[-4:],
            digest=tokens.digest(secret),
            scopes=granted,
            origins=sites,
            expires_at=expires_at,
            created_by=by,
            replaces=replaces,
        )
        facts = {"kind": kind, "mode": mode, "scopes": granted}
        audit.record(tenant, "api_keys.issue", by=by, target=str(key), details=facts)
    return key, secret


def _scopes(kind: str, wanted: list[str] | None) -> list[str]:
    allowed = list(PUBLISHABLE_SCOPES) if kind == ApiKey.Kind.PUBLISHABLE else list(SCOPES)
    wanted = allowed if wanted is None else wanted
    strangers = [scope for scope in wanted if scope not in allowed]
    if strangers or not wanted:
        raise problems.Problem(
            "A publishable key may only read recommendations and send events."
            if kind == ApiKey.Kind.PUBLISHABLE
            else "Unknown scope.",
            fields={"scopes": f"Choose from {', '.join(allowed)}."},
        )
    return wanted


def _origin(text: str) -> str:
    """https://shop.example as a browser writes it: scheme, host, port if unusual, nothing else."""
    origin = text.strip().rstrip("/").lower()
    if not _ORIGIN.fullmatch(origin):
        raise problems.Problem(
            f"{text.strip()[:80]} is not an origin.", fields={"origins": "One per line, such as https://shop.example."}
        )
    return origin


def rotate(key: ApiKey, *, grace: timedelta, by: User | None) -> tuple[ApiKey, str]:
    """A new key like this one; the old one lives for `grace` more, so that both work meanwhile."""
    tenant = key.tenant
    now = timezone.now()
    if not key.is_live(now):
        raise problems.Conflict("This key is not in use any more. Issue a new one.")
    with tenant.atomic():
        fresh, secret = issue(
            tenant,
            name=key.name,
            kind=key.kind,
            mode=key.mode,
            scopes=key.scopes,
            origins=key.origins,
            by=by,
            replaces=key,
        )
        end = now + grace
        key.expires_at = min(key.expires_at, end) if key.expires_at else end
        key.save(update_fields=["expires_at"])
        audit.record(tenant, "api_keys.rotate", by=by, target=str(key), details={"old_key_ends": end.isoformat()})
        epochs.bump(tenant, "keys")
    return fresh, secret


def revoke(key: ApiKey, *, by: User | None, reason: str = "") -> None:
    """Ends the key now; every process refuses it with its next call."""
    if key.revoked_at:
        raise problems.Conflict("This key is already revoked.")
    with key.tenant.atomic():
        key.revoked_at = timezone.now()
        key.save(update_fields=["revoked_at"])
        audit.record(key.tenant, "api_keys.revoke", by=by, target=str(key), reason=reason)
        epochs.bump(key.tenant, "keys")


def suspend(key: ApiKey, *, by: User | str | None, reason: str = "") -> datetime | None:
    """Ends the key now, in a way that `resume` takes back; returns the end that it had."""
    now, former = timezone.now(), key.expires_at
    if not key.is_live(now):
        raise problems.Conflict("This key is not in use any more.")
    with key.tenant.atomic():
        key.expires_at = now
        key.save(update_fields=["expires_at"])
        audit.record(key.tenant, "api_keys.suspend", by=by, target=str(key), reason=reason)
        epochs.bump(key.tenant, "keys")
    return former


def resume(key: ApiKey, *, expires_at: datetime | None, by: User | str | None) -> None:
    """Gives a suspended key its former end again."""
    with key.tenant.atomic():
        key.expires_at = expires_at
        key.save(update_fields=["expires_at"])
        audit.record(key.tenant, "api_keys.resume", by=by, target=str(key))
        epochs.bump(key.tenant, "keys")


def as_actor(credential: Any) -> str:
    return f"key {credential.label}"
