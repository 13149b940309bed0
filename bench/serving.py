"""The recommendations endpoint against an empty Django view, CPU per request, in one interleaved run.

    python -m bench.serving [--sizes 10000,100000] [--tenants 0,0] [--rounds 7] [--json OUT]

Both are served by the same server, one worker, eight connections on loopback. A round asks A, B, A, B …; the
ratio is taken inside each round, the median is reported. CPU is user + system time of the server's process
tree. The limit "empty view" is a plain view that answers {}, with no middleware at all. Shops: one of each
size; with --tenants A,B also B small ones, of which A, then all, are asked evenly. Every shop is asked once
before anything is measured.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil

from bench import scratch

CONNECTIONS = 8
Call = tuple[str, dict[str, str]]  # address, headers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="10000,100000")
    parser.add_argument("--tenants", default="0,0")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with scratch.servers() as environ:
        made = ["-m", "bench.serving_shop", options.sizes, options.tenants.split(",")[1]]
        facts = json.loads(scratch.last_line(made, environ))
        result = measure(environ, facts, options)
    print(json.dumps(result, indent=2))
    if options.json:
        options.json.write_text(json.dumps(result, indent=2))


def measure(environ: dict[str, str], facts: dict[str, Any], options: Any) -> dict[str, Any]:
    full = serve(environ, "bench.serving_urls", 18_401)
    bare = serve({**environ, "BENCH_BARE": "1"}, "bench.serving_urls", 18_402)
    try:
        targets = {"empty": (bare, 18_402, [("/bench/empty", {})])}
        targets |= {name: (full, 18_401, calls) for name, calls in asked(facts, options.tenants).items()}
        for _, port, calls in targets.values():
            once(port, calls)
            load(port, calls, 1.0)
        begun = dict.fromkeys(targets, 0)  # where the next round goes on, so that every shop has its turn
        rounds: dict[str, list[float]] = {name: [] for name in targets}
        rates: dict[str, list[float]] = {name: [] for name in targets}
        for turn in range(options.rounds):
            names = list(targets) if turn % 2 == 0 else list(reversed(targets))
            for name in names:
                process, port, calls = targets[name]
                before, start = cpu(process), time.perf_counter()
                count = load(port, calls, options.seconds, begun[name])
                begun[name] += count
                rounds[name].append((cpu(process) - before) / count * 1e6)
                rates[name].append(count / (time.perf_counter() - start))
        memory = max(child.memory_info().rss for child in psutil.Process(full.pid).children(recursive=True))
    finally:
        for process in (full, bare):
            process.terminate()
            process.wait(10)
    result: dict[str, Any] = {"web_process_rss_mb": round(memory / 1e6, 1)}
    for name in targets:
        ratios = [empty / own for empty, own in zip(rounds["empty"], rounds[name], strict=True)]
        result[name] = {
            "cpu_us": round(statistics.median(rounds[name]), 1),
            "requests_per_second": round(statistics.median(rates[name])),
            "cpu_ratio_to_empty_view": round(statistics.median(ratios), 3),
            "ratio_min_max": [round(min(ratios), 3), round(max(ratios), 3)],
        }
    return result


def asked(facts: dict[str, Any], tenants: str) -> dict[str, list[Call]]:
    """The calls of each target by its name."""
    path = "/api/v1/recommendations"
    found = {}
    for size, key in facts["sized"].items():
        head = {"Authorization": f"Bearer {key}"}
        found[f"personalised {size}"] = [(f"{path}?customer_id=c{n}", head) for n in range(400)]
        found[f"similar {size}"] = [(f"{path}?type=similar&product_id=p{n * 7}", head) for n in range(400)]
        found[f"popular {size}"] = [(f"{path}?type=popular&customer_id=c{n}", head) for n in range(400)]
    for count in sorted({int(one) for one in tenants.split(",")} - {0}):
        found[f"tenants {count}"] = [
            (f"{path}?customer_id=c{n % 20}", {"Authorization": f"Bearer {key}"})
            for n, key in enumerate(facts["small"][:count])
        ]
    return found


def once(port: int, calls: list[Call]) -> None:
    """Each of the calls, one after another: the copies of all shops are made."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    for path, headers in calls:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        response.read()
        if response.status != 200:
            raise SystemExit(f"{path}: {response.status}")
    connection.close()


def serve(environ: dict[str, str], urls: str, port: int) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "1", "--blocking-threads", "2",
         "--host", "127.0.0.1", "--port", str(port), "--no-ws", "--log-level", "error",
         "bench.serving_urls:application"],
        env=environ,
    )
    for _ in range(200):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", "/bench/empty")
            if connection.getresponse().status == 200:
                return process
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server did not start")


def load(port: int, calls: list[Call], seconds: float, first: int = 0) -> int:
    """Requests answered with 200 by CONNECTIONS keep-alive connections, from the call `first` on; anything else
    stops the run."""
    counts = [0] * CONNECTIONS
    wrong: list[int] = []
    end = time.perf_counter() + seconds

    def ask(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        turn = first + number
        while time.perf_counter() < end:
            path, headers = calls[turn % len(calls)]
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            response.read()
            if response.status != 200:
                wrong.append(response.status)
                return
            counts[number] += 1
            turn += CONNECTIONS
        connection.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise SystemExit(f"answers other than 200: {wrong[:5]}")
    return sum(counts)


def cpu(process: subprocess.Popen[bytes]) -> float:
    tree = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    return sum(sum(member.cpu_times()[:2]) for member in tree)


if __name__ == "__main__":
    main()
