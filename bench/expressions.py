"""How long a filter takes over a catalogue: masks of five terms over all products and over 200 candidates.

    python bench/expressions.py [--products 100000] [--json OUT]

CPU time of one thread, the median and the 95th of 100 of 200 runs; and once each what is paid a single time per
catalogue (the look-ups by text) and per process (the parser).
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from recommendations import expressions
from recommendations.expressions import Texts, Words

FILTERS = {
    "usual": 'price < context.price * 1.2 and "wool" in tags and in_stock and brand in ["Brand 7", "Brand 8"]'
    ' and not (attributes.season == "winter")',
    "shared words": "category in context.categories and stock >= 3 and popularity > 0.1 and published and age_days < 9",
    "titles": 'title contains "99" and title starts with "product" and id not in ["5"] and in_stock and stock > 5',
    "segment": 'shopper.orders >= 3 and shopper.country == "DE" and price > 5 and in_stock and brand is given',
}
# The most that can be asked for, with texts that many values hold: its first mask looks at every one.
FILTERS["heaviest"] = " or ".join(f'title contains "{n}" and id contains "{n}"' for n in range(5))
CONTEXT = {"price": 50.0, "categories": ["Category 3", "Category 9"]}
SHOPPER = {"orders": 5, "country": "de"}


class Catalogue:
    """Random products: 500 brands, 1,000 tags and 300 categories (three each), every title its own."""

    def __init__(self, size: int) -> None:
        draw = np.random.default_rng(4)
        self.size = size
        self._numbers = {
            name: draw.gamma(2, 30, size) for name in ("price", "stock", "age_days", "popularity")
        }  # fmt: skip
        self._flags = {name: draw.random(size) < 0.8 for name in ("in_stock", "published")}
        self._texts = {
            "title": Texts(np.arange(size), [f"Product {n}" for n in range(size)]),
            "id": Texts(np.arange(size), [str(n) for n in range(size)]),
            "brand": Texts(draw.integers(-1, 500, size), [f"Brand {n}" for n in range(500)]),
        }
        self._words = {
            "tags": Words(np.arange(size + 1) * 3, draw.integers(0, 1000, 3 * size), ["wool", *map(str, range(999))]),
            "categories": Words(
                np.arange(size + 1) * 3, draw.integers(0, 300, 3 * size), [f"Category {n}" for n in range(300)]
            ),
        }
        self._season = Texts(draw.integers(-1, 4, size), ["spring", "summer", "autumn", "winter"])
        self.flag, self.number = self._flags.__getitem__, self._numbers.__getitem__
        self.text, self.words = self._texts.__getitem__, self._words.__getitem__

    def attribute(self, name: str) -> Texts:
        return self._season


def milliseconds(call: Callable[[], object], runs: int = 200) -> tuple[float, float]:
    """(median, 95th of 100) of the CPU time."""
    took = []
    for _ in range(runs):
        began = time.thread_time_ns()
        call()
        took.append((time.thread_time_ns() - began) / 1e6)
    return statistics.median(took), sorted(took)[int(0.95 * runs)]


def measure(size: int) -> dict[str, float]:
    found: dict[str, float] = {}
    catalogue = Catalogue(size)
    at = np.random.default_rng(5).choice(size, 200, replace=False).astype(np.int32)
    for name, text in FILTERS.items():
        expression = expressions.parse(text)
        began = time.thread_time()
        expression.mask(catalogue, context=CONTEXT, shopper=SHOPPER)
        found[f"{name}, first mask"] = 1000 * (time.thread_time() - began)
        for where, rows in ((f"{size:,} products", None), ("200 products", at)):
            middle, high = milliseconds(lambda: expression.mask(catalogue, rows, context=CONTEXT, shopper=SHOPPER))  # noqa: B023
            found[f"{name}, {where}"], found[f"{name}, {where}, p95"] = middle, high
        found[f"{name}, parse"] = milliseconds(lambda: expressions.parse.__wrapped__(text))[0]  # noqa: B023
    middle, _ = milliseconds(lambda: expressions.parse(FILTERS["usual"]))
    return found | {"usual, parse again": middle, "import": _import()}


def _import() -> float:
    """CPU milliseconds that a new process pays for the parser, beyond numpy."""
    code = (
        "import time, numpy; began = time.process_time(); import recommendations.expressions; "
        "print(1000 * (time.process_time() - began))"
    )
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    found = measure(asked.products)
    for name, took in found.items():
        print(f"{took:10.4f} ms  {name}")
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
