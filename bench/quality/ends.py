"""Whether the purchases held out for the test were the last rows of their shoppers: seen from train alone."""

from __future__ import annotations

import numpy as np

from bench.quality.formats import BUY
from recommendations.algorithms.data import Interactions

# Standard errors by which the two ends have to differ, and how much wider the end has to be. With the
# products of a file of 22,000 shoppers numbered anew at random the ends differ by -19 to +15 %, because
# some products are touched and left more than others; cut there, the end is 1.7 to 2.3 times as wide.
CERTAIN, WIDER = 5.0, 1.3


def cut_at_the_end(train: Interactions) -> bool:
    """Whether shoppers' purchases stop short of what else they touched, more than they start late.

    Side events (carts, views) keep the order of rows that the purchases had. Products touched but not
    bought stand before the first bought one as often as behind the last, if the held-out purchase was
    any of them; if it was the last row, the gap behind is wider, because its own place is in it.
    Without side events, or where the purchases are not among them, nothing can be seen: False.
    """
    rows = np.flatnonzero(train.kind != BUY)
    rows = rows[np.argsort(train.customer[rows], kind="stable")]
    who = train.customer[rows].astype(np.int64)
    pairs = train.customer.astype(np.int64) * len(train.products) + train.product
    bought = np.flatnonzero(np.isin(pairs[rows], pairs[train.kind == BUY]))
    if not len(bought):
        return False
    shoppers, first = np.unique(who[bought], return_index=True)
    last = np.append(first[1:], len(bought)) - 1
    before = bought[first] - np.searchsorted(who, shoppers)
    behind = np.searchsorted(who, shoppers, side="right") - 1 - bought[last]
    wider = (behind - before).astype(np.float64)
    certain = wider.mean() > CERTAIN * wider.std() / np.sqrt(len(wider)) > 0
    return bool(certain and behind.sum() > WIDER * before.sum())
