"""What products of different shops have in common: categories, brands, tags, price bands, words, whole titles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain

import numpy as np
from scipy import sparse

from recommendations.algorithms.features import add, bands, edges_of, words


@dataclass(frozen=True)
class Tokens:
    """matrix: products x tokens, 1 where the product has it; names: uint64[tokens], ascending.

    titles   uint64[products], the digest of the whole title, 0 where it is a single word or none
    A name is a keyed digest of the token ("word:red", "pair:red lamp", "category:home"), so that tokens of two
    shops can be compared and none can be read.
    """

    matrix: sparse.csr_array
    names: np.ndarray
    titles: np.ndarray

    @classmethod
    def of(
        cls,
        *,
        key: bytes,
        titles: Sequence[str | None] = (),
        categories: Sequence[Iterable[str]] = (),
        brands: Sequence[str | None] = (),
        prices: Sequence[float | None] = (),
        tags: Sequence[Iterable[str]] = (),
        n_products: int,
    ) -> Tokens:
        """From columns in the order of the products' indices; a column may be left out.

        key    16 to 64 bytes; digests of two keys have nothing in common
        """
        rows: list[list[str]] = [[] for _ in range(n_products)]
        columns = (
            ([f"category:{name.casefold()}" for name in names] for names in categories),
            ([f"brand:{name.casefold()}"] if name else [] for name in brands),
            ([f"tag:{name.casefold()}" for name in names] for names in tags),
            bands(prices, edges_of(prices)),
            map(_phrases, titles),
        )
        for column in columns:
            add(rows, column)
        whole = np.zeros(n_products, np.uint64)
        for number, title in enumerate(titles):
            said = (title or "").casefold().split()
            if len(said) > 1:
                whole[number] = _digest(f"title:{' '.join(said)}", key)
        return cls._encode(rows, key, whole)

    def whole(self) -> Tokens:
        """The titles as the only tokens."""
        named = np.flatnonzero(self.titles)
        names, place = np.unique(self.titles[named], return_inverse=True)
        shape = (len(self.titles), len(names))
        matrix = sparse.csr_array(sparse.coo_array((np.ones(len(named), np.float32), (named, place)), shape=shape))
        return Tokens(matrix, names, self.titles)

    @classmethod
    def _encode(cls, rows: list[list[str]], key: bytes, titles: np.ndarray) -> Tokens:
        digests = {name: _digest(name, key) for name in {name for row in rows for name in row}}
        names = np.unique(np.fromiter(digests.values(), np.uint64, len(digests)))
        columns = [np.unique(np.searchsorted(names, np.array([digests[name] for name in row], np.uint64)))
                   for row in rows]
        indptr = np.concatenate(([0], np.cumsum([len(column) for column in columns]))).astype(np.int64)
        indices = np.fromiter(chain.from_iterable(column.tolist() for column in columns), np.int32, int(indptr[-1]))
        data = np.ones(len(indices), np.float32)
        return cls(sparse.csr_array((data, indices, indptr), shape=(len(rows), len(names))), names, titles)


def _phrases(title: str | None) -> list[str]:
    """Its words, and each with the one that follows it; a title of two words has no pair, which would be all of it."""
    found = words(title)
    pairs = zip(found, found[1:], strict=False) if len(found) > 2 else ()
    return [f"word:{word}" for word in found] + [f"pair:{one} {following}" for one, following in pairs]


def _digest(name: str, key: bytes) -> int:
    return int.from_bytes(blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8, key=key).digest(), "big")
