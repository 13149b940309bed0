"""What training costs: processor time, memory, and reading, on synthetic shops.

    python -m bench.training fit [--items 50000] [--events 1000000] [--shoppers 100000] [--json OUT]
    python -m bench.training load [--events 1000000] [--rounds 5] [--json OUT]

fit    the nightly training: the back-test and the refit of a blend that an earlier search chose, on a
       Zipf shop with clustered tastes; nothing else runs in the process, so its peak is the training's
load   reading the training data against `psql \\copy (the same rows) to /dev/null csv`, interleaved;
       the ratio of the speeds, by wall time and by processor time of client and server
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from recommendations.algorithms.data import Baskets, IdMap, Interactions
from recommendations.algorithms.features import ProductFeatures

DAYS = 180


def shop(items: int, events: int, shoppers: int, *, seed: int = 1) -> tuple[Interactions, ProductFeatures]:
    """Zipf sales within clusters of 200 products; a shopper stays in one cluster nine times of ten."""
    random = np.random.default_rng(seed)
    customer = np.sort(random.integers(0, shoppers, events, dtype=np.int32))
    clusters = max(20, items // 200)
    cluster = customer % clusters
    strayed = random.random(events) < 0.1
    cluster = np.where(strayed, random.integers(0, clusters, events, dtype=np.int32), cluster)
    size = items // clusters
    # Ranks by inverse transform of a Zipf law cut at the size of a cluster.
    weights = 1.0 / np.arange(1, size + 1) ** 1.05
    rank = np.searchsorted(np.cumsum(weights) / weights.sum(), random.random(events)).astype(np.int32)
    product = (cluster * size + np.minimum(rank, size - 1)).astype(np.int32)
    moment = 1_700_000_000 + random.integers(0, DAYS * 86_400, events)
    kinds = np.where(random.random(events) < 0.3, 0, 4).astype(np.uint8)
    order = np.argsort(moment, kind="stable")
    interactions = Interactions(
        customers=IdMap.of(f"c{n}" for n in range(shoppers)), products=IdMap.of(f"p{n}" for n in range(items)),
        customer=customer[order], product=product[order],
        weight=np.where(kinds == 0, 1.0, 0.4).astype(np.float32)[order],
        occurred_at=moment[order], kind=kinds[order], units=np.ones(events, np.float32),
        until=int(moment.max()),
    )
    return interactions, _described(items, clusters)


def _described(items: int, clusters: int) -> ProductFeatures:
    size = items // clusters
    return ProductFeatures.of(
        categories=[[f"k{n // size}"] for n in range(items)], brands=[f"b{n % 97}" for n in range(items)],
        prices=[5.0 + n % 211 for n in range(items)], n_products=items,
    )


def fit(items: int, events: int, shoppers: int, seed: int = 1) -> dict[str, Any]:
    from recommendations.evaluation import budget, selection

    interactions, features = shop(items, events, shoppers, seed=seed)
    before = _peak()
    bought = interactions.kind == 0
    baskets = Baskets(
        interactions.customer[bought].astype(np.int32), interactions.product[bought],
        interactions.occurred_at[bought],
    )
    recipe = budget.usual(items)
    steps: list[tuple[str, float]] = []
    wall, cpu = time.perf_counter(), time.process_time()
    result = selection.train(
        interactions, baskets, features, recipe=recipe, seed=seed, seconds=1.0,
        progress=lambda step, share: steps.append((step, round(time.process_time() - cpu, 2))),
    )
    return {
        "items": items, "events": events, "shoppers": shoppers, "cpu_s": round(time.process_time() - cpu, 1),
        "wall_s": round(time.perf_counter() - wall, 1), "peak_mb": round(_peak()), "data_mb": round(before),
        "model_mb": round(sum(array.nbytes for array in result.bundle.arrays().values()) / 1e6),
        "chosen": result.chosen, "ndcg": {name: round(found["ndcg@10"], 4) for name, found in result.metrics.items()},
        "parts": [part["name"] for part in recipe], "steps": steps,
    }


def _peak() -> float:
    """Megabytes, of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.training", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("fit", "load"), nargs="?", default="fit")
    parser.add_argument("--items", type=int, default=50_000)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--shoppers", type=int, default=0, help="default: a tenth of the events")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    if options.what == "load":
        from bench.loading import load

        found = load(options.items, options.events, options.shoppers or options.events // 10, options.rounds)
    else:
        found = fit(options.items, options.events, options.shoppers or options.events // 10)
    print(json.dumps(found, indent=1))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
