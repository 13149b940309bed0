"""Kill -9 of worker, broker and relay in the middle of 200 pieces of work: none lost, none done twice.

    python -m bench.drills.work [--works 200]

The works are enqueued as a page would: rows in the transaction of their cause, every fifth of which is
rolled back and must leave nothing. The product's own relay and worker run under its own supervisor.
"""

import argparse
import dataclasses
import json
import os
import sys
import time
from typing import Any

from luxebrain.embedded import demo, processes, temporary
from luxebrain.embedded.instance import Instance

FAULTS = ((0.15, "worker"), (0.35, "valkey-broker"), (0.55, "relay"), (0.75, "worker"))
LIMIT = 300.0  # with four kills, leases of 30 s and slow machines; a minute is usual


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--works", type=int, default=200)
    options = parser.parse_args()
    with temporary(fast=False) as instance:
        environ = {**os.environ, **demo.environment(instance, port=demo.choose_port(None)), "LUX_LOG_CONSOLE": "0"}
        os.environ.update(environ)
        import django

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "luxebrain.settings")
        django.setup()
        from django.core.management import call_command

        call_command("migrate", database="owner", verbosity=0, interactive=False)
        start(instance, environ)
        result = drill(instance, options.works)
    print(json.dumps(result, indent=2))
    return 0 if result["passed"] else 1


def start(instance: Instance, environ: dict[str, str]) -> None:
    """Relay, worker and beat as the demo runs them; the worker with the handler of the drill."""
    for program in demo.product(instance, environ=environ, port=0):
        if program.name in {"worker", "relay", "beat"}:
            argv = ["bench.drills.effects" if word == "luxebrain" else word for word in program.argv]
            instance.supervisor.start(dataclasses.replace(program, argv=argv), wait=False)


def drill(instance: Instance, works: int) -> dict[str, Any]:
    tenant = enqueue(works)
    began, waiting = time.monotonic(), list(FAULTS)
    killed: list[str] = []

    def is_over() -> bool:
        done = count("select count(*) from tenants_auditentry where action = 'drill.effect'")
        if waiting and done >= waiting[0][0] * works:
            name = waiting.pop(0)[1]
            pid = instance.supervisor.running[name].pid
            if pid:
                processes.kill_group(pid)
                killed.append(f"{name} after {done}")
        settled = count("select count(*) from tenants_work where task = 'drill.effect' and state in ('done', 'dead')")
        return settled >= works or time.monotonic() - began > LIMIT

    instance.supervisor.watch(is_over, interval=0.1)
    effects = count("select count(*) from tenants_auditentry where action = 'drill.effect'")
    distinct = count("select count(distinct target) from tenants_auditentry where action = 'drill.effect'")
    rows = count("select count(*) from tenants_work where task = 'drill.effect'")
    return {
        "tenant": tenant,
        "works": works,
        "rows": rows,
        "killed": killed,
        "lost": works - distinct,
        "doubled": effects - distinct,
        "most_attempts": count("select max(attempts) from tenants_work where task = 'drill.effect'"),
        "left": left_over(),
        "seconds": round(time.monotonic() - began, 1),
        "passed": effects == distinct == works == rows and len(killed) == len(FAULTS),
    }


def enqueue(works: int) -> str:
    """Committed causes with their work, and between them causes that are rolled back."""
    from tenants import tenancy, work
    from tenants.models import Tenant

    shop = Tenant(slug="drill", name="Drill", plan_id="free")
    shop.save(using="ops")
    for number in range(works):
        with tenancy.enter(shop.pk) as tenant:
            work.enqueue(tenant, "drill.effect", subject=number)
        if number % 5 == 0:
            try:
                with tenancy.enter(shop.pk) as tenant:
                    work.enqueue(tenant, "drill.effect", subject=f"ghost-{number}")
                    raise ConnectionError
            except ConnectionError:
                continue
    return shop.slug


def left_over() -> list[Any]:
    """What was not finished, and why: nothing, when all is well."""
    from django.db import connections

    with connections["ops"].cursor() as cursor:
        cursor.execute(
            "select state, attempts, round(extract(epoch from due_at - now()))::int, "
            "round(extract(epoch from dispatched_at - now()))::int, "
            "round(extract(epoch from lease_until - now()))::int, left(error, 200), count(*) "
            "from tenants_work where state not in ('done') group by 1, 2, 3, 4, 5, 6"
        )
        return cursor.fetchall()


def count(statement: str) -> int:
    from django.db import connections

    with connections["ops"].cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0] or 0


if __name__ == "__main__":
    sys.exit(main())
