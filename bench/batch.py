"""What batch jobs cost beside raw implicit.recommend: scoring alone, and end to end through Celery.

    python -m bench.batch [--json OUT]
    python -m bench.batch score [--items 10000 100000] [--rounds 5] [--json OUT]
    python -m bench.batch job [--customers 100000] [--items 10000] [--json OUT]

both     (what `make bench` runs) score over 10,000 items in three rounds, then job for 10,000 customers, which
         the start of the worker's model makes dearer for each than a job of 100,000
score    the lists of shoppers whose factors (64) are known: one product of matrices and the best of each
         row, beside `AlternatingLeastSquares.recommend` on the same factors; interleaved, processor time. The
         products' factors lie across, as a worker keeps them with its model
job      an audience of all customers, read, scored by a folded-in ALS model, stored and committed by the
         product's own worker; processor time of the worker, with the start of its model, beside
         implicit.recommend for as many shoppers before and after it, and what of it the chores of beat took by what
         they take of an idle worker in as much time; stored bytes; the memory of the worker's
         largest process (resident, and without mapped files) at the start, at each tenth, at its peak and at
         the end, beside the model's files

A ratio above 1 means: cheaper than implicit. One BLAS thread everywhere.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from bench import scratch
from recommendations.algorithms.longest import LongestFirst, Search

FACTORS, LIMIT = 64, 10
SHORT = 10_000  # customers of the job of `both`


def factors(items: int, shoppers: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(7)
    return tuple((random.standard_normal((size, FACTORS)) * 0.1).astype(np.float32) for size in (shoppers, items))


def raw(shoppers: np.ndarray, items: np.ndarray) -> tuple[np.ndarray, float]:
    """(products of each shopper, processor seconds) by implicit."""
    from implicit.cpu.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(factors=FACTORS, num_threads=1)
    model.user_factors, model.item_factors = shoppers, items
    nothing = sparse.csr_matrix((len(shoppers), len(items)), dtype=np.float32)
    began = time.process_time()
    found, _ = model.recommend(np.arange(len(shoppers)), nothing, N=LIMIT, filter_already_liked_items=False)
    return found, time.process_time() - began


def ours(shoppers: np.ndarray, items: LongestFirst) -> tuple[np.ndarray, float]:
    began = time.process_time()
    return Search(shoppers, LIMIT).among(items).items, time.process_time() - began


def score(sizes: list[int], rounds: int) -> tuple[dict[str, Any], list[str]]:
    result, lines = {}, ["items    implicit us   ours us   ratio   lists equal"]
    for size in sizes:
        shoppers, items = factors(size, 20_000_000 // size)
        longest = LongestFirst(items)
        ratios, theirs, mine, equal = [], [], [], 0.0
        for _ in range(rounds):
            wanted, slow = raw(shoppers, items)
            found, fast = ours(shoppers, longest)
            ratios.append(slow / fast)
            theirs.append(1e6 * slow / len(shoppers))
            mine.append(1e6 * fast / len(shoppers))
            equal = float((wanted == found).all(axis=1).mean())
        told = {
            "ratio": scratch.median(ratios), "implicit_us": scratch.median(theirs), "ours_us": scratch.median(mine),
            "spread": round(max(theirs) / min(theirs), 2), "equal": equal,
        }
        result[str(size)] = told
        lines.append(f"{size:7}  {told['implicit_us']:10.1f} {told['ours_us']:9.1f} {told['ratio']:7.2f}   {equal:.4f}")
    return result, lines


def job(customers: int, size: int) -> tuple[dict[str, Any], list[str]]:
    from bench.drills import stage

    with stage.product(programs=("worker", "relay", "beat")) as (instance, _):
        from bench import batch_model

        shop, items = batch_model.open_shop(customers, size)
        shoppers = factors(1, customers)[0]
        before = raw(shoppers, items)[1]
        found = batch_model.run(instance, shop, customers)
        after = raw(shoppers, items)[1]
    reference = statistics.mean((before, after)) / customers
    found |= {
        "customers": customers, "items": size, "implicit_us": round(1e6 * reference, 1),
        "implicit_spread": round(max(before, after) / min(before, after), 2),
        "ratio": round(reference / (found["worker_us"] / 1e6), 3),
    }
    lines = [f"{name}: {value}" for name, value in found.items()]
    return found, lines


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("both", "score", "job"), nargs="?", default="both")
    parser.add_argument("--items", type=int, nargs="*")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    if options.what == "both":
        scored, lines = score([10_000], 3)
        done, more = job(SHORT, 10_000)
        result, lines = {"score": scored, "job": done}, [*lines, *more]
    elif options.what == "score":
        result, lines = score(options.items or [10_000, 100_000], options.rounds)
    else:
        result, lines = job(options.customers, (options.items or [10_000])[0])
    scratch.say(result, lines, options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
