"""Is everything there: database, cache server, broker, worker, beat, relay, disk; one function each."""

import shutil
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import django
import redis as redis_package
from django.conf import settings
from django.db import DatabaseError, connections
from django.db.migrations.loader import MigrationLoader

from luxebrain.lib import redis

HEARTBEAT_SECONDS = 60
BACKLOG_SECONDS = 120
LEAST_FREE_BYTES = 500_000_000


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the whole: whether it works, one sentence, and figures for the panel."""

    name: str
    ok: bool
    text: str
    figures: dict[str, Any] = field(default_factory=dict)


def database() -> Part:
    started = time.perf_counter()
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute("select current_setting('server_version'), pg_database_size(current_database())")
            version, size = cursor.fetchone()
    except DatabaseError as error:
        return Part("database", False, f"The database does not answer ({type(error).__name__}).")
    latency = time.perf_counter() - started
    return Part("database", True, "Answers.", {"seconds": latency, "bytes": size, "version": version.split()[0]})


def migrations() -> Part:
    """Whether the tables are those that this code expects."""
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute("select app, name from django_migrations")
            applied = set(cursor.fetchall())
    except DatabaseError as error:
        return Part("migrations", False, f"Cannot be read ({type(error).__name__}).")
    missing = sorted(_expected() - applied)
    if missing:
        named = ", ".join(f"{app}.{name}" for app, name in missing[:3])
        return Part("migrations", False, f"{len(missing)} not applied: {named}.", {"missing": len(missing)})
    return Part("migrations", True, "All applied.", {"missing": 0})


@lru_cache(maxsize=1)
def _expected() -> frozenset[tuple[str, str]]:
    """What lies on disk; it does not change while this process runs."""
    return frozenset(MigrationLoader(None).disk_migrations)


def cache() -> Part:
    return _ping("cache", "The cache server", redis.client())


def broker() -> Part:
    client = redis_package.Redis.from_url(settings.BROKER_URL, socket_timeout=1, socket_connect_timeout=1)
    try:
        return _ping("broker", "The broker", client)
    finally:
        client.close()


def _ping(name: str, title: str, client: redis_package.Redis) -> Part:
    started = time.perf_counter()
    try:
        client.ping()
        latency = time.perf_counter() - started
        about = client.info()
    except redis_package.RedisError as error:
        return Part(name, False, f"{title} does not answer ({type(error).__name__}).")
    figures = {
        "seconds": latency,
        "bytes": about.get("used_memory", 0),
        "version": about.get("valkey_version") or about.get("redis_version", ""),
        "policy": about.get("maxmemory_policy", ""),
    }
    return Part(name, True, "Answers.", figures)


def worker() -> Part:
    """The heartbeat goes the whole way: beat, row, relay, broker, worker."""
    try:
        raw = redis.client().get("worker:heartbeat")
    except redis_package.RedisError:
        return Part("worker", False, "Unknown: the cache server does not answer.")
    if raw is None:
        return Part("worker", False, "No heartbeat yet. Is a worker running?")
    age = max(0.0, time.time() - int(raw))
    text = f"Last heartbeat {age:.0f} s ago." if age < 7200 else f"Last heartbeat {age / 3600:.0f} h ago."
    return Part("worker", age <= HEARTBEAT_SECONDS, text, {"seconds": age})


def beat() -> Part:
    """Beat makes chores due; the newest one tells when it last ran."""
    age = _one("select extract(epoch from now() - max(created_at))::float8 from tenants_work where slot is not null")
    if isinstance(age, Part):
        return age
    if age is None:
        return Part("beat", False, "Has not run yet.")
    return Part("beat", age <= HEARTBEAT_SECONDS, f"Made work due {age:.0f} s ago.", {"seconds": age})


def relay() -> Part:
    """Work that is due and that nobody has taken: its age is how far behind we are."""
    age = _one(
        "select extract(epoch from clock_timestamp() - min(due_at))::float8 from tenants_work "
        "where state = 'pending' and due_at <= clock_timestamp()"
    )
    if isinstance(age, Part):
        return age
    if age is None:
        return Part("relay", True, "Nothing is waiting.", {"seconds": 0.0})
    return Part("relay", age <= BACKLOG_SECONDS, f"The oldest due work waits for {age:.0f} s.", {"seconds": age})


def _one(query: str) -> Any:
    try:
        with connections["ops"].cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchone()[0]
    except DatabaseError as error:
        name = "beat" if "slot" in query else "relay"
        return Part(name, False, f"Unknown: the database does not answer ({type(error).__name__}).")


def disk() -> Part:
    usage = shutil.disk_usage(settings.DATA_DIR)
    enough = usage.free >= LEAST_FREE_BYTES
    text = "Enough room for models and uploads." if enough else "The disk of the data directory is almost full."
    return Part("disk", enough, text, {"bytes": usage.free, "total": usage.total})


def versions() -> dict[str, str]:
    return {
        "LuxeBrain": settings.VERSION,
        "Django": django.get_version(),
        "Python": ".".join(map(str, sys.version_info[:3])),
    }


READY: tuple[Callable[[], Part], ...] = (database, migrations, cache, broker, worker)
ALL: tuple[Callable[[], Part], ...] = (*READY, beat, relay, disk)


def look(parts: Iterable[Callable[[], Part]]) -> list[Part]:
    return [part() for part in parts]
