"""How much of a shop's word may change from one making to the next: few pairs, and few of any one token."""

from __future__ import annotations

import numpy as np

# So many pairs may change at most, of one token no more than so many: what a flood pushes is pairs of few.
CHANGED, OF_ONE = 300, 3


def largest(values: np.ndarray, most: int) -> np.ndarray:
    """Places of at most so many, all above 0, largest first."""
    at = np.argsort(-values, kind="stable")[:most]
    return at[values[at] > 0]


def spread(values: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Places of the CHANGED largest above 0 among those that are of the OF_ONE largest of both their tokens.

    first, second   the tokens of each, whole numbers from 0
    """
    at = largest(values, len(values))
    kept = np.ones(len(at), np.bool_)
    for token in (first[at], second[at]):
        order = np.argsort(token, kind="stable")
        starts = np.flatnonzero(np.diff(token[order], prepend=-1))
        place = np.arange(len(at)) - np.repeat(starts, np.diff(np.append(starts, len(at))))
        kept[order] &= place < OF_ONE
    return at[kept][:CHANGED]
