"""A scratch product for a benchmark: real servers with fsync on, migrated, Django set up, one shop in it."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def product() -> Iterator[Any]:
    """Yields the shop (plan enterprise). Nothing outside the temporary directory is touched."""
    from luxebrain.embedded import temporary

    with temporary(fast=False) as servers, tempfile.TemporaryDirectory() as data:
        os.environ.update(servers.environ)
        os.environ.update({"LUX_DATA_DIR": data, "LUX_SECRET_KEY": "b" * 50, "LUX_LOG_CONSOLE": "0"})
        os.environ.update({"DJANGO_SETTINGS_MODULE": "luxebrain.settings", "LUX_ALLOWED_HOSTS": "testserver,127.0.0.1"})
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connections

        call_command("migrate", database="owner", verbosity=0, interactive=False)
        from tenants.models import Tenant

        shop = Tenant(slug="bench", name="Bench", plan_id="enterprise", currency="GBP")
        shop.save(using="ops")
        try:
            yield shop
        finally:
            connections.close_all()


@contextmanager
def servers() -> Iterator[dict[str, str]]:
    """Servers without fsync; yields the environment in which processes of the product use them."""
    from luxebrain.embedded import temporary

    with temporary(fast=True) as held, tempfile.TemporaryDirectory() as data:
        yield {**os.environ, **held.environ, "LUX_DATA_DIR": data, "LUX_SECRET_KEY": "b" * 50, "LUX_LOG_CONSOLE": "0",
               "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # fmt: skip


def last_line(command: list[str], environ: dict[str, str], given: str = "") -> str:
    """What a process of Python says last; `given` is its standard input."""
    done = subprocess.run(
        [sys.executable, *command], env=environ, check=True, input=given, stdout=subprocess.PIPE, text=True
    )
    return done.stdout.splitlines()[-1]


def empty(*tables: str) -> None:
    """Empties tables as their owner, so that every round begins alike."""
    from django.db import connections

    with connections["owner"].cursor() as cursor:
        cursor.execute(f"truncate {', '.join(tables)} restart identity cascade")


def median(values: list[float]) -> float:
    return round(statistics.median(values), 4)


def say(result: dict[str, Any], lines: list[str], target: Path | None) -> None:
    """Text for people, JSON for machines."""
    print("\n".join(lines))
    print(json.dumps(result))
    if target:
        target.write_text(json.dumps(result, indent=2))
