"""One shop's server delivers at fifty times its plan: how long the others' deliveries take to be applied.

    python -m bench.hook_fairness [--seconds 10] [--json OUT]

The product's own web server, relay and worker, on servers with fsync on. A calm shop delivers one order every
half second, alone and then beside the flood, which signs each of its deliveries (Standard Webhooks) from
eight connections of a process of its own. Asked: the calm shop's p95 from kept to applied beside the
flood, at most a second more than alone; none of its calls refused; the flood is told 429 with Retry-After,
and each of its deliveries that was acknowledged is applied in the end.
"""

import argparse
import http.client
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import scratch
from bench.drills import stage
from bench.fairness import p95

TIMES, CONNECTIONS, CALM_PACE = 50, 8, 2.0
DRAIN_SECONDS = 60
_DELAYS = """
select extract(epoch from processed_at - received_at)::float, state from recommendations_webhookreceipt
where tenant_id = %s and received_at >= %s
"""


class Server(threading.Thread):
    """A shop's server: `pace` deliveries a second, and what each was told."""

    def __init__(self, port: int, path: str, secret: str, *, pace: float, seconds: float, name: str) -> None:
        super().__init__(daemon=True)
        self.port, self.path, self.secret, self.prefix = port, path, secret, name
        self.pace, self.seconds = pace, seconds
        self.said: Counter[int] = Counter()
        self.untold = 0  # 429 without Retry-After
        self.kept: list[int] = []

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        began = time.perf_counter()
        for number in range(int(self.seconds * self.pace)):
            time.sleep(max(0.0, began + number / self.pace - time.perf_counter()))
            if time.perf_counter() - began > self.seconds:
                break
            body, headers = self.delivery(f"{self.prefix}-{number}")
            try:
                connection.request("POST", self.path, body, headers)
                answer = connection.getresponse()
                said = answer.read()
            except (OSError, http.client.HTTPException):
                connection.close()
                self.said[0] += 1
                continue
            self.said[answer.status] += 1
            self.untold += answer.status == 429 and not answer.getheader("Retry-After")
            if answer.status == 200:
                self.kept.append(json.loads(said)["delivery"])
        connection.close()

    def delivery(self, name: str) -> tuple[bytes, dict[str, str]]:
        from standardwebhooks import Webhook

        now = datetime.now(UTC)
        lines = [{"product_id": "p1", "quantity": 1, "unit_price": "10.00"}]
        order = {"id": name, "currency": "EUR", "ordered_at": now.isoformat(), "lines": lines}
        body = json.dumps({"type": "order-created", "timestamp": now.isoformat(), "data": order})
        headers = {
            "Content-Type": "application/json",
            "webhook-id": name,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(self.secret).sign(name, now, body),
        }
        return body.encode(), headers


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--flood", nargs=4, help=argparse.SUPPRESS)  # port, path, secret, pace: the loud half
    options = parser.parse_args()
    if options.flood:
        port, path, secret, pace = options.flood
        flood(int(port), path, secret, float(pace), options.seconds)
        return 0
    with stage.product(programs=("web", "worker", "relay", "beat")) as (instance, port):
        result = measure(instance, port, options.seconds)
    said = [
        f"calm p95 {result['calm_p95_s']} s alone, {result['beside_flood_p95_s']} s beside the flood",
        f"calm calls refused: {result['calm_refused']}; flood: {result['flood']} at {result['flood_pace']}/s asked",
        f"acknowledged of the flood {result['flood_kept']}, not applied {result['flood_lost']}",
    ]
    scratch.say(result, said, options.json)
    return 0 if result["passed"] else 1


def flood(port: int, path: str, secret: str, pace: float, seconds: float) -> None:
    servers = [
        Server(port, path, secret, pace=pace / CONNECTIONS, seconds=seconds, name=f"loud-{number}")
        for number in range(CONNECTIONS)
    ]
    for server in servers:
        server.start()
    for server in servers:
        server.join()
    said = sum((server.said for server in servers), Counter())
    kept = [one for server in servers for one in server.kept]
    print(json.dumps({"said": said, "untold": sum(server.untold for server in servers), "kept": kept}))


def open_shop(slug: str, plan: str) -> tuple[Any, str, str]:
    """A shop with an endpoint of its own: (shop, path, secret)."""
    from recommendations import endpoints
    from tenants import tenancy
    from tenants.models import Tenant

    shop = Tenant(slug=slug, name="Shop", plan_id=plan, currency="EUR")
    shop.save(using="ops")
    with tenancy.enter(shop.pk) as tenant:
        endpoint = endpoints.open(tenant, source="generic", by="bench")
        return shop, "/" + endpoints.address(endpoint).split("/", 3)[3], endpoints.secret(endpoint)


def measure(instance: Any, port: int, seconds: float) -> dict[str, Any]:
    calm, calm_path, calm_secret = open_shop("calm", "starter")
    loud, loud_path, loud_secret = open_shop("loud", "free")
    pace = loud.plan.requests_per_minute * TIMES / 60
    runs, delays = [], []
    for beside in (False, True):
        since = datetime.now(UTC)
        process = None
        if beside:
            arguments = ["--flood", str(port), loud_path, loud_secret, str(pace), "--seconds", str(seconds + 3)]
            command = [sys.executable, "-m", "bench.hook_fairness", *arguments]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            time.sleep(2)
        server = Server(port, calm_path, calm_secret, pace=CALM_PACE, seconds=seconds, name=f"calm-{beside:d}")
        server.start()
        instance.supervisor.watch(lambda one=server: not one.is_alive(), interval=0.2)
        told = json.loads(process.communicate()[0]) if process else {}
        runs.append(server)
        settled = drained(calm.pk, since)
        delays.append([delay for delay, state in settled if state == "applied"])
    kept = told["kept"]
    applied = {row[0] for row in wait_applied(loud.pk)}
    refused = sum(count for server in runs for status, count in server.said.items() if status != 200)
    more = p95(delays[1]) - p95(delays[0])
    lost = len(set(kept) - applied)
    complete = all(len(found) == sum(server.said.values()) for found, server in zip(delays, runs, strict=True))
    return {
        "calm_p95_s": round(p95(delays[0]), 3),
        "beside_flood_p95_s": round(p95(delays[1]), 3),
        "calm_refused": refused,
        "flood": told["said"],
        "flood_pace": round(pace),
        "flood_refused_without_time": told["untold"],
        "flood_kept": len(kept),
        "flood_lost": lost,
        "passed": more <= 1 and not refused and not lost and not told["untold"] and complete,
    }


def drained(tenant_id: int, since: datetime) -> list[tuple[Any, ...]]:
    """Seconds from kept to settled, and the state, of each delivery since then, once none of them waits."""
    ends = time.monotonic() + DRAIN_SECONDS
    while True:
        found = stage.rows(_DELAYS, tenant_id, since) or []
        if time.monotonic() > ends or found and all(state != "received" for _, state in found):
            return found
        time.sleep(0.5)


def wait_applied(tenant_id: int) -> list[tuple[Any, ...]]:
    drained(tenant_id, datetime(2000, 1, 1, tzinfo=UTC))
    statement = "select id from recommendations_webhookreceipt where tenant_id = %s and state = 'applied'"
    return stage.rows(statement, tenant_id) or []


if __name__ == "__main__":
    sys.exit(main())
