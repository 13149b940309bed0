"""The shared model on countries of Online Retail: what small shops gain, and what a flood of fake orders moves.

    python -m bench.shared --data FOLDER [--json OUT] [--only gain,poison] [--countries report|choose] [--sizes 20,50]

gain     recall@10 of shops of 20 to 200 orders, from their own data alone and with what other countries say
poison   the share of top-10 positions of other shops that one shop's flood of twenty times its orders moves

The countries are dealt into two halves: parameters were chosen on one, the other is reported. Each list is made from
what was known at its moment, and so is what the others say.
"""

from __future__ import annotations

import os

# Before numpy: its threads would be counted as cost.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import sys
from itertools import chain
from pathlib import Path
from typing import Any

from bench import retail
from bench.common import gain, poison, shops


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.shared", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", default="gain,poison")
    parser.add_argument("--countries", choices=["report", "choose"], default="report")
    parser.add_argument("--sizes", default=",".join(map(str, gain.SIZES)))
    parser.add_argument("--grown", action="store_true", help="words of others as they grow night by night")
    options = parser.parse_args(arguments)
    countries = shops.countries(retail.read(options.data))
    choose, report = shops.halves(countries)
    names = report if options.countries == "report" else choose
    found: dict[str, list[dict[str, Any]]] = {}
    for name in options.only.split(","):
        if name == "gain":
            rows = gain.run(countries, names, sizes=tuple(map(int, options.sizes.split(","))), grown=options.grown)
        else:
            attackers = ["Germany", "EIRE", "United Kingdom"]
            rows = chain(poison.run(countries, names, attackers), poison.run(countries, names, attackers, titles=False))
        for row in rows:
            found.setdefault(name, []).append(row)
            print(name, json.dumps({key: value for key, value in row.items() if key != "rows"}), flush=True)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
