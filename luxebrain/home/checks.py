"""Refuses to start half-configured: each dangerous combination is a system check with an id."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import redis as redis_package
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections

LOOPBACK = {"127.0.0.1", "localhost", "[::1]", "::1", "testserver", ""}
SHORTEST_KEY = 32


@register(Tags.security)
def check_secret_key(**kwargs: Any) -> list[CheckMessage]:
    try:
        key = settings.SECRET_KEY
    except ImproperlyConfigured:
        key = ""
    if len(key) >= SHORTEST_KEY and len(set(key)) >= 5:
        return []
    hint = 'Set LUX_SECRET_KEY, for example to `python -c "import secrets; print(secrets.token_urlsafe(50))"`.'
    return [Error(f"SECRET_KEY is missing or shorter than {SHORTEST_KEY} characters.", hint=hint, id="lux.E001")]


@register(Tags.security)
def check_hosts(**kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    named = {host.lower() for host in settings.ALLOWED_HOSTS} | {urlsplit(settings.BASE_URL).hostname or ""}
    if settings.DEBUG and named - LOOPBACK:
        hint = "Switch LUX_DEBUG off: its error pages show settings and data to everybody."
        found.append(Error("DEBUG is on for a host that others can reach.", hint=hint, id="lux.E002"))
    if "*" in settings.ALLOWED_HOSTS:
        hint = "Name the hosts in LUX_ALLOWED_HOSTS: links in e-mails are built from the host."
        found.append(Error("ALLOWED_HOSTS allows every host.", hint=hint, id="lux.E003"))
    return found


PROTECTION = ("PanelSecurityMiddleware", "PanelCSPMiddleware", "PanelCsrfMiddleware", "ErrorTrackingMiddleware")


@register(Tags.security)
def check_middleware(**kwargs: Any) -> list[CheckMessage]:
    """Django's checks know its own classes only; ours step aside for the API and have other names."""
    named = {path.rpartition(".")[2] for path in settings.MIDDLEWARE}
    missing = [name for name in PROTECTION if name not in named]
    framing = settings.CONTENT_SECURITY_POLICY.get("DIRECTIVES", {}).get("frame-ancestors")
    found: list[CheckMessage] = [Error(f"{name} is not in MIDDLEWARE.", id="lux.E009") for name in missing]
    if framing != ["'none'"]:
        found.append(Error("Other sites may frame the panels.", hint="frame-ancestors must be 'none'.", id="lux.E010"))
    return found


@register(Tags.compatibility)
def check_driver(**kwargs: Any) -> list[CheckMessage]:
    if find_spec("psycopg") is None:
        return []
    hint = "Uninstall psycopg: Django prefers it silently, and the code is measured and tested with psycopg2."
    return [Error("psycopg 3 is installed.", hint=hint, id="lux.E004")]


@register(Tags.database)
def check_roles(databases: list[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Row-level security protects nobody from a role that stands above it."""
    found: list[CheckMessage] = []
    if settings.DATABASES["default"].get("USER") == settings.DATABASES["ops"].get("USER"):
        hint = "DATABASE_URL must name lux_app, DATABASE_OPS_URL lux_ops."
        found.append(Error("Pages and back office share one database role.", hint=hint, id="lux.E006"))
    if "default" not in (databases or ()):
        return found
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute("select rolname, rolsuper or rolbypassrls from pg_roles where rolname = current_user")
            role, is_above = cursor.fetchone()
    except DatabaseError as error:
        return [*found, Warning(f"The database role could not be checked: {error}", id="lux.W005")]
    if is_above:
        hint = "Connect as lux_app; `luxebrain/lib/roles.py` creates it."
        found.append(Error(f"The role {role} bypasses row-level security.", hint=hint, id="lux.E005"))
    return found


@register(Tags.files)
def check_directories(**kwargs: Any) -> list[CheckMessage]:
    blocked = [
        path for path in (settings.MODELS_DIR, settings.LOGS_DIR, settings.UPLOADS_DIR) if not is_writable(path)
    ]
    return [Error(f"{path} cannot be written.", hint="See LUX_DATA_DIR.", id="lux.E007") for path in blocked]


def is_writable(path: Path) -> bool:
    return path.is_dir() and os.access(path, os.W_OK | os.X_OK)


@register(Tags.caches, deploy=True)
def check_broker(**kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if _server(settings.BROKER_URL) == _server(settings.REDIS_URL):
        hint = "Give BROKER_URL a server of its own: a full cache must not push out the queue."
        found.append(Warning("Cache and broker share one server.", hint=hint, id="lux.W001"))
    client = redis_package.Redis.from_url(settings.BROKER_URL, socket_timeout=2, socket_connect_timeout=2)
    try:
        policy = client.info("memory").get("maxmemory_policy", "")
    except redis_package.RedisError as error:
        return [*found, Warning(f"The broker could not be checked: {error}", id="lux.W008")]
    finally:
        client.close()
    if policy != "noeviction":
        hint = "Set maxmemory-policy noeviction on the broker."
        found.append(Error(f"The broker may drop messages (policy {policy}).", hint=hint, id="lux.E008"))
    return found


def _server(url: str) -> tuple[str, int | None]:
    parts = urlsplit(url)
    return (parts.hostname or parts.path, parts.port) if parts.scheme != "unix" else (parts.path, None)
