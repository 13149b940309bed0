"""Shops in which nothing is bought again: first purchases of Online Retail, and sequences of single products."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import sparse

from bench.retail import Retail

# Products of one shop of sequences: a drawn one and those that the same people and their likes took.
RANGE = 150
YEAR = (1_300_000_000, 31_536_000)  # begin and length, in seconds


def first_purchases(data: Retail) -> Retail:
    """Without guests, and without what a customer had bought in an earlier order."""
    first: dict[tuple[str, str], str] = {}
    rows = zip(data.customer.tolist(), data.product.tolist(), data.order.tolist(), strict=True)
    kept = [bool(who) and first.setdefault((who, product), order) == order for who, product, order in rows]
    return data.take(np.array(kept))


def sequences(file: Path) -> Callable[[int, np.random.Generator], Retail]:
    """A drawer of shops from `indptr, items, n_items`: each person's products in the order of time, no moments."""
    with np.load(file, allow_pickle=False) as arrays:
        indptr, items, size = arrays["indptr"], arrays["items"], int(arrays["n_items"])
    people = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    took = sparse.csr_array((np.ones(len(items), np.float32), (people, items)), shape=(len(indptr) - 1, size))

    def draw(orders: int, random: np.random.Generator) -> Retail:
        near = _near(took, int(random.choice(items)))
        inside = near[items]
        who, what = people[inside], items[inside]
        counts = np.bincount(who, minlength=took.shape[0])
        drawn = random.permutation(np.flatnonzero(counts >= 2))
        drawn = drawn[: int(np.searchsorted(np.cumsum(counts[drawn]), orders)) + 1]
        rows = np.isin(who, drawn)
        return _shop(who[rows], what[rows], random)

    return draw


def _near(took: sparse.csr_array, start: int) -> np.ndarray:
    """bool over products: the RANGE that two steps from the start reach most, popular ones held down."""
    reached = np.zeros(took.shape[1], np.float32)
    reached[start] = 1
    for _ in range(2):
        reached = took.T @ (took @ reached)
        reached /= np.linalg.norm(reached)
    reached /= np.sqrt(np.asarray(took.sum(axis=0)).ravel() + 1)
    near = np.zeros(len(reached), np.bool_)
    near[np.argsort(-reached, kind="stable")[:RANGE]] = True
    return near


def _shop(who: np.ndarray, what: np.ndarray, random: np.random.Generator) -> Retail:
    """Each product an order of its own; a person's orders at drawn moments of the year, in their order."""
    share = random.random(len(who))
    share = share[np.lexsort((share, who))]  # `who` ascends: sorted within each
    order = np.argsort(share, kind="stable")
    count = len(order)
    return Retail(
        customer=np.array([f"c{number}" for number in who[order].tolist()], object),
        product=np.array([f"p{number}" for number in what[order].tolist()], object),
        order=np.array([f"o{number}" for number in range(count)], object),
        moment=(YEAR[0] + share[order] * YEAR[1]).astype(np.int64),
        units=np.ones(count, np.float32), country=np.full(count, "", object), titles={}, prices={},
    )
