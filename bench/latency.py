"""How long one answer takes inside the process: the engine alone, from what the gate fetched to JSON values.

    python -m bench.latency [--sizes 50000,1000000] [--calls 4000] [--json OUT]

The shops of bench.serving_shop, one of each size, asked in turns; each shopper has a past of 20 products in the
model and five acts of the last minutes. Reported per size: median and 99th percentile of wall time and of the
thread's processor time. On a machine that does other work the wall time holds what others took; the processor
time does not.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench import scratch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="50000,1000000")
    parser.add_argument("--calls", type=int, default=4_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with scratch.servers() as environ:
        made = ["-m", "bench.serving_shop", options.sizes, "0"]
        shops = json.loads(scratch.last_line(made, environ))["shops"]
        asked = ["-c", "from bench.latency import ask; ask()", json.dumps(shops), str(options.calls)]
        times = json.loads(scratch.last_line(asked, environ))
    result = dict(zip(options.sizes.split(","), times, strict=True))
    print(json.dumps(result, indent=2))
    if options.json:
        options.json.write_text(json.dumps(result, indent=2))


def ask() -> None:
    """In a process of its own: prints the figures of each shop."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "luxebrain.settings")
    django.setup()
    import gc

    import orjson

    from recommendations import history, queries
    from recommendations.serving import RecommendationEngine
    from tenants.epochs import KINDS

    shops, calls = json.loads(sys.argv[1]), int(sys.argv[2])
    epochs = (b"",) * len(KINDS)
    acts = [history.LOADED]
    now = int(time.time())
    measured: dict[int, list[tuple[float, float]]] = {shop: [] for shop in shops}

    def one(shop: int, number: int) -> tuple[float, float]:
        query = queries.parse({"customer_id": f"c{number % 2000}"})
        engine = RecommendationEngine(shop)
        recent = [orjson.dumps([f"p{number * 31 % 10_000 + k}", "view", now]) for k in range(5)]
        values: list[Any] = []
        for name, length in engine.reads(query):
            values.append([*recent, *acts] if length else f"{shop}:0".encode() if name.endswith("cold") else b"")
        wall, spent = time.perf_counter(), time.thread_time()
        engine.predict(query, epochs=epochs, values=values, request_id="req_bench")
        return time.perf_counter() - wall, time.thread_time() - spent

    for shop in shops:
        for number in range(50):
            one(shop, number)
    gc.collect()
    gc.freeze()
    for number in range(calls):
        for shop in shops:
            measured[shop].append(one(shop, number))
    print(json.dumps([_figures(np.array(rows) * 1000) for rows in measured.values()]))


def _figures(rows: np.ndarray) -> dict[str, float]:
    """Milliseconds from calls x (wall, processor)."""
    wall, spent = rows[:, 0], rows[:, 1]
    return {
        "wall_p50_ms": round(float(np.median(wall)), 3), "wall_p99_ms": round(float(np.percentile(wall, 99)), 3),
        "cpu_p50_ms": round(float(np.median(spent)), 3), "cpu_p99_ms": round(float(np.percentile(spent, 99)), 3),
    }


if __name__ == "__main__":
    main()
