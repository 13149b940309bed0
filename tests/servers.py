"""A pytest plugin: real PostgreSQL and Valkey for the whole run, before Django reads its settings."""

import os
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import Any

_held: list[Any] = []


def start() -> None:
    """Starts the servers once; workers of a parallel run inherit the addresses."""
    os.environ.setdefault("LUX_SECRET_KEY", secrets.token_urlsafe(40))
    os.environ.setdefault("LUX_LOG_CONSOLE", "0")
    os.environ.setdefault("LUX_TRAINING_CPU_SECONDS", "1")
    os.environ.setdefault("LUX_DEMO", "1")  # the demo storefront is walked like every other page
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ["LUX_ALLOWED_HOSTS"] = "testserver,127.0.0.1,localhost"
    if "LUX_TEST_DATA_DIR" not in os.environ:
        directory = tempfile.mkdtemp(prefix="luxebrain-test-")
        os.environ["LUX_TEST_DATA_DIR"] = directory
        _held.append(("directory", directory))
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    os.environ["LUX_DATA_DIR"] = str(Path(os.environ["LUX_TEST_DATA_DIR"]) / worker)
    _share_cache_servers(worker)
    if "DATABASE_ADMIN_URL" not in os.environ:
        from luxebrain.embedded import temporary

        instance = temporary(fast=True)
        os.environ.update(instance.__enter__().environ)
        _held.append(("instance", instance))


def _share_cache_servers(worker: str) -> None:
    """Workers of a parallel run share the servers: each gets a logical database of its own, before
    anything reads the address."""
    number = int("".join(char for char in worker if char.isdigit()) or -1) + 1
    for variable in ("REDIS_URL", "BROKER_URL"):
        if number and variable in os.environ:
            base, _, _ = os.environ[variable].rpartition("/")
            os.environ[variable] = f"{base}/{number}"


start()  # at import: pytest-django reads the settings before any hook of ours could run


def pytest_unconfigure(config: Any) -> None:
    while _held:
        kind, thing = _held.pop()
        if kind == "instance":
            thing.__exit__(None, None, None)
        else:
            shutil.rmtree(thing, ignore_errors=True)
