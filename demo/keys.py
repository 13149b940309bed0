"""The storefronts' API keys: issued once, kept in a file that only this user can read."""

import os
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import orjson
from django.conf import settings
from django.utils import timezone

from luxebrain.lib import tokens
from tenants import api_keys
from tenants.models import ApiKey, Tenant

NAMES = {"sk": "Demo storefront (server)", "pk": "Demo storefront (browser)"}


@dataclass(frozen=True, slots=True)
class Keys:
    """What the storefront of a shop needs to know to speak to the API."""

    tenant_id: int
    secret: str
    publishable: str
    origins: list[str]


def path() -> Path:
    return settings.DATA_DIR / "demo" / "keys.json"


def read() -> dict[str, Keys]:
    """The keys of all demo shops by slug; {} before the demo is seeded."""
    try:
        return _read(path(), path().stat().st_mtime_ns)
    except FileNotFoundError:
        return {}


@lru_cache(maxsize=2)
def _read(file: Path, changed: int) -> dict[str, Keys]:
    return {slug: Keys(**kept) for slug, kept in orjson.loads(file.read_bytes()).items()}


def _write(keys: dict[str, Keys]) -> None:
    """Replaces the file in one step; nobody else may read it at any moment."""
    file = path()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(orjson.dumps({slug: asdict(kept) for slug, kept in keys.items()}, option=orjson.OPT_INDENT_2))
    fresh.replace(file)


def ensure(tenant: Tenant, *, origins: list[str]) -> bool:
    """Makes sure that the shop's storefront has two living keys; True if any had to be made."""
    kept = read().get(tenant.slug)
    if kept and kept.tenant_id == tenant.pk and kept.origins == origins and _live(tenant, kept):
        return False
    _retire(tenant)
    secret = api_keys.issue(tenant, name=NAMES["sk"], kind="sk", by=None)[1]
    publishable = api_keys.issue(tenant, name=NAMES["pk"], kind="pk", origins=origins, by=None)[1]
    _write({**read(), tenant.slug: Keys(tenant.pk, secret, publishable, origins)})
    return True


def _live(tenant: Tenant, kept: Keys) -> bool:
    now = timezone.now()
    digests = [tokens.digest(kept.secret), tokens.digest(kept.publishable)]
    return sum(key.is_live(now) for key in tenant.api_keys.filter(digest__in=digests)) == len(digests)


def _retire(tenant: Tenant) -> None:
    """Keys whose secret is lost, or that are bound to another address, are of no use to anybody."""
    now = timezone.now()
    for key in ApiKey.unscoped.using(tenant.alias).filter(tenant=tenant, name__in=NAMES.values(), revoked_at=None):
        if key.is_live(now):
            api_keys.revoke(key, by=None, reason="The demo's storefront got new keys.")
