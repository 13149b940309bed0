"""The start-up checks refuse what is dangerous, and are silent when all is right."""

import io
import os
import secrets
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.files.storage import InMemoryStorage
from django.core.management import call_command
from django.db import connections
from django.test import override_settings

from luxebrain.home import checks, store_checks


def ids(found):
    return {message.id for message in found}


def test_it_is_silent_as_installed(db):
    found = [*checks.check_secret_key(), *checks.check_hosts(), *checks.check_driver(), *checks.check_directories()]
    assert found == []
    assert checks.check_roles(databases=["default"]) == []


@pytest.mark.parametrize("key", ["short", "a" * 60])
def test_it_refuses_a_weak_key(key):
    with override_settings(SECRET_KEY=key):
        assert ids(checks.check_secret_key()) == {"lux.E001"}


def test_it_refuses_debug_in_public_and_every_host():
    with override_settings(DEBUG=True, ALLOWED_HOSTS=["shop.example"]):
        assert ids(checks.check_hosts()) == {"lux.E002"}
    with override_settings(DEBUG=True, ALLOWED_HOSTS=["127.0.0.1"], BASE_URL="http://127.0.0.1:8000"):
        assert checks.check_hosts() == []
    with override_settings(ALLOWED_HOSTS=["*"]):
        assert ids(checks.check_hosts()) == {"lux.E003"}


def test_it_refuses_a_role_above_row_level_security(db, monkeypatch):
    """As if DATABASE_URL named the operators' role."""
    monkeypatch.setitem(settings.DATABASES["default"], "USER", settings.DATABASES["ops"]["USER"])
    monkeypatch.setattr(checks, "connections", {"default": connections["ops"]})
    assert ids(checks.check_roles(databases=["default"])) == {"lux.E005", "lux.E006"}


def test_it_refuses_a_missing_protection():
    with override_settings(MIDDLEWARE=[], CONTENT_SECURITY_POLICY={"DIRECTIVES": {}}):
        assert ids(checks.check_middleware()) == {"lux.E009", "lux.E010"}
    assert checks.check_middleware() == []


def test_it_warns_about_one_server_for_cache_and_broker(db):
    with override_settings(BROKER_URL=settings.REDIS_URL):
        assert ids(checks.check_broker()) == {"lux.W001", "lux.E008"}  # the cache may evict
    assert checks.check_broker() == []


def test_it_refuses_directories_that_cannot_be_written(tmp_path):
    with override_settings(MODELS_DIR=tmp_path / "missing"):
        assert ids(checks.check_directories()) == {"lux.E007"}


def test_it_passes_the_deploy_check_behind_https(db):
    """`manage.py check --deploy` as an operator runs it; every warning is a failure."""
    environ = {
        **{name: value for name, value in os.environ.items() if name != "DJANGO_ALLOW_ASYNC_UNSAFE"},
        "LUX_BASE_URL": "https://app.luxebrain.example",
        "LUX_ALLOWED_HOSTS": "app.luxebrain.example",
        "LUX_LOG_CONSOLE": "0",
        "LUX_SECRET_KEY": secrets.token_urlsafe(50),
    }
    command = [sys.executable, "manage.py", "check", "--deploy", "--database", "default", "--fail-level", "WARNING"]
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=environ, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_it_runs_with_django_s_own_checks(db):
    out = io.StringIO()
    call_command("check", databases=["default"], stdout=out, stderr=out)
    assert "no issues" in out.getvalue()


def test_a_local_store_of_models_needs_no_look(settings):
    assert [*store_checks.check_configured(), *store_checks.check_reachable()] == []


def test_it_tries_the_remote_store_of_models(bucket, settings):
    """`manage.py check --deploy`: written, listed, read and deleted again; nothing stays."""
    assert [*store_checks.check_configured(), *store_checks.check_reachable()] == []
    assert bucket.keys() == []
    bucket.name = "no-such-bucket"
    bucket.use(bucket.url)
    (found,) = store_checks.check_reachable()
    assert (found.id, "NoSuchBucket" in found.msg) == ("lux.E012", True)
    bucket.away()
    assert ids(store_checks.check_reachable()) == {"lux.E012"}
    assert store_checks.check_configured() == []


class FarAway(InMemoryStorage):
    endpoint_url = "http://s3.example"


def test_it_warns_about_a_store_without_encryption(settings):
    settings.STORAGES = {**settings.STORAGES, "models": {"BACKEND": "tests.home.test_checks.FarAway"}}
    assert ids(store_checks.check_reachable()) == {"lux.W014"}


def test_it_refuses_a_store_that_cannot_be_made(settings, tmp_path):
    settings.STORAGES = {**settings.STORAGES, "models": {"BACKEND": "not_installed.Storage"}}
    assert ids(store_checks.check_configured()) == {"lux.E011"}
    settings.STORAGES = {
        **settings.STORAGES,
        "models": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    }
    (tmp_path / "file").touch()
    settings.MODELS_CACHE_DIR = tmp_path / "file" / "cache"
    assert ids(store_checks.check_configured()) == {"lux.E013"}
    settings.MODELS_CACHE_DIR = tmp_path / "cache"
    assert store_checks.check_configured() == []
    assert store_checks.check_reachable() == []  # any storage of Django's will do
