"""One cut in time: what came before is for learning, what came after is for testing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommendations.algorithms.data import Interactions


@dataclass(frozen=True)
class Split:
    """`train` knows nothing that happened at or after `cut`; both keep the same ids."""

    train: Interactions
    test: Interactions
    cut: int  # seconds since 1970


def by_time(interactions: Interactions, *, test_share: float = 0.2) -> Split:
    """Cut where the newest `test_share` of the events begin; one moment never falls on both sides.

    One cut for all shoppers: leaving out each shopper's last event would let co-occurrences from
    the future into the training.
    """
    if not 0 < test_share < 1:
        raise ValueError("test_share must lie between 0 and 1")
    if not len(interactions):
        return Split(interactions, interactions, interactions.until)
    moments = np.sort(interactions.occurred_at)
    cut = int(moments[min(int(len(moments) * (1 - test_share)), len(moments) - 1)])
    return at(interactions, cut)


def at(interactions: Interactions, cut: int) -> Split:
    """Events before `cut` (seconds since 1970) and events from then on."""
    earlier = interactions.occurred_at < cut
    return Split(
        train=interactions.take(earlier, until=cut),
        test=interactions.take(~earlier),
        cut=cut,
    )
