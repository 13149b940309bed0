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
    from recommendations.algorithms import kernels

    found = np.empty(len(items), np.int32)
    found.fill(-1)
    if len(items) and len(past.items):
        worth, _scratch.worth = _worth(len(graph.diagonal)), None  # kept again only if it is clean again
        kernels.strongest(
            worth, graph.indptr, graph.indices, graph.data, items.astype(np.int32, copy=False), past.items,
            past.weights, found,
        )
        _scratch.worth = worth
    return found.tolist()


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
