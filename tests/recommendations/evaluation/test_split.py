"""The cut in time."""

from __future__ import annotations

import pytest

from recommendations.algorithms.data import Interactions
from recommendations.evaluation import split


def events(*moments: int) -> Interactions:
    return Interactions.of(
        customers=["c"] * len(moments),
        products=[f"p{place}" for place in range(len(moments))],
        occurred_at=list(moments),
    )


def test_it_leaves_nothing_of_the_future_in_training() -> None:
    cut = split.by_time(events(*range(100, 0, -1)), test_share=0.2)
    assert len(cut.test) == 20
    assert cut.train.occurred_at.max() < cut.cut <= cut.test.occurred_at.min()
    assert cut.train.until == cut.cut
    assert len(cut.train.products) == 100


def test_it_never_puts_one_moment_on_both_sides() -> None:
    cut = split.by_time(events(1, 2, 3, 3, 3, 3, 3, 3, 3, 4), test_share=0.2)
    assert cut.train.occurred_at.tolist() == [1, 2]
    assert len(cut.test) == 8


def test_it_takes_no_events_and_a_single_moment() -> None:
    assert len(split.by_time(events()).test) == 0
    cut = split.by_time(events(5, 5, 5))
    assert (len(cut.train), len(cut.test)) == (0, 3)


@pytest.mark.parametrize("share", [0, 1, -0.5])
def test_it_refuses_shares_that_leave_a_side_empty(share: float) -> None:
    with pytest.raises(ValueError, match="test_share"):
        split.by_time(events(1, 2), test_share=share)
