"""Visits after the cut as questions: what follows their first half, and what a later one takes."""

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


def of(cut: Split, baskets: Baskets, *, seed: int, most: int = 1_000) -> Cases:
    """Cases from visits after the cut, by anybody: sessions, customers, guests' baskets.

    Each visit of at least two products: its first half asks for its second. Each visit of a shopper
    who was there before it, after the cut: the acts of the earlier visits ask for all of it. What
    happened before the cut is not looked at: with it the shoppers are asked elsewhere.
    """
    size = len(cut.test.products)
    visit, owner, product, weight = _rows(cut, baskets, seed)
    starts = np.flatnonzero(np.diff(visit, prepend=-1))
    ends = np.append(starts, len(visit))[1:]
    first = np.searchsorted(owner, owner[starts])  # the owner's first row
    known: list[slice] = []
    wanted: list[np.ndarray] = []
    able = np.flatnonzero((ends - starts > 1) | (first < starts))
    if len(able) > most:
        able = np.sort(np.random.default_rng(seed).choice(able, most, replace=False))
    for start, end, begin in np.stack((starts, ends, first), axis=1)[able].tolist():
        end = min(end, start + LONGEST)
        middle = start + (end - start + 1) // 2
        later = np.setdiff1d(product[middle:end], product[start:middle])
        if len(later):
            known.append(slice(start, middle))
            wanted.append(later)
        if begin < start:
            known.append(slice(max(begin, start - LONGEST), start))
            wanted.append(np.unique(product[start:end]))
    built = Cases(
        _matrix([product[some] for some in known], [_aged(weight[some]) for some in known], size),
        np.full(len(known), -1, np.int32),
        _matrix(wanted, [np.ones(len(some)) for some in wanted], size),
        None,
    )
    return built.sample(most, seed=seed)


def _aged(weights: np.ndarray) -> np.ndarray:
    """The newest, which stands last, counts in full."""
    return weights * DECAY ** np.arange(len(weights))[::-1]


def _rows(cut: Split, baskets: Baskets, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(visit, owner, product, weight) by owner and time; lines of one moment in a drawn order.

    A guest's basket is a visit and an owner of its own.
    """
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
    _, number = np.unique(guests.basket, return_inverse=True)
    drawn = drawn[np.argsort(number[drawn], kind="stable")]
    first = int(visit[-1]) + 1 if len(visit) else 0
    return (
        np.concatenate((visit, number[drawn] + first)),
        np.concatenate((customer.astype(np.int64), number[drawn] + len(test.customers))),
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
