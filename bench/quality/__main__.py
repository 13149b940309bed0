"""Metrics of the automatic choice on one file of a published format.

    python -m bench.quality --data FILE [--json OUT] [--seed 0 | --seeds 0,1,2]
                            [--baselines popularity,item_knn,als,lightfm [--most N]]
                            [--without-automatic] [--seconds 600]

The arrays of the file tell the protocol; everything is chosen on a part of train; the test is
looked at once, at the end. Peak memory is that of the process so far.
"""

from __future__ import annotations

import os

# Before numpy: its threads would be counted as cost and gain little on sparse rows.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from bench.quality import runs
from bench.quality.formats import FormatUnknown, read

BASELINES = ("popularity", "item_knn", "als", "lightfm")


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    try:
        task = read(options.data)
    except (FormatUnknown, OSError, ValueError) as error:
        print(f"cannot read {options.data}: {error}", file=sys.stderr)
        return 2
    seeds = [int(seed) for seed in (options.seeds or str(options.seed)).split(",")]
    print(f"{task.protocol}: {len(task.train.customers):,} shoppers, "
          f"{len(task.train.products):,} products, {len(task.train):,} events")
    found: list[dict[str, Any]] = []
    with threadpool_limits(1):
        for seed in [] if options.without_automatic else seeds:
            found.append(runs.automatic(task, seed=seed, seconds=options.seconds))
            _show(found[-1])
        for name in [name for name in (options.baselines or "").split(",") if name]:
            found.append(runs.baseline(task, name, seed=seeds[0], most=options.most))
            _show(found[-1])
    if options.json:
        options.json.write_text(json.dumps({"protocol": task.protocol, "runs": found}, indent=1,
                                           default=runs.numbers))
    return 0


def _show(run: dict[str, Any]) -> None:
    metrics = "  ".join(f"{name} {value:.4f}" for name, value in run["metrics"].items())
    print(f"{run['model']} (seed {run['seed']}, {run['cases']:,} lists): {metrics}")
    print(f"  CPU {run['cpu_s']:.1f} s, wall {run['wall_s']:.1f} s, fit {run['fit_cpu_s']:.1f} s, "
          f"peak {run['peak_mb']:.0f} MB", flush=True)
    for part in run.get("parts", []):
        params = ", ".join(f"{name}={value}" for name, value in part["params"].items())
        print(f"  {part['weight']:6.3f} x {part['name']}({params}) of history^{part['power']}")
    if run.get("hide_sides"):
        print("  products of side events (carts, views) are kept from the lists")


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.quality", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seeds", help="several, with commas")
    parser.add_argument("--seconds", type=float, default=600.0, help="CPU for the search")
    parser.add_argument("--baselines", help=", ".join(BASELINES))
    parser.add_argument("--without-automatic", action="store_true", help="the baselines alone")
    parser.add_argument("--most", type=int, help="test cases a baseline is asked, all by default")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
