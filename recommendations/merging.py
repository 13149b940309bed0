"""Rows of lines and events made one: a guest's become the customer's who signs in, what was taken back goes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from recommendations.extract import HIDE, KINDS, NOBODY, REMOVE, RETURN, Rows
from recommendations.names import Names

# What each sign against a product takes back of what the same shopper did before.
_TAKES_BACK = {
    REMOVE: [KINDS["cart"]],
    RETURN: [KINDS[name] for name in ("purchase", "cart", "click", "view")],
    HIDE: list(KINDS.values()),
}


def shoppers(lines: Rows, events: Rows, moment: np.ndarray, names: Names) -> tuple[pa.Array, np.ndarray]:
    """Names of the shoppers, and each row's number (-1: a guest); what a guest did before signing in
    in the same session is the customer's, as serving has it."""
    shopper = np.concatenate((lines.shopper, events.shopper))
    session = np.concatenate((lines.session, events.session))
    shopper = _adopted(shopper, session, moment, NOBODY, len(names))
    used = names.marked(shopper)
    used[NOBODY] = False
    named, places = names.ordered(used)
    return named, places[shopper]


def _adopted(
    shopper: np.ndarray, session: np.ndarray, moment: np.ndarray, nobody: int, names: int
) -> np.ndarray:
    """Rows of a session alone go to the customer who signs in next in that session."""
    anonymous = (shopper == session) & (session != nobody)
    signed = np.flatnonzero((shopper != session) & _among(session, session[anonymous], names))
    waiting = np.flatnonzero(anonymous & _among(session, session[signed], names))
    if not len(waiting):
        return shopper
    # Sign-ins by session and time; the first at or after each waiting row, if it is of that session.
    span = int(moment.max() - moment.min()) + 1
    key = session.astype(np.int64) * span + (moment - moment.min())
    signed = signed[np.argsort(key[signed])]
    at = np.searchsorted(key[signed], key[waiting])
    found = signed[np.minimum(at, len(signed) - 1)]
    fits = (at < len(signed)) & (session[found] == session[waiting])
    adopted = shopper.copy()
    adopted[waiting[fits]] = shopper[found[fits]]
    return adopted


def _among(numbers: np.ndarray, wanted: np.ndarray, count: int) -> np.ndarray:
    """Whether each of the numbers, all below `count`, is one of those wanted."""
    marked = np.zeros(count, np.bool_)
    marked[wanted] = True
    return marked[numbers]


def stays(rows: Rows) -> np.ndarray:
    """Leaves out signs against a product, and with them what they take back."""
    left = np.isin(rows.kind, list(KINDS.values()))
    if left.all():
        return left
    pair = rows.shopper.astype(np.int64) << 32 | rows.product
    for sign, kinds in _TAKES_BACK.items():
        taken = np.flatnonzero((rows.kind == sign) & (rows.shopper >= 0))
        if not len(taken):
            continue
        pairs, place = np.unique(pair[taken], return_inverse=True)
        last = np.full(len(pairs), np.iinfo(np.int64).min)
        np.maximum.at(last, place, rows.moment[taken])
        asked = np.flatnonzero(np.isin(rows.kind, kinds) & (rows.shopper >= 0))
        found = np.minimum(np.searchsorted(pairs, pair[asked]), len(pairs) - 1)
        withdrawn = (pairs[found] == pair[asked]) & (rows.moment[asked] <= last[found])
        left[asked[withdrawn]] = False
    return left


def ordered(rows: Rows, shoppers: int) -> np.ndarray:
    """The rows by time, shopper, product, kind, order."""
    if not len(rows):
        return np.empty(0, np.intp)
    first = (rows.moment - rows.moment.min()) * (shoppers + 1) + rows.shopper + 1
    order = np.argsort(first)
    # Few rows are of one shopper and second: those alone are looked at more closely.
    sorted_ = first[order]
    same = sorted_[1:] == sorted_[:-1]
    tied = np.flatnonzero(np.concatenate(([False], same)) | np.concatenate((same, [False])))
    close = order[tied]
    order[tied] = close[np.lexsort((rows.order[close], rows.kind[close], rows.product[close], first[close]))]
    return order
