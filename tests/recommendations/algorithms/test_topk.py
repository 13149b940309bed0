"""Exact best-of lists."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.algorithms import topk


@given(
    st.lists(st.integers(-3, 3), max_size=300),
    st.integers(0, 40),
    st.integers(1, 7),
)
def test_it_agrees_with_sorting_everything(values: list[int], limit: int, step: int) -> None:
    scores = np.array(values, np.float32)
    allowed = np.arange(len(scores)) % step == 0
    expected = sorted((-score, place) for place, score in enumerate(values) if place % step == 0)
    found, best = topk.best(None, scores, limit, allowed=allowed)
    assert found.tolist() == [place for _, place in expected[:limit]]
    assert best.tolist() == [-score for score, _ in expected[:limit]]


@given(st.lists(st.integers(-3, 3), max_size=300), st.integers(0, 40), st.integers(0, 9))
def test_it_ranks_items_in_any_order(values: list[int], limit: int, seed: int) -> None:
    items = np.random.default_rng(seed).permutation(1_000)[: len(values)].astype(np.int32)
    found, best = topk.best(items, np.array(values, np.float32), limit)
    expected = sorted(zip((-value for value in values), items.tolist(), strict=True))[:limit]
    assert list(zip((-best).tolist(), found.tolist(), strict=True)) == expected


def test_what_has_no_score_is_not_listed() -> None:
    scores = np.array([1, float("nan"), 3, float("nan"), 2], np.float32)
    assert topk.best(None, scores, 5)[0].tolist() == [2, 4, 0]


def test_it_looks_further_when_the_mask_leaves_few() -> None:
    scores = np.arange(10_000, dtype=np.float32)
    allowed = np.zeros(10_000, np.bool_)
    allowed[[3, 17]] = True
    assert topk.best(None, scores, 5, allowed=allowed)[0].tolist() == [17, 3]
    every = np.arange(10_000, dtype=np.int32)
    assert topk.best(every, scores, 5, allowed=allowed)[0].tolist() == [17, 3]


@pytest.mark.parametrize("limit", [0, -1])
def test_it_gives_nothing_when_nothing_is_wanted(limit: int) -> None:
    assert len(topk.best(None, np.ones(3, np.float32), limit)[0]) == 0


def test_it_makes_masks_from_indices() -> None:
    assert topk.mask_of(np.array([2, -1]), 3).tolist() == [False, False, True]
    mask = np.array([True, False])
    assert topk.mask_of(mask, 2) is mask
