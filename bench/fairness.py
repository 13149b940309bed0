"""One shop sends events at twenty times its limit: what the others notice of it.

    python -m bench.fairness [--rounds 8] [--seconds 3] [--json OUT]

The product's own web server, two workers, on servers with fsync on. Three calm shops send at a steady pace. A
round is a window of them alone and one beside the flood, in turns first and last; the ratio is taken inside
each round and the median of the rounds is told. The flood's pace is twenty times what its plan allows, from
sixteen connections of a process of its own, so that it delays nobody's clock; each round floods with a shop
whose minute's worth of calls is unused, which are the dear ones. Asked: the calm shops' p95 beside the flood
against theirs alone, that none of their calls meets 429 or 5xx, and that every event that was
acknowledged is stored; the flood is told 429 with Retry-After.
"""

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from bench import scratch
from bench.drills import stage

CALM_SHOPS, CALM_PACE = 3, 10.0  # calls a second of each
FLOOD_CONNECTIONS = 16
TIMES = 20
EVENTS = 5  # of a call
_STORED = """
select (select count(*) from recommendations_event)
     + (select coalesce(sum(jsonb_array_length(events)), 0) from recommendations_eventbatch)
"""


class Window(NamedTuple):
    """What the calm shops saw: seconds of each call, answers by status; what the flood was told; the load average."""

    took: list[float]
    said: Counter[int]
    told: dict[str, Any]
    load: float


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
        body = json.dumps({"events": [{"type": "view", "session_id": "s", "product_id": "p"}] * EVENTS}).encode()
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
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--flood", nargs=3, help=argparse.SUPPRESS)  # port, key, calls a second: the loud half
    options = parser.parse_args()
    if options.flood:
        return flood(int(options.flood[0]), options.flood[1], float(options.flood[2]), options.seconds)
    with stage.product(programs=("web", "worker", "relay", "beat")) as (instance, port):
        keys, limit = open_shops(CALM_SHOPS + options.rounds)
        calm, loud = keys[:CALM_SHOPS], keys[CALM_SHOPS:]
        run(instance, port, calm, None, 0, options.seconds)  # the first calls warm up
        before, rounds = stored(), []
        for number, key in enumerate(loud):
            windows = [None, key] if number % 2 else [key, None]
            found = {one: run(instance, port, calm, one, limit * TIMES / 60, options.seconds) for one in windows}
            rounds.append((found[None], found[key]))
        result = compare(rounds, limit, options.seconds)
        taken = EVENTS * (result["calm_calls"] - result["calm_refused"] + result["flood"].get("202", 0))
        result["events_lost"] = max(0, taken - (stored() - before))
    said = [
        f"calm p95 beside the flood: x {result['ratio_p95']} of alone, in {result['ratios_p95']} "
        f"(median x {result['ratio_median']}); load {result['load']}",
        f"calm calls refused or failed: {result['calm_refused']} of {result['calm_calls']}",
        f"flood: {result['flood']} at {result['flood_calls_per_second']} calls/s, limit {limit} a minute; "
        f"events acknowledged and lost: {result['events_lost']}",
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


def open_shops(count: int) -> tuple[list[str], int]:
    """Keys of so many shops, and the limit a minute of each."""
    from tenants import api_keys
    from tenants.models import Tenant

    keys = []
    for number in range(count):
        shop = Tenant(slug=f"shop-{number}", name="Shop", plan_id="growth")
        shop.save(using="ops")
        keys.append(api_keys.issue(shop, name="bench", kind="sk", by=None)[1])
    return keys, shop.plan.requests_per_minute


def run(instance: Any, port: int, calm: list[str], loud: str | None, pace: float, seconds: float) -> Window:
    """The calm shops, and what the flood of `pace` calls a second was told; loud=None: the calm shops alone."""
    shops = [Shop(port, key, pace=CALM_PACE, seconds=seconds) for key in calm]
    process = None
    if loud:
        arguments = ["--flood", str(port), loud, str(pace), "--seconds", str(seconds + 2)]
        command = [sys.executable, "-m", "bench.fairness", *arguments]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        time.sleep(1)  # its own start; it goes on for as long after the calm ones
    for shop in shops:
        shop.start()
    instance.supervisor.watch(lambda: not any(shop.is_alive() for shop in shops), interval=0.2)
    told = json.loads(process.communicate()[0]) if process else {"said": {}, "untold": 0}
    time.sleep(0.5)
    took = [one for shop in shops for one in shop.took]
    return Window(took, sum((shop.said for shop in shops), Counter()), told, os.getloadavg()[0])


def compare(rounds: list[tuple[Window, Window]], limit: int, seconds: float) -> dict[str, Any]:
    ratios = [p95(beside.took) / p95(alone.took) for alone, beside in rounds]
    medians = [statistics.median(beside.took) / statistics.median(alone.took) for alone, beside in rounds]
    said = sum((window.said for pair in rounds for window in pair), Counter())
    flood = sum((Counter(beside.told["said"]) for _, beside in rounds), Counter())
    return {
        "calm_p95_ms": round(statistics.median(p95(alone.took) for alone, _ in rounds) * 1000, 1),
        "beside_flood_p95_ms": round(statistics.median(p95(beside.took) for _, beside in rounds) * 1000, 1),
        "ratio_p95": round(statistics.median(ratios), 2),
        "ratios_p95": [round(ratio, 2) for ratio in ratios],
        "ratio_median": round(statistics.median(medians), 2),
        "calm_calls": sum(said.values()),
        "calm_refused": sum(count for status, count in said.items() if status != 202),
        "flood": flood,
        "flood_calls_per_second": round(sum(flood.values()) / (seconds + 2) / len(rounds)),
        "flood_refused_without_time": sum(beside.told["untold"] for _, beside in rounds),
        "limit_per_minute": limit,
        "load": [round(beside.load, 1) for _, beside in rounds],
    }


def stored() -> int:
    """Events of all shops that are stored or wait to be."""
    return stage.number(_STORED) or 0


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


if __name__ == "__main__":
    main()
