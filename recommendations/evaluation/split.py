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
    ends: int  # nothing in `test` happened at or after it


def by_time(interactions: Interactions, *, test_share: float = 0.2) -> Split:
    """Cut where the newest `test_share` of the events begin; one moment never falls on both sides.

    One cut for all shoppers: leaving out each shopper's last event would let co-occurrences from
    the future into the training.
    """
    if not 0 < test_share < 1:
        raise ValueError("test_share must lie between 0 and 1")
    return between(interactions, 1 - test_share, 1.0)


def between(interactions: Interactions, begin: float, end: float) -> Split:
    """The same with the test between the shares `begin` and `end` of the events in order of time."""
    if not len(interactions):
        return Split(interactions, interactions, interactions.until, interactions.until)
    moments = np.sort(interactions.occurred_at)
    last = len(moments) - 1
    cut = int(moments[min(int(len(moments) * begin), last)])
    ends = int(moments[-1]) + 1 if end >= 1 else int(moments[min(int(len(moments) * end), last)])
    return at(interactions, cut, ends)


def at(interactions: Interactions, cut: int, ends: int | None = None) -> Split:
    """Events before `cut` (seconds since 1970) and events from then on, up to `ends`."""
    earlier = interactions.occurred_at < cut
    if ends is None:
        ends = int(interactions.occurred_at.max(initial=cut)) + 1
    return Split(
        train=interactions.take(earlier, until=cut),
        test=interactions.take(~earlier & (interactions.occurred_at < ends)),
        cut=cut,
        ends=ends,
    )
