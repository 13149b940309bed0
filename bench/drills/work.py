"""Kill -9 of every part at random moments in the middle of 200 pieces of work: none lost, none done twice.

    python -m bench.drills.work [--works 200] [--faults 6] [--runs 1] [--seed 1]

The works are enqueued as a page would: rows in the transaction of their cause, every fifth of which is
rolled back and must leave nothing. The product's own relay, worker and beat run under its own
supervisor. Everything must be finished a minute after the last fault.
"""

import argparse
import json
import random
import subprocess
import sys
import time
from typing import Any

from bench.drills import stage

VICTIMS = ("worker", "valkey-broker", "relay", "postgres", "beat")
LIMIT = 60.0  # seconds from the last fault: a lease of 30, and the start of a worker on a slow machine


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--works", type=int, default=200)
    parser.add_argument("--faults", type=int, default=6)
    parser.add_argument("--runs", type=int, default=1, help="Each with the next seed, on servers of its own")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.runs > 1:
        return repeat(options)
    with stage.product(programs=("worker", "relay", "beat")) as (instance, _):
        result = drill(instance, options)
    print(json.dumps(result))
    return 0 if result["passed"] else 1


def repeat(options: argparse.Namespace) -> int:
    """Every run in a process of its own: settings and connections belong to one set of servers."""
    codes = []
    for seed in range(options.seed, options.seed + options.runs):
        arguments = ["--works", str(options.works), "--faults", str(options.faults), "--seed", str(seed)]
        codes.append(subprocess.run([sys.executable, "-m", "bench.drills.work", *arguments], check=False).returncode)
    return max(codes)


def drill(instance: Any, options: argparse.Namespace) -> dict[str, Any]:
    enqueue(options.works)
    chance = random.Random(options.seed)
    moments = sorted(chance.uniform(0.05, 0.9) for _ in range(options.faults))
    waiting = list(zip(moments, stage.faults(VICTIMS, options.faults, seed=options.seed), strict=True))
    began = last = time.monotonic()
    killed: list[str] = []

    def is_over() -> bool:
        nonlocal last
        done = stage.number("select count(*) from tenants_auditentry where action = 'drill.effect'")
        if done is not None and waiting and done >= waiting[0][0] * options.works:
            name = waiting[0][1]
            if stage.kill(instance, name):
                waiting.pop(0)
                last = time.monotonic()
                killed.append(f"{name} after {done}")
        settled = stage.number(
            "select count(*) from tenants_work where task = 'drill.effect' and state in ('done', 'dead')"
        )
        return (settled or 0) >= options.works or time.monotonic() - last > 3 * LIMIT

    instance.supervisor.watch(is_over, interval=0.1)
    took = time.monotonic() - last
    effects = stage.number("select count(*) from tenants_auditentry where action = 'drill.effect'") or 0
    distinct = stage.number("select count(distinct target) from tenants_auditentry where action = 'drill.effect'") or 0
    kept = stage.number("select count(*) from tenants_work where task = 'drill.effect'") or 0
    most = stage.number("select max(attempts) from tenants_work where task = 'drill.effect'")
    whole = effects == distinct == options.works == kept and len(killed) == options.faults
    return {
        "seed": options.seed,
        "works": options.works,
        "rows": kept,
        "killed": killed,
        "lost": options.works - distinct,
        "doubled": effects - distinct,
        "most_attempts": most,
        "left": left_over(),
        "seconds": round(time.monotonic() - began, 1),
        "seconds_after_last_fault": round(took, 1),
        "passed": whole and took <= LIMIT,
    }


def enqueue(works: int) -> None:
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


def left_over() -> list[Any]:
    """What was not finished, and why: nothing, when all is well."""
    return stage.rows(
        "select state, attempts, round(extract(epoch from due_at - now()))::int, "
        "round(extract(epoch from dispatched_at - now()))::int, "
        "round(extract(epoch from lease_until - now()))::int, left(error, 200), count(*) "
        "from tenants_work where state <> 'done' and task = 'drill.effect' group by 1, 2, 3, 4, 5, 6"
    ) or []


if __name__ == "__main__":
    sys.exit(main())
