"""Visits after the cut, asked as if nothing else were known: the first half asks for the second."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from recommendations.algorithms.data import Baskets, Interactions
from recommendations.evaluation.cases import Cases
from recommendations.evaluation.split import Split

# Acts further apart belong to two visits.
GAP_SECONDS = 30 * 60
# What an act further back is worth, as in a live history.
DECAY = 0.9
# Acts of one visit that are looked at.
LONGEST = 40


def of(cut: Split, baskets: Baskets, *, seed: int, most: int = 2_000) -> Cases:
    """One case per visit of at least two products, by anybody: sessions, customers, guests' baskets.

    What a known shopper did before the visit is not looked at: with it they are asked elsewhere.
    """
    size = len(cut.test.products)
    visit, product, weight = _rows(cut, baskets, seed)
    order = np.argsort(visit, kind="stable")
    visit, product, weight = visit[order], product[order], weight[order]
    starts = np.flatnonzero(np.diff(visit, prepend=-1))
    ends = np.append(starts[1:], len(visit))
    lengths = np.minimum(ends - starts, LONGEST)
    known = [product[start : start + (length + 1) // 2] for start, length in zip(starts, lengths, strict=True)]
    asked, histories, wanted = [], [], []
    for number, (start, length) in enumerate(zip(starts.tolist(), lengths.tolist(), strict=True)):
        later = np.setdiff1d(product[start + len(known[number]) : start + length], known[number])
        if len(later):
            asked.append(number)
            back = np.arange(len(known[number]))[::-1]
            histories.append(weight[start : start + len(back)] * DECAY**back)
            wanted.append(later)
    built = Cases(
        _matrix([known[number] for number in asked], histories, size),
        np.full(len(asked), -1, np.int32),
        _matrix(wanted, [np.ones(len(some)) for some in wanted], size),
        None,
    )
    return built.sample(most, seed=seed)


def _rows(cut: Split, baskets: Baskets, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(visit, product, weight) in the order of each visit; lines of one moment in a drawn order."""
    test = cut.test
    rows = np.flatnonzero(test.customer >= 0)
    drawn = np.random.default_rng(seed).random(len(rows))
    rows = rows[np.lexsort((drawn, test.occurred_at[rows], test.customer[rows]))]
    customer, moment = test.customer[rows], test.occurred_at[rows]
    new = np.ones(len(rows), np.bool_)
    new[1:] = (np.diff(customer) != 0) | (np.diff(moment) > GAP_SECONDS)
    visit = np.cumsum(new) - 1
    guests = _guests(test, baskets, cut.cut)
    drawn = np.random.default_rng(seed).permutation(len(guests.basket))
    first = int(visit[-1]) + 1 if len(visit) else 0
    _, number = np.unique(guests.basket, return_inverse=True)
    return (
        np.concatenate((visit, number[drawn] + first)),
        np.concatenate((test.product[rows], guests.product[drawn])),
        np.concatenate((test.weight[rows], np.ones(len(drawn), np.float32))),
    )


def _guests(test: Interactions, baskets: Baskets, cut: int) -> Baskets:
    """Baskets from the cut on at moments when a guest bought."""
    moments = np.unique(test.occurred_at[(test.customer < 0)])
    rows = (baskets.occurred_at >= cut) & np.isin(baskets.occurred_at, moments)
    return Baskets(baskets.basket[rows], baskets.product[rows], baskets.occurred_at[rows])


def _matrix(items: list[np.ndarray], values: list[np.ndarray], size: int) -> sparse.csr_array:
    indptr = np.concatenate(([0], np.cumsum([len(some) for some in items], dtype=np.int64)))
    joined = (np.concatenate(items), np.concatenate(values)) if items else (np.empty(0), np.empty(0))
    return sparse.csr_array(
        (joined[1].astype(np.float32), joined[0].astype(np.int32), indptr), shape=(len(items), size)
    )
