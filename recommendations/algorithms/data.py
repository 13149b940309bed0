"""What shoppers did, as arrays: interactions, baskets, and their matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from recommendations.algorithms.ids import Arrays, IdMap

__all__ = ["DAY", "HISTORY_CAP", "Arrays", "Baskets", "IdMap", "Interactions"]

DAY = 86_400
# One heavy shopper's history costs its square in the item graph.
HISTORY_CAP = 200


@dataclass(frozen=True)
class Interactions:
    """One row per event; `customers` and `products` number the ids, all arrays are of equal length.

    customer     int32 index into `customers`; -1 for a guest (counts for popularity only)
    product      int32 index into `products`, which may hold products nobody touched yet
    weight       float32 > 0, what the event is worth before any decay (a purchase is 1.0)
    occurred_at  int64 seconds since 1970, UTC
    kind         uint8 code of the caller's own table of event kinds
    units        float32, pieces bought (1 where that means nothing); best sellers count these
    until        the instant that ages are counted from (default: the newest event)
    """

    customers: IdMap
    products: IdMap
    customer: np.ndarray
    product: np.ndarray
    weight: np.ndarray
    occurred_at: np.ndarray
    kind: np.ndarray
    units: np.ndarray
    until: int

    @classmethod
    def of(
        cls,
        *,
        customers: Sequence[str | None],
        products: Sequence[str],
        occurred_at: Sequence[int] | np.ndarray,
        weights: Sequence[float] | np.ndarray | None = None,
        kinds: Sequence[int] | np.ndarray | None = None,
        units: Sequence[float] | np.ndarray | None = None,
        catalogue: Sequence[str] = (),
        until: int | None = None,
    ) -> Interactions:
        """From columns of external ids; `catalogue` adds products without any event."""
        numbers = dict.fromkeys(catalogue)
        numbers.update(dict.fromkeys(products))
        shoppers = IdMap.of(value for value in dict.fromkeys(customers) if value is not None)
        known = {value: number for number, value in enumerate(shoppers)} | {None: -1}
        items = {value: number for number, value in enumerate(numbers)}
        count = len(products)
        moments = np.asarray(occurred_at, dtype=np.int64)
        return cls(
            customers=shoppers,
            products=IdMap.of(items),
            customer=np.fromiter(map(known.__getitem__, customers), np.int32, count),
            product=np.fromiter(map(items.__getitem__, products), np.int32, count),
            weight=_column(weights, count, np.float32, 1),
            occurred_at=moments,
            kind=_column(kinds, count, np.uint8, 0),
            units=_column(units, count, np.float32, 1),
            until=_latest(moments) if until is None else until,
        )

    def __len__(self) -> int:
        return len(self.product)

    def take(self, rows: np.ndarray, *, until: int | None = None) -> Interactions:
        """These rows only (mask or positions), under the same ids."""
        return replace(
            self,
            customer=self.customer[rows],
            product=self.product[rows],
            weight=self.weight[rows],
            occurred_at=self.occurred_at[rows],
            kind=self.kind[rows],
            units=self.units[rows],
            until=self.until if until is None else until,
        )

    def capped(self, limit: int = HISTORY_CAP) -> Interactions:
        """The newest `limit` events of each known customer, by customer and then by time."""
        rows = np.flatnonzero(self.customer >= 0)
        order = rows[np.lexsort((rows, self.occurred_at[rows], self.customer[rows]))]
        ends = np.searchsorted(self.customer[order], self.customer[order], side="right")
        return self.take(order[ends - np.arange(len(order)) <= limit])

    def decayed(self, half_life_days: float) -> np.ndarray:
        """Each event's weight, halved every `half_life_days` of age; float32."""
        ages = np.maximum(self.until - self.occurred_at, 0) / DAY
        return (self.weight * np.exp2(-ages / half_life_days)).astype(np.float32)

    def matrix(self, values: np.ndarray | None = None) -> sparse.csr_array:
        """Customers x products, float32, repeats summed; 1 per distinct pair without `values`."""
        known = self.customer >= 0
        data = np.ones(int(known.sum()), np.float32) if values is None else values[known]
        shape = (len(self.customers), len(self.products))
        built = sparse.coo_array((data, (self.customer[known], self.product[known])), shape=shape)
        matrix = sparse.csr_array(built)
        matrix.sum_duplicates()
        if values is None:
            matrix.data[:] = 1
        return matrix


@dataclass(frozen=True)
class Baskets:
    """Which products were bought in one order: rows of (basket number, product index)."""

    basket: np.ndarray  # int32, any numbering
    product: np.ndarray  # int32 index into the interactions' products
    occurred_at: np.ndarray  # int64 seconds since 1970, UTC

    @classmethod
    def of(
        cls, *, orders: Sequence[str], products: Sequence[str],
        occurred_at: Sequence[int] | np.ndarray, known: IdMap,
    ) -> Baskets:
        """From columns of external ids; lines of products that `known` does not hold are left."""
        numbers = {value: number for number, value in enumerate(dict.fromkeys(orders))}
        codes = np.fromiter(map(numbers.__getitem__, orders), np.int32, len(orders))
        items = {value: number for number, value in enumerate(known)}
        product = np.fromiter((items.get(value, -1) for value in products), np.int32, len(products))
        kept = product >= 0
        moments = np.asarray(occurred_at, dtype=np.int64)
        return cls(basket=codes[kept], product=product[kept], occurred_at=moments[kept])

    @classmethod
    def none(cls) -> Baskets:
        empty = np.empty(0, np.int32)
        return cls(basket=empty, product=empty, occurred_at=np.empty(0, np.int64))

    def before(self, moment: int) -> Baskets:
        rows = self.occurred_at < moment
        return Baskets(self.basket[rows], self.product[rows], self.occurred_at[rows])

    def matrix(self, n_products: int, *, limit: int = HISTORY_CAP) -> sparse.csr_array:
        """Baskets x products, 1 per distinct pair; a basket of more than `limit` lines is left out,
        because a wholesaler's list of everything says nothing about what goes together."""
        if not len(self.basket):
            return sparse.csr_array((0, n_products), dtype=np.float32)
        data = np.ones(len(self.basket), np.float32)
        shape = (int(self.basket.max()) + 1, n_products)
        matrix = sparse.csr_array(sparse.coo_array((data, (self.basket, self.product)), shape))
        matrix.sum_duplicates()
        matrix.data[:] = 1
        sizes = np.diff(matrix.indptr)
        return matrix[np.flatnonzero((sizes >= 2) & (sizes <= limit))]


def _column(
    values: Sequence[float] | np.ndarray | None, count: int, dtype: type, default: float
) -> np.ndarray:
    return np.full(count, default, dtype) if values is None else np.asarray(values, dtype=dtype)


def _latest(moments: np.ndarray) -> int:
    return int(moments.max()) if len(moments) else 0
