"""What products are like, as a sparse matrix: categories, brand, price band, words, tags."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from recommendations.algorithms.common import Common

PRICE_BANDS = 8
MAX_WORDS = 5_000
_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True)
class ProductFeatures:
    """Products x features, float32, rarer features weigh more, rows of Euclidean length 1.

    `names[j]` says what column j is ("brand:acme", "category:home", "price:3", "word:red"), `rarity[j]`
    what it weighs before rows are brought to length 1; `edges` are the prices between the bands. `common`
    is what other shops say, where the shop takes part in that.
    """

    matrix: sparse.csr_array
    names: tuple[str, ...]
    rarity: np.ndarray = field(default_factory=lambda: np.empty(0, np.float32))
    edges: np.ndarray = field(default_factory=lambda: np.empty(0, np.float64))
    common: Common | None = None

    @classmethod
    def of(
        cls,
        *,
        titles: Sequence[str | None] = (),
        categories: Sequence[Iterable[str]] = (),
        brands: Sequence[str | None] = (),
        prices: Sequence[float | None] = (),
        tags: Sequence[Iterable[str]] = (),
        n_products: int,
    ) -> ProductFeatures:
        """From columns in the order of the products' indices; a column may be left out."""
        rows: list[list[str]] = [[] for _ in range(n_products)]
        add(rows, ([f"category:{name}" for name in names] for names in categories))
        add(rows, ([f"brand:{name}"] if name else [] for name in brands))
        add(rows, ([f"tag:{name}" for name in names] for names in tags))
        edges = edges_of(prices)
        add(rows, bands(prices, edges))
        add(rows, _words(titles))
        return cls._encode(rows, edges)

    @classmethod
    def _encode(cls, rows: list[list[str]], edges: np.ndarray) -> ProductFeatures:
        flat = list(chain.from_iterable(rows))
        # Sorted names: the same catalogue gives the same columns whatever order it came in.
        names = tuple(sorted(set(flat)))
        numbers = {name: number for number, name in enumerate(names)}
        row = np.repeat(np.arange(len(rows)), [len(each) for each in rows])
        column = np.fromiter(map(numbers.__getitem__, flat), np.int64, len(flat))
        width = max(len(names), 1)
        row, indices = np.divmod(np.unique(row * width + column), width)
        indices = indices.astype(np.int32)
        indptr = np.concatenate(([0], np.cumsum(np.bincount(row, minlength=len(rows)))))
        spread = np.bincount(indices, minlength=len(names))
        rarity = np.log1p(len(rows) / np.maximum(spread, 1)).astype(np.float32)
        data = rarity[indices]
        matrix = sparse.csr_array((data, indices, indptr), shape=(len(rows), len(names)))
        lengths = np.sqrt(matrix.multiply(matrix).sum(axis=1))
        matrix.data /= np.repeat(np.where(lengths > 0, lengths, 1), np.diff(indptr)).astype("f4")
        return cls(matrix, names, rarity, edges)


def add(rows: list[list[str]], column: Iterable[list[str]]) -> None:
    """What a column says of each product, in the products' order."""
    for row, names in zip(rows, column, strict=False):
        row.extend(names)


def edges_of(prices: Sequence[float | None]) -> np.ndarray:
    """Prices between bands of equally many products, so that every currency and price level works."""
    known = np.asarray([price for price in prices if price is not None], np.float64)
    return np.unique(np.quantile(known, np.linspace(0, 1, PRICE_BANDS + 1)[1:-1])) if len(known) else known


def bands(prices: Sequence[float | None], edges: np.ndarray) -> list[list[str]]:
    """The feature of each price; none for a product without one."""
    names = [[f"price:{number}"] for number in range(len(edges) + 1)]
    known = np.array([np.nan if price is None else float(price) for price in prices])
    at = np.where(np.isnan(known), -1, np.searchsorted(edges, known, "right"))
    return [names[number] if number >= 0 else [] for number in at.tolist()]


def words(title: str | None) -> list[str]:
    """The words of a title as features count them."""
    return _WORD.findall((title or "").casefold())


def _words(titles: Sequence[str | None]) -> list[list[str]]:
    found = [words(title) for title in titles]
    spread = Counter(word for each in found for word in set(each))
    common = sorted((word for word, count in spread.items() if count > 1),
                    key=lambda word: (-spread[word], word))
    kept = set(common[:MAX_WORDS])
    return [[f"word:{word}" for word in each if word in kept] for each in found]
