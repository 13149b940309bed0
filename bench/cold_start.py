"""What new products, new shoppers and new shops get, against best sellers, on Online Retail.

    python -m bench.cold_start --data FOLDER [--json OUT] [--svg OUT] [--only products,shoppers,shops,once] [--draws N]
        [--sizes 5,10,20,50,200,1000]

products   a tenth of the catalogue is held out of the training; who buys a held-out product later
shoppers   shoppers whom the training does not know, after 1, 2 and 3 products of their first orders
shops      small shops cut from the year, asked the way the product serves
once       the same in shops in which nothing is bought again: first purchases alone, and the sequences of
           beauty.npz, where the folder has it

Every list is made from what was known at its moment; training ends before the first question.
"""

from __future__ import annotations

import os

# Before numpy: its threads would be counted as cost.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import retail
from bench.cold import curve, once, products, shoppers, shops
from bench.retail import Retail


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.cold_start", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--svg", type=Path, help="the curve of new shops")
    parser.add_argument("--only", default="products,shoppers,shops,once")
    parser.add_argument("--draws", type=int, default=20, help="shops of each size")
    parser.add_argument("--sizes", default=",".join(map(str, shops.SIZES)), help="orders of new shops")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    data, sizes = retail.read(options.data), [int(size) for size in options.sizes.split(",")]
    found: dict[str, Any] = {}
    started = time.process_time()
    for name in options.only.split(","):
        if name == "products":
            rows = iter(products.run(data, seed=options.seed))
        elif name == "shoppers":
            rows = iter(shoppers.run(data, seed=options.seed))
        elif name == "shops":
            rows = shops.run(shops.customers_of(data), draws=options.draws, seed=options.seed, sizes=sizes)
        elif name == "once":
            rows = _once(data, options.data / "beauty.npz", draws=options.draws, seed=options.seed, sizes=sizes)
        else:
            parser.error(f"there is no part {name}")
        found[name] = []
        for row in rows:
            found[name].append(row)
            print(json.dumps(row), flush=True)
    print(f"CPU {time.process_time() - started:.0f} s")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))
    if options.svg and "shops" in found:
        options.svg.write_text(curve.svg(found["shops"]))
    return 0


def _once(data: Retail, sequences: Path, *, draws: int, seed: int, sizes: list[int]) -> Iterator[dict[str, Any]]:
    sizes = [size for size in sizes if 10 <= size <= 200]
    first = shops.customers_of(once.first_purchases(data))
    yield from shops.run(first, draws=draws, seed=seed, kind="first purchases", sizes=sizes)
    if sequences.exists():
        drawer = once.sequences(sequences)
        yield from shops.run(drawer, draws=draws, seed=seed, kind="sequences", sizes=sizes)


if __name__ == "__main__":
    sys.exit(main())
