"""What the drills share: the product on servers of its own, faults at random moments, counts that bear an outage."""

import dataclasses
import os
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from luxebrain.embedded import demo, processes, state, temporary
from luxebrain.embedded.instance import Instance

WORKER_APP = "bench.drills.effects"  # the product's own, with the handler whose effects can be counted


@contextmanager
def product(*, programs: Sequence[str], worker: str = WORKER_APP) -> Iterator[tuple[Instance, int]]:
    """The servers (fsync on), migrated, and these of the product's programs: (instance, port of the web)."""
    with temporary(fast=False) as instance:
        port = state.any_port()
        environ = {**os.environ, **demo.environment(instance, port=port), "LUX_LOG_CONSOLE": "0"}
        environ["DJANGO_SETTINGS_MODULE"] = "luxebrain.settings"
        os.environ.update(environ)
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connections

        call_command("migrate", database="owner", verbosity=0, interactive=False)
        wanted = [one for one in demo.product(instance, environ=environ, port=port) if one.name in programs]
        for program in wanted:
            argv = [worker if word == "luxebrain" else word for word in program.argv]
            instance.supervisor.start(dataclasses.replace(program, argv=argv), wait=False)
        for program in wanted:
            instance.supervisor.running[program.name].wait_ready()
        try:
            yield instance, port
        finally:
            connections.close_all()


def kill(instance: Instance, name: str) -> bool:
    """kill -9 of a program and all its children. PostgreSQL's own children see to their end themselves:
    their parent's death is what a crash of the server is. False when it is down already."""
    pid = instance.supervisor.running[name].pid
    if not pid or not instance.supervisor.running[name].alive:
        return False
    processes.kill_group(pid)
    return True


def faults(victims: Sequence[str], count: int, *, seed: int) -> list[str]:
    """`count` victims in random order, each as often as the others."""
    chance = random.Random(seed)
    chosen = [victims[number % len(victims)] for number in range(count)]
    chance.shuffle(chosen)
    return chosen


def rows(statement: str, *values: Any) -> list[tuple[Any, ...]] | None:
    """The rows of a statement as the operators see them; None while the database is away."""
    from django.db import Error, connections

    try:
        with connections["ops"].cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall()
    except Error:
        connections["ops"].close()
        return None


def number(statement: str, *values: Any) -> int | None:
    """The one number of a statement; None while the database is away."""
    found = rows(statement, *values)
    return None if found is None else int(found[0][0] or 0)
