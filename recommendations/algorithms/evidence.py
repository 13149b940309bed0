"""Which product of a history speaks for a product of the list: by the item graph, whatever made the list."""

from __future__ import annotations

import threading

import numpy as np

from recommendations.algorithms.history import History
from recommendations.algorithms.neighbours import Neighbours

_scratch = threading.local()


def strongest(graph: Neighbours, items: np.ndarray, past: History) -> list[int]:
    """For each of the listed products the product of the history that speaks most for it, -1 for none.

    items    int32 product indices of the graph
    A product never speaks for itself. Cost: the graph's rows of the listed products, one after another.
    """
    found = [-1] * len(items)
    if not len(items) or not len(past.items):
        return found
    starts = graph.indptr[items]
    lengths = graph.indptr[items + 1] - starts
    ends = np.cumsum(lengths)
    places = np.arange(int(ends[-1])) + np.repeat(starts - ends + lengths, lengths)
    columns = graph.indices.take(places)
    worth = _worth(len(graph.diagonal))
    worth[past.items] = past.weights
    try:
        said = worth.take(columns)
    finally:
        worth[past.items] = 0
    hits = np.flatnonzero(said > 0)
    if not len(hits):
        return found
    shares = said[hits] * graph.data.take(places[hits])
    rows = np.searchsorted(ends, hits, side="right")
    best = [0.0] * len(items)
    for row, share, column in zip(rows.tolist(), shares.tolist(), columns[hits].tolist(), strict=True):
        if share > best[row]:
            best[row], found[row] = share, column
    return found


def shares(graph: Neighbours, item: int, past: History) -> list[tuple[int, float]]:
    """(product of the history, its share of what speaks for the item), strongest first."""
    parts = graph.shares(past.items, past.weights, item)
    order = np.argsort(-parts, kind="stable")
    total = float(parts[parts > 0].sum())
    return [(int(past.items[place]), float(parts[place]) / total) for place in order if parts[place] > 0]


def _worth(size: int) -> np.ndarray:
    """This thread's weights by product: all zero between calls."""
    worth = getattr(_scratch, "worth", None)
    if worth is None or len(worth) < size:
        _scratch.worth = worth = np.zeros(size, np.float32)
    return worth
