"""Exact best-of lists."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.algorithms import topk
from recommendations.algorithms.scoring import accumulate, gather


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


def test_it_lists_a_repeated_item_once() -> None:
    rng = np.random.default_rng(0)
    whole = rng.random(500).astype(np.float32)
    places = rng.integers(0, 500, 5_000).astype(np.int32)
    found, scores = topk.best(places, whole[places], 20)
    assert found.tolist() == np.argsort(-whole)[:20].tolist()
    assert scores.tolist() == whole[found].tolist()


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


def test_it_sums_rows_without_a_dense_result() -> None:
    indptr = np.array([0, 2, 2, 4])
    columns = np.array([0, 2, 2, 3], np.int32)
    data = np.array([1, 2, 4, 8], np.float32)
    rows, weights = np.array([0, 1, 2]), np.array([1, 1, 0.5], np.float32)
    entries = gather(indptr, columns, data, rows, weights)
    for _ in range(2):
        found, sums = accumulate(*entries, 4)
        assert dict(zip(found.tolist(), sums.tolist(), strict=True)) == {0: 1, 2: 4, 3: 4}
