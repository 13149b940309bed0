"""The cast, the database with its real roles, and the doors that tests go through.

acme: ana (owner), ben (analyst), dev (developer); globex: gil, the stranger; sam is an operator,
pat a platform analyst. Tests commit for real: row-level security, on_commit and several roles
behave as in production; everything is wiped afterwards by the owner.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import Client
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis

from tests import make
from tests.browser import browser_page, chromium, server  # noqa: F401  (fixtures)
from tests.s3server import bucket, s3_url  # noqa: F401  (fixtures)

# How long something takes says nothing about whether it is right.
hypothesis.register_profile("calm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.load_profile("calm")

_KEPT = {"django_migrations", "tenants_plan", "django_content_type", "auth_permission"}


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """A database of this worker's own, migrated by the owner; the application role uses it."""
    from luxebrain.lib import roles

    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    name = f"test_{worker}_{os.getpid()}"
    admin = os.environ["DATABASE_ADMIN_URL"]
    roles.bootstrap_database(admin, database=name)
    for alias in connections:
        connections[alias].close()
        settings.DATABASES[alias]["NAME"] = connections[alias].settings_dict["NAME"] = name
    with django_db_blocker.unblock():
        call_command("migrate", database="owner", verbosity=0, interactive=False)
        with connections["owner"].cursor() as cursor:
            cursor.execute("create schema kept; create table kept.plans as table tenants_plan")
        yield
        for alias in connections:
            connections[alias].close()
    roles.drop_database(admin, database=name)


@pytest.fixture
def db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    from luxebrain.lib import redis
    from recommendations import answer_log
    from tenants import api_keys

    with django_db_blocker.unblock():
        redis.client().flushdb()
        api_keys.known.rows.clear()
        yield
        answer_log.forget()
        wipe()


def wipe() -> None:
    """Empties every table as the owner, in one round trip; the plans are again as the migrations made them."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace "
            "where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition"
        )
        tables = [row[0] for row in cursor.fetchall() if row[0] not in _KEPT]
        deletes = " ".join(f"delete from {table};" for table in [*tables, "tenants_plan"])
        plans = "insert into tenants_plan table kept.plans;"
        cursor.execute(f"begin; set constraints all deferred; {deletes} {plans} commit;")


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls of one shop race each other, as those in many web processes do."""
    from tenants import lanes

    monkeypatch.setattr(lanes.of_calls, "wide", 100)


@pytest.fixture
def acme(db: None) -> Any:
    return make.tenant("acme", plan="growth")


@pytest.fixture
def globex(db: None) -> Any:
    return make.tenant("globex", plan="starter")


@pytest.fixture
def ana(acme: Any) -> Any:
    return make.member(acme, "ana", role="owner")


@pytest.fixture
def ben(acme: Any) -> Any:
    return make.member(acme, "ben", role="analyst")


@pytest.fixture
def dev(acme: Any) -> Any:
    return make.member(acme, "dev", role="developer")


@pytest.fixture
def gil(globex: Any) -> Any:
    return make.member(globex, "gil", role="owner")


@pytest.fixture
def sam(db: None) -> Any:
    return make.user("sam", platform_role="operator")


@pytest.fixture
def pat(db: None) -> Any:
    return make.user("pat", platform_role="analyst")


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


@pytest.fixture
def api(acme: Any) -> "make.Api":
    """The public API with a live secret key of acme."""
    return make.Api(make.key(acme))


@pytest.fixture
def signed_in() -> Any:
    """signed_in(ana) → a browser-like client with a session."""

    def sign_in(user: Any) -> Client:
        client = Client(raise_request_exception=False)
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in
