"""Kill -9, lost memory, a full disk and other versions in the middle of batch jobs: every customer once.

    python -m bench.drills.batch [--scenario NAME …] [--customers 20000] [--faults 20] [--seed 1]

worker       kill -9 of the worker, --faults times at random moments
beat, postgres, broker, cache    three times each; the memory of broker and cache is emptied first
disk         the results lie on a file system of their own, which is full in the middle of the job and is
             enlarged when the job has failed or waits; needs the right to mount one
versions     another version is activated, and the first again, all the while

Each scenario is a job on servers of its own. After the last fault the job must end complete, every customer
with one list and counted once; or failed with a reason, and complete after a retry of what failed.
"""

import argparse
import json
import random
import subprocess
import sys
import time
from contextlib import ExitStack
from typing import Any

from bench.drills import batch_disk, batch_shop, stage

SCENARIOS = ("worker", "beat", "postgres", "broker", "cache", "versions", "disk")
PROGRAM = {"broker": "valkey-broker", "cache": "valkey-cache"}
LIMIT = 240.0  # seconds without any progress after which the job counts as lost


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", nargs="*", choices=SCENARIOS, default=list(SCENARIOS))
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--faults", type=int, default=20, help="of the worker")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if len(options.scenario) != 1:
        return each(options)
    with ExitStack() as stack:
        instance, _ = stack.enter_context(stage.product(programs=("worker", "relay", "beat")))
        result = drill(instance, options.scenario[0], options, stack)
    print(json.dumps(result))
    return 0 if result["passed"] else 1


def each(options: argparse.Namespace) -> int:
    """Every scenario in a process of its own: settings and connections belong to one set of servers."""
    codes = []
    for name in options.scenario or SCENARIOS:
        arguments = ["--scenario", name, "--customers", str(options.customers), "--faults", str(options.faults)]
        command = [sys.executable, "-m", "bench.drills.batch", *arguments, "--seed", str(options.seed)]
        codes.append(subprocess.run(command, check=False).returncode)
    return max(codes)


class Watch:
    """The job as it goes on, bearing outages of the database."""

    def __init__(self, job_id: int) -> None:
        self.job_id, self.done, self.state, self.moved = job_id, 0, "pending", time.monotonic()

    def look(self) -> None:
        found = stage.rows(
            "select processed, state, failed from recommendations_batchjob where id = %s", self.job_id
        )
        if found:
            done, state, failed = found[0]
            if (done + failed, state) != (self.done, self.state):
                self.moved = time.monotonic()
            self.done, self.state = done + failed, state

    @property
    def is_over(self) -> bool:
        return self.state not in ("pending", "processing") or time.monotonic() - self.moved > LIMIT


def drill(instance: Any, name: str, options: argparse.Namespace, stack: ExitStack) -> dict[str, Any]:
    from django.db import connections

    shop = batch_shop.open_shop(options.customers)
    disk = stack.enter_context(batch_disk.small()) if name == "disk" else None
    if name == "disk" and disk is None:
        return {"scenario": name, "passed": True, "skipped": "no right to mount a file system"}
    began = time.monotonic()
    watch = Watch(batch_shop.submit(shop))
    happened = _disk(instance, watch, disk) if disk else _faults(instance, name, watch, options, shop)
    instance.supervisor.watch(lambda: watch.look() or watch.is_over, interval=0.25)
    connections.close_all()  # those of before a fault are broken
    retried = watch.state in ("failed", "partial")
    if retried:
        batch_shop.retry(shop, watch.job_id)
        watch.state = "pending"
        instance.supervisor.watch(lambda: watch.look() or watch.is_over, interval=0.25)
    found = batch_shop.verdict(shop, watch.job_id, options.customers)
    counted = found["inferences_counted"] == options.customers
    return {
        "scenario": name, "seed": options.seed, "customers": options.customers, "happened": happened,
        "retried": retried, "seconds": round(time.monotonic() - began, 1), **found,
        "passed": bool(found["whole"] and counted and happened),
    }  # fmt: skip


def _faults(instance: Any, name: str, watch: Watch, options: argparse.Namespace, shop: Any) -> list[str]:
    """Faults at random shares of the job, each as soon as the share is reached and the victim is up again."""
    count = options.faults if name == "worker" else 6 if name == "versions" else 3
    chance = random.Random(options.seed)
    shares = sorted(chance.uniform(0.02, 0.85) for _ in range(count))
    happened: list[str] = []

    def next_one() -> bool:
        watch.look()
        if len(happened) < count and watch.done >= shares[len(happened)] * options.customers:
            if name == "versions":
                batch_shop.activate(shop, 1 + (len(happened) + 1) % 2)
                happened.append(f"v{1 + len(happened) % 2} after {watch.done}")
            elif _strike(instance, name):
                happened.append(f"{name} after {watch.done}")
        return len(happened) == count or watch.is_over

    instance.supervisor.watch(next_one, interval=0.05 + chance.random() / 10)
    return happened if len(happened) == count else []


def _strike(instance: Any, name: str) -> bool:
    program = PROGRAM.get(name, name)
    running = instance.supervisor.running[program]
    if not running.pid or not running.alive:
        return False
    if name in PROGRAM:
        _empty(name)
    return stage.kill(instance, program)


def _empty(name: str) -> None:
    """The server's memory is gone, its file too: what it held before the kill is not read again."""
    import redis
    from django.conf import settings

    address = settings.CELERY_BROKER_URL if name == "broker" else settings.REDIS_URL
    try:
        redis.Redis.from_url(address, socket_timeout=2).flushall()
    except redis.RedisError:
        return


def _disk(instance: Any, watch: Watch, disk: Any) -> list[str]:
    """Waits until writing has failed for want of space, then for a while, then makes room."""
    full: list[float] = []

    def is_full() -> bool:
        watch.look()
        failed = stage.number("select count(*) from tenants_work where error like '%%No space left%%'")
        if failed and not full:
            full.append(time.monotonic())
        return bool(full and time.monotonic() - full[0] > 10) or watch.is_over

    instance.supervisor.watch(is_full, interval=0.25)
    disk.enlarge()
    return [f"full after {watch.done} of the customers"] if full else []


if __name__ == "__main__":
    sys.exit(main())
