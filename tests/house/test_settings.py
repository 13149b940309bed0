"""Settings that protect: the deployment check is clean, dangerous combinations refuse, directories appear."""

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.utils.module_loading import import_string

from tests.house.tree import BASE

HTTPS = {
    "LUX_BASE_URL": "https://luxebrain.example",
    "LUX_ALLOWED_HOSTS": "luxebrain.example",
    "LUX_SECRET_KEY": "mZ4-tq8yVw1nX7cB0sJkR5uE9aLdF2hGpO6iTQ3vYbNeWrUxCz",
}


def manage(*command, cwd, **environ):
    """manage.py in a process of its own, with exactly these settings."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in {"PATH", "HOME", "LANG", "BROKER_URL"} or name.startswith(("DATABASE_", "REDIS_"))
    }
    return subprocess.run(
        [sys.executable, str(BASE / "manage.py"), *command],
        cwd=cwd,
        env={**kept, **HTTPS, "PYTHONWARNINGS": "default", **environ},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_deployment_check_is_clean(db, tmp_path):
    """R150: no warning of Django's or ours with https settings."""
    done = manage("check", "--deploy", "--fail-level", "WARNING", cwd=tmp_path, LUX_DATA_DIR=str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no issues" in done.stdout + done.stderr


def test_what_the_deployment_check_is_told_to_skip_is_there_under_another_name():
    """Django looks for its middleware by name; ours are subclasses that step aside for keys."""
    stands_in = {
        "security.W001": "django.middleware.security.SecurityMiddleware",
        "security.W002": "django.middleware.clickjacking.XFrameOptionsMiddleware",
        "security.W003": "django.middleware.csrf.CsrfViewMiddleware",
    }
    assert set(settings.SILENCED_SYSTEM_CHECKS) <= set(stands_in)
    installed = [import_string(path) for path in settings.MIDDLEWARE]
    for original in stands_in.values():
        assert any(isinstance(one, type) and issubclass(one, import_string(original)) for one in installed)


def test_https_switches_everything_on(tmp_path):
    """What Django's check would ask for if it saw the middleware."""
    code = (
        "from django.conf import settings as s;"
        "print(s.SECURE_HSTS_SECONDS >= 31536000, s.SECURE_HSTS_INCLUDE_SUBDOMAINS, s.SECURE_HSTS_PRELOAD,"
        " s.SECURE_SSL_REDIRECT, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SESSION_COOKIE_HTTPONLY,"
        " s.SECURE_CONTENT_TYPE_NOSNIFF, not s.DEBUG)"
    )
    done = manage("shell", "--no-imports", "-c", code, cwd=tmp_path, LUX_DATA_DIR=str(tmp_path))
    assert done.stdout.split() == ["True"] * 9, done.stdout + done.stderr


def test_it_starts_in_an_empty_directory(tmp_path):
    """R96, R143: directories are made before logging opens its first file."""
    done = manage("check", cwd=tmp_path, LUX_DATA_DIR=str(tmp_path / "var"))
    assert done.returncode == 0, done.stderr
    for name in ("logs", "models/tenant_models", "uploads", "run"):
        assert (tmp_path / "var" / name).is_dir()


@pytest.mark.parametrize(
    ("environ", "check"),
    [
        ({"LUX_SECRET_KEY": "short"}, "lux.E001"),
        ({"LUX_SECRET_KEY": ""}, "lux.E001"),
        ({"LUX_DEBUG": "1"}, "lux.E002"),
        ({"LUX_ALLOWED_HOSTS": "*"}, "lux.E003"),
        ({"DATABASE_URL": os.environ.get("DATABASE_OPS_URL", "")}, "lux.E006"),
    ],
)
def test_a_dangerous_combination_refuses_to_start(tmp_path, environ, check):
    done = manage("check", "--deploy", cwd=tmp_path, LUX_DATA_DIR=str(tmp_path), **environ)
    assert done.returncode != 0
    assert check in done.stderr


def test_a_role_above_the_policies_refuses_to_start(db, tmp_path):
    """Row-level security protects nobody from a role that stands above it."""
    done = manage(
        "check",
        "--database",
        "default",
        cwd=tmp_path,
        LUX_DATA_DIR=str(tmp_path),
        DATABASE_URL=os.environ["DATABASE_OWNER_URL"],
    )
    assert "lux.E005" in done.stderr


def test_nothing_is_pickled():
    assert settings.CELERY_ACCEPT_CONTENT == ["json"]
    assert settings.CELERY_TASK_SERIALIZER == "json"
    assert "Json" in settings.CACHES["default"]["OPTIONS"]["serializer"]
    assert "pickle" not in getattr(settings, "SESSION_SERIALIZER", "").lower()


def test_setting_up_waits_migrates_and_fails_loudly(db, tmp_path):
    """R95, R108: one command on every system; without a database it ends with an error, not a trace."""
    done = manage("setup", "-v", "0", cwd=tmp_path, LUX_DATA_DIR=str(tmp_path), **aliases())
    assert done.returncode == 0, done.stderr
    away = "postgres://lux_owner@127.0.0.1:9/none"
    failed = manage("setup", "--wait", "0", cwd=tmp_path, LUX_DATA_DIR=str(tmp_path), DATABASE_OWNER_URL=away)
    assert failed.returncode != 0
    assert "did not answer" in failed.stderr
    assert "Traceback" not in failed.stderr


def aliases():
    """The test's own database instead of the servers' empty one."""
    names = {"default": "DATABASE_URL", "ops": "DATABASE_OPS_URL", "owner": "DATABASE_OWNER_URL"}
    found = {}
    for alias, variable in names.items():
        base, _, rest = os.environ[variable].rpartition("/")
        options = rest.partition("?")[1:]
        found[variable] = f"{base}/{settings.DATABASES[alias]['NAME']}{''.join(options)}"
    return found
