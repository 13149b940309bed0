"""Which known products resemble one that came later: the features of the known, read by feature."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy import sparse

from recommendations.algorithms.features import ProductFeatures, bands, words
from recommendations.algorithms.ids import Arrays, IdMap

# A feature of more products than this says little, and would make a newcomer cost what the catalogue counts.
MOST_PRODUCTS = 20_000
KEEP = 20


@dataclass(frozen=True)
class Described:
    """What is said of one product; the fields of `ProductFeatures.of`."""

    title: str = ""
    categories: Sequence[str] = ()
    brand: str = ""
    tags: Sequence[str] = ()
    price: float | None = None


@dataclass(frozen=True)
class Likeness:
    """The transposed feature matrix: products indices[indptr[f]:indptr[f + 1]] have feature f, with the weights `data`.

    names    feature texts and their numbers
    rarity   float32[features], the weight of each before rows are brought to length 1
    edges    float64, between the price bands
    """

    names: IdMap
    rarity: np.ndarray
    edges: np.ndarray
    indptr: np.ndarray
    indices: np.ndarray
    data: np.ndarray
    n_products: int

    @classmethod
    def of(cls, features: ProductFeatures) -> Self:
        turned = sparse.csr_array(features.matrix.T)
        return cls(
            IdMap.of(features.names), features.rarity, features.edges, turned.indptr.astype(np.int64),
            turned.indices.astype(np.int32), turned.data.astype(np.float32), features.matrix.shape[0],
        )

    def encode(self, products: Iterable[Described]) -> sparse.csr_array:
        """Rows of Euclidean length 1 (0 for a product of which nothing known is said), features as columns."""
        rows = [self._features(product) for product in products]
        indptr = np.concatenate(([0], np.cumsum([len(row) for row in rows]))).astype(np.int64)
        indices = np.concatenate([np.empty(0, np.int32), *rows])
        data = self.rarity[indices]
        found = sparse.csr_array((data, indices, indptr), shape=(len(rows), len(self.rarity)))
        lengths = np.sqrt(found.multiply(found).sum(axis=1))
        found.data = data / np.repeat(np.where(lengths > 0, lengths, 1), np.diff(indptr)).astype(np.float32)
        return found

    def _features(self, product: Described) -> np.ndarray:
        said = [f"category:{name}" for name in product.categories]
        said += [f"brand:{product.brand}"] if product.brand else []
        said += [f"tag:{name}" for name in product.tags]
        said += bands([product.price], self.edges)[0]
        said += [f"word:{word}" for word in words(product.title)]
        found = self.names.index(list(dict.fromkeys(said)))
        return np.sort(found[found >= 0])

    def nearest(self, products: Sequence[Described], *, keep: int = KEEP) -> list[tuple[np.ndarray, np.ndarray]]:
        """(int32 known products, float32 cosine) of each product, nearest first, at most `keep`.

        Features of more than MOST_PRODUCTS products count in the length of the rows alone.
        """
        rows = self.encode(products)
        sums = np.zeros(self.n_products, np.float32)
        found = []
        for row in range(len(products)):
            span = slice(rows.indptr[row], rows.indptr[row + 1])
            parts = []
            for feature, weight in zip(rows.indices[span].tolist(), rows.data[span].tolist(), strict=True):
                start, end = int(self.indptr[feature]), int(self.indptr[feature + 1])
                if end - start <= MOST_PRODUCTS:
                    parts.append(self.indices[start:end])
                    sums[parts[-1]] += self.data[start:end] * np.float32(weight)
            found.append(_leading(sums, parts, keep))
            for part in parts:
                sums[part] = 0
        return found

    def arrays(self) -> Arrays:
        return self.names.arrays("feature") | {
            "feature_rarity": self.rarity, "feature_edges": self.edges, "feature_indptr": self.indptr,
            "feature_indices": self.indices, "feature_data": self.data,
            "feature_products": np.array([self.n_products], np.int64),
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self | None:
        """None where the arrays are of a model that was trained without features."""
        if "feature_rarity" not in arrays:
            return None
        names = ("rarity", "edges", "indptr", "indices", "data")
        return cls(
            IdMap.from_arrays(arrays, "feature"), *(arrays[f"feature_{name}"] for name in names),
            n_products=int(arrays["feature_products"][0]),
        )


def _leading(sums: np.ndarray, parts: list[np.ndarray], keep: int) -> tuple[np.ndarray, np.ndarray]:
    items = np.unique(np.concatenate(parts)) if parts else np.empty(0, np.int32)
    values = sums[items]
    if len(items) > keep:
        floor = np.partition(values, len(values) - keep)[len(values) - keep]
        items, values = items[values >= floor], values[values >= floor]
    order = np.argsort(-values, kind="stable")[:keep]
    return items[order].astype(np.int32), values[order]
