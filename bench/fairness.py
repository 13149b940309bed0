"""One shop sends events at twenty times its limit: what the others notice of it.

    python -m bench.fairness [--seconds 12] [--json OUT]

The product's own web server, two workers, on servers with fsync on. Three calm shops send at a steady
pace, first alone, then beside the flood, then alone again. The flood's pace is twenty times what its plan
allows, from sixteen connections of a process of its own, so that it delays nobody's clock. Asked: the
calm shops' p95 beside the flood against theirs alone, and that none of their calls meets 429 or 5xx;
the flood is told 429 with Retry-After.
"""

import argparse
import http.client
import json
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bench import scratch
from bench.drills import stage

CALM_SHOPS, CALM_PACE = 3, 10.0  # calls a second of each
FLOOD_CONNECTIONS = 16
TIMES = 20


class Shop(threading.Thread):
    """Sends one event a call, `pace` calls a second, and notes how long each took and what was said."""

    def __init__(self, port: int, key: str, *, pace: float, seconds: float) -> None:
        super().__init__(daemon=True)
        self.port, self.key, self.pace, self.seconds = port, key, pace, seconds
        self.took: list[float] = []
        self.said: Counter[int] = Counter()
        self.untold = 0  # 429 without Retry-After

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        body = json.dumps({"events": [{"type": "view", "session_id": "s", "product_id": "p"}] * 5}).encode()
        began = time.perf_counter()
        for number in range(int(self.seconds * self.pace)):
            wait = began + number / self.pace - time.perf_counter()
            if wait > 0:
                time.sleep(wait)
            if time.perf_counter() - began > self.seconds:
                break
            begun = time.perf_counter()
            try:
                connection.request("POST", "/api/v1/events", body, headers)
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):  # a refused call's connection may be closed behind it
                connection.close()
                self.said[0] += 1
                continue
            self.took.append(time.perf_counter() - begun)
            self.said[answer.status] += 1
            self.untold += answer.status == 429 and not answer.getheader("Retry-After")
        connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--flood", nargs=3, help=argparse.SUPPRESS)  # port, key, calls a second: the loud half
    options = parser.parse_args()
    if options.flood:
        return flood(int(options.flood[0]), options.flood[1], float(options.flood[2]), options.seconds)
    with stage.product(programs=("web", "worker", "relay", "beat")) as (instance, port):
        keys, limit = open_shops()
        calm = [run(instance, port, keys, 0, options.seconds)]
        loud = run(instance, port, keys, limit * TIMES / 60, options.seconds)
        time.sleep(1)
        calm.append(run(instance, port, keys, 0, options.seconds))
        result = compare(calm, loud, limit, options.seconds)
    said = [
        f"calm p95 {result['calm_p95_ms']} ms alone, {result['beside_flood_p95_ms']} ms beside the flood: "
        f"x {result['ratio_p95']} (median x {result['ratio_median']})",
        f"calm calls refused or failed: {result['calm_refused']} of {result['calm_calls']}",
        f"flood: {result['flood']} at {result['flood_calls_per_second']} calls/s, limit {limit} a minute",
    ]
    scratch.say(result, said, options.json)
    return None


def flood(port: int, key: str, pace: float, seconds: float) -> None:
    shops = [Shop(port, key, pace=pace / FLOOD_CONNECTIONS, seconds=seconds) for _ in range(FLOOD_CONNECTIONS)]
    for shop in shops:
        shop.start()
    for shop in shops:
        shop.join()
    said = sum((shop.said for shop in shops), Counter())
    print(json.dumps({"said": said, "untold": sum(shop.untold for shop in shops)}))


def open_shops() -> tuple[list[str], int]:
    """Keys of the calm shops and, last, of the flood; and the flood's limit a minute."""
    from tenants import api_keys
    from tenants.models import Tenant

    keys = []
    for number in range(CALM_SHOPS + 1):
        shop = Tenant(slug=f"shop-{number}", name="Shop", plan_id="growth")
        shop.save(using="ops")
        keys.append(api_keys.issue(shop, name="bench", kind="sk", by=None)[1])
    return keys, shop.plan.requests_per_minute


def run(instance: Any, port: int, keys: list[str], pace: float, seconds: float) -> tuple[list[Shop], dict[str, Any]]:
    """The calm shops, and what the flood of `pace` calls a second was told; 0: the calm shops alone."""
    shops = [Shop(port, key, pace=CALM_PACE, seconds=seconds) for key in keys[:-1]]
    loud = None
    if pace:
        arguments = ["--flood", str(port), keys[-1], str(pace), "--seconds", str(seconds + 2)]
        loud = subprocess.Popen([sys.executable, "-m", "bench.fairness", *arguments], stdout=subprocess.PIPE, text=True)
        time.sleep(1)  # its own start; it goes on for as long after the calm ones
    for shop in shops:
        shop.start()
    instance.supervisor.watch(lambda: not any(shop.is_alive() for shop in shops), interval=0.2)
    return shops, json.loads(loud.communicate()[0]) if loud else {}


def compare(calm: list[Any], loud: Any, limit: int, seconds: float) -> dict[str, Any]:
    alone = [took for shops, _ in calm for shop in shops for took in shop.took]
    beside = [took for shop in loud[0] for took in shop.took]
    said = sum((shop.said for shops, _ in (*calm, loud) for shop in shops), Counter())
    return {
        "calm_p95_ms": round(p95(alone) * 1000, 1),
        "beside_flood_p95_ms": round(p95(beside) * 1000, 1),
        "ratio_p95": round(p95(beside) / p95(alone), 2),
        "ratio_median": round(statistics.median(beside) / statistics.median(alone), 2),
        "calm_calls": sum(said.values()),
        "calm_refused": sum(count for status, count in said.items() if status != 202),
        "flood": loud[1]["said"],
        "flood_calls_per_second": round(sum(loud[1]["said"].values()) / (seconds + 2)),
        "flood_refused_without_time": loud[1]["untold"],
        "limit_per_minute": limit,
    }


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


if __name__ == "__main__":
    main()
