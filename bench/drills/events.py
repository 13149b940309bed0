"""Kill -9 of every server and program while shops send: nothing acknowledged is lost, nothing counts twice.

    python -m bench.drills.events [--faults 20] [--seed 1] [--senders 4]

Senders post batches over HTTP as a shop's server does: an answer of 202 is an acknowledgement; after
anything else, a broken connection included, the same batch is sent again with the same ids. Half of
them do not say when the events happened, so that every repetition claims another time. Two more send
orders by webhook: each acknowledged delivery must be applied, once. At random
moments one of web, worker, cache, broker and PostgreSQL is killed; the next fault waits until all is
well again, so that each recovery is timed by itself. At the end everything drains, and what is stored
is compared with what was acknowledged.
"""

import argparse
import http.client
import json
import random
import statistics
import sys
import threading
import time
import uuid
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from bench.drills import stage

VICTIMS = ("web", "worker", "valkey-cache", "valkey-broker", "postgres")
BATCH = 20
RECEIPTS = "recommendations_webhookreceipt"
RECOVERY_LIMIT = 45.0  # seconds; a killed worker's lease of 30 is the longest of it
DRAIN_LIMIT = 90.0


class Sender(threading.Thread):
    """A shop's server: sends batches until told to stop, and remembers what was acknowledged."""

    rest = 0.05

    def __init__(self, number: int, port: int, key: str, *, says_when: bool) -> None:
        super().__init__(daemon=True)
        self.port, self.key, self.says_when = port, key, says_when
        self.chance = random.Random(number)
        self.stopping = threading.Event()
        self.acknowledged: list[str] = []
        self.acknowledged_at = 0.0  # when the newest acknowledged call began
        self.repeated = 0
        self.refused: list[tuple[int, str]] = []
        self.connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        while not self.stopping.is_set():
            ids, body = self.batch()
            while not self.send(body, ids) and not self.stopping.is_set():
                self.repeated += 1
                time.sleep(0.2)
            time.sleep(self.rest)

    path = "/api/v1/events"

    def batch(self) -> tuple[list[str], bytes]:
        """(ids, body) of the next call."""
        events = [self.event() for _ in range(BATCH)]
        return [event["id"] for event in events], json.dumps({"events": events}).encode()

    def event(self) -> dict[str, Any]:
        event = {
            "type": self.chance.choice(["view", "view", "cart"]),
            "id": str(uuid.UUID(int=self.chance.getrandbits(128), version=4)),
            "customer_id": f"c{self.chance.randrange(500)}",
            "product_id": f"p{self.chance.randrange(500)}",
        }
        return event | ({"occurred_at": datetime.now(UTC).isoformat()} if self.says_when else {})

    def send(self, body: bytes, ids: list[str]) -> bool:
        """Whether the batch was acknowledged. Everything that is no answer at all is a reason to send again."""
        began = time.monotonic()
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
            headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
            self.connection.request("POST", self.path, body, headers)
            answer = self.connection.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException):
            if self.connection is not None:
                self.connection.close()
            self.connection = None
            return False
        if answer.status in (200, 202):
            self.acknowledged += ids
            self.acknowledged_at = began
            return True
        if answer.status not in (429, 503):
            self.refused.append((answer.status, said[:200].decode(errors="replace")))
        return False


class Hook(Sender):
    """A shop's server that tells of one order a call."""

    path = "/api/v1/webhooks/order-created"
    rest = 0.25

    def batch(self) -> tuple[list[str], bytes]:
        order = {
            "id": f"o-{self.chance.getrandbits(64)}",
            "customer_id": f"c{self.chance.randrange(500)}",
            "currency": "EUR",
            "ordered_at": datetime.now(UTC).isoformat(),
            "lines": [{"product_id": f"p{self.chance.randrange(500)}", "quantity": 1, "unit_price": "10.00"}],
        }
        return [order["id"]], json.dumps(order).encode()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", type=int, default=20)
    parser.add_argument("--senders", type=int, default=4)
    parser.add_argument("--hooks", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with stage.product(programs=("web", "worker", "relay", "beat")) as (instance, port):
        key = open_shop()
        senders = [Sender(n, port, key, says_when=bool(n % 2)) for n in range(options.senders)]
        senders += [Hook(100 + n, port, key, says_when=True) for n in range(options.hooks)]
        for sender in senders:
            sender.start()
        result = drill(instance, senders, options)
    print(json.dumps(result))
    return 0 if result["passed"] else 1


def open_shop() -> str:
    from tenants import api_keys
    from tenants.models import Tenant

    shop = Tenant(slug="drill", name="Drill", plan_id="enterprise")
    shop.save(using="ops")
    return api_keys.issue(shop, name="drill", kind="sk", by=None)[1]


def drill(instance: Any, senders: list[Sender], options: argparse.Namespace) -> dict[str, Any]:
    chance, recoveries = random.Random(options.seed), {}
    for name in stage.faults(VICTIMS, options.faults, seed=options.seed):
        pause(instance, chance.uniform(0.5, 2.5))
        if stage.kill(instance, name):
            recoveries.setdefault(name, []).append(recover(instance, senders))
    for sender in senders:
        sender.stopping.set()
    began = time.monotonic()
    instance.supervisor.watch(lambda: is_drained() or time.monotonic() - began > DRAIN_LIMIT, interval=0.2)
    drained = time.monotonic() - began
    for sender in senders:
        sender.join(15)
    instance.supervisor.watch(lambda: is_drained() or time.monotonic() - began > DRAIN_LIMIT, interval=0.2)
    return verdict(senders, recoveries, drained, options)


def pause(instance: Any, seconds: float) -> None:
    until = time.monotonic() + seconds
    instance.supervisor.watch(lambda: time.monotonic() > until, interval=0.05)


def recover(instance: Any, senders: list[Sender]) -> tuple[float, float]:
    """Seconds until calls that began after the fault are acknowledged to every sender, and until
    everything that had been acknowledged by then is in the table."""
    fault = time.monotonic()
    answered: list[float] = []
    arrived: list[int] = []

    def is_well() -> bool:
        now = time.monotonic()
        if not answered and all(sender.acknowledged_at > fault for sender in senders):
            answered.append(now - fault)
            newest = stage.number("select max(id) from recommendations_eventbatch")
            arrived.append(newest or 0)
        if answered:
            left = stage.number("select count(*) from recommendations_eventbatch where id <= %s", arrived[0])
            if left == 0:
                return True
        return now - fault > 2 * RECOVERY_LIMIT

    instance.supervisor.watch(is_well, interval=0.05)
    return (answered[0] if answered else float("inf"), time.monotonic() - fault)


def is_drained() -> bool:
    waiting = "select (select count(*) from recommendations_eventbatch) + (select count(*) from " + RECEIPTS
    return stage.number(f"{waiting} where state = 'received')") == 0


def verdict(
    senders: list[Sender], recoveries: dict[str, list[tuple[float, float]]], drained: float, options: argparse.Namespace
) -> dict[str, Any]:
    acknowledged = [one for sender in senders if not isinstance(sender, Hook) for one in sender.acknowledged]
    hooks = deliveries([one for sender in senders if isinstance(sender, Hook) for one in sender.acknowledged])
    stored = [str(one) for (one,) in stage.rows("select id from recommendations_event") or []]
    lost = set(acknowledged) - set(stored)
    worst = max((seconds for times in recoveries.values() for _, seconds in times), default=0.0)
    refused = [one for sender in senders for one in sender.refused]
    kills = sum(len(times) for times in recoveries.values())
    fine = hooks["passed"] and not lost and len(stored) == len(set(stored)) and not refused and kills == options.faults
    return {
        "seed": options.seed,
        "killed": {name: len(times) for name, times in recoveries.items()},
        "acknowledged": len(acknowledged),
        "stored": len(stored),
        "stored_without_acknowledgement": len(set(stored) - set(acknowledged)),
        "lost": len(lost),
        "doubled": len(stored) - len(set(stored)),
        "deliveries": hooks,
        "sent_again": sum(sender.repeated for sender in senders),
        "refused": refused[:3],
        "seconds_until_answered": {n: spread([a for a, _ in times]) for n, times in recoveries.items()},
        "seconds_until_stored": {n: spread([b for _, b in times]) for n, times in recoveries.items()},
        "seconds_to_drain": round(drained, 1),
        "passed": fine and worst <= RECOVERY_LIMIT and drained <= DRAIN_LIMIT,
    }


def deliveries(acknowledged: list[str]) -> dict[str, Any]:
    """Of the deliveries that were acknowledged: how many are not applied, or more than once."""
    receipts = stage.rows(f"select object_id, state from {RECEIPTS}") or []
    applied = [name for name, state in receipts if state == "applied"]
    orders = stage.rows(
        "select o.external_id, count(l.*) from recommendations_order o left join recommendations_orderline l "
        "on l.tenant_id = o.tenant_id and l.order_id = o.id group by o.tenant_id, o.id, o.external_id"
    ) or []
    counted = {
        "acknowledged": len(acknowledged),
        "receipts": len(receipts),
        "lost": len(set(acknowledged) - set(applied)) + len(set(acknowledged) - {name for name, _ in orders}),
        "doubled": len(applied) - len(set(applied)) + sum(lines != 1 for _, lines in orders),
        "states": dict(Counter(state for _, state in receipts)),
    }
    return counted | {"passed": counted["lost"] == counted["doubled"] == 0}


def spread(values: list[float]) -> str:
    return f"median {statistics.median(values):.1f}, most {max(values):.1f}"


if __name__ == "__main__":
    sys.exit(main())
