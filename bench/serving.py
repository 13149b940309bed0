"""The recommendations endpoint against an empty Django view, CPU per request, in one interleaved run.

    python -m bench.serving [--items 10000] [--rounds 7] [--json OUT]

Both are served by the same server with the same middleware, one worker, eight connections on
loopback. A round asks A, B, A, B …; the ratio is taken inside each round, the median is reported.
CPU is user + system time of the server's process tree. The limit "empty view" is a plain view that
answers {} outside /api/, with no middleware of its own in the way.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil

CONNECTIONS = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    from luxebrain.embedded import temporary

    with temporary(fast=True) as servers, tempfile.TemporaryDirectory() as data:
        environ = {**os.environ, **servers.environ, "LUX_DATA_DIR": data, "LUX_SECRET_KEY": "b" * 50,
                   "LUX_LOG_CONSOLE": "0", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        prepared = subprocess.run(
            [sys.executable, "-m", "bench.serving_shop", str(options.items)], env=environ, check=True,
            stdout=subprocess.PIPE, text=True,
        )
        facts = json.loads(prepared.stdout.splitlines()[-1])
        result = measure(environ, facts, options)
    print(json.dumps(result, indent=2))
    if options.json:
        options.json.write_text(json.dumps(result, indent=2))


def measure(environ: dict[str, str], facts: dict[str, Any], options: Any) -> dict[str, Any]:
    full = serve(environ, "bench.serving_urls", 18_401)
    bare = serve({**environ, "BENCH_BARE": "1"}, "bench.serving_urls", 18_402)
    try:
        head = {"Authorization": f"Bearer {facts['key']}"}
        path = "/api/v1/recommendations"
        targets = {
            "empty": (bare, 18_402, ["/bench/empty"], {}),
            "personalised": (full, 18_401, [f"{path}?customer_id=c{n}" for n in range(200)], head),
            "similar": (full, 18_401, [f"{path}?type=similar&product_id=p{n}" for n in range(200)], head),
        }
        for _, port, paths, headers in targets.values():
            load(port, paths, headers, 1.0)
        rounds: dict[str, list[float]] = {name: [] for name in targets}
        rates: dict[str, list[float]] = {name: [] for name in targets}
        for turn in range(options.rounds):
            names = list(targets) if turn % 2 == 0 else list(reversed(targets))
            for name in names:
                process, port, paths, headers = targets[name]
                before, start = cpu(process), time.perf_counter()
                count = load(port, paths, headers, options.seconds)
                rounds[name].append((cpu(process) - before) / count * 1e6)
                rates[name].append(count / (time.perf_counter() - start))
        memory = max(child.memory_info().rss for child in psutil.Process(full.pid).children(recursive=True))
    finally:
        for process in (full, bare):
            process.terminate()
            process.wait(10)
    result: dict[str, Any] = {"items": options.items, "web_process_rss_mb": round(memory / 1e6, 1)}
    for name in targets:
        ratios = [empty / own for empty, own in zip(rounds["empty"], rounds[name], strict=True)]
        result[name] = {
            "cpu_us": round(statistics.median(rounds[name]), 1),
            "requests_per_second": round(statistics.median(rates[name])),
            "cpu_ratio_to_empty_view": round(statistics.median(ratios), 3),
            "ratio_min_max": [round(min(ratios), 3), round(max(ratios), 3)],
        }
    return result


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


def load(port: int, paths: list[str], headers: dict[str, str], seconds: float) -> int:
    """Requests answered with 200 by CONNECTIONS keep-alive connections; anything else stops the run."""
    counts = [0] * CONNECTIONS
    wrong: list[int] = []
    end = time.perf_counter() + seconds

    def ask(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        turn = number
        while time.perf_counter() < end:
            connection.request("GET", paths[turn % len(paths)], headers=headers)
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
