"""Several algorithms as one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from recommendations.algorithms.blend import Blend, fit_part, many, powered_by
from recommendations.algorithms.neighbours import Neighbours
from tests.recommendations.algorithms.contract import (
    SIZE,
    PersonalContract,
    RecommenderContract,
    checkerboard,
    colours,
    dense,
    items,
    ones,
)

EVERY = [
    {"name": "neighbours", "params": {"again": 0.0}, "weight": 1.0, "power": 1.0},
    {"name": "local_ease", "params": {"lam": 1.0, "keep": 4}, "weight": 0.5, "power": 1.0},
    {"name": "dense_ease", "params": {"lam": 1.0, "keep": 6}, "weight": 0.5, "power": 2.0},
    {"name": "neighbours", "params": {"again": 0.0}, "weight": 0.2, "power": 2.0},
    {"name": "shoppers", "params": {}, "weight": 0.2, "power": 1.0},
    {"name": "repurchase", "params": {}, "weight": 0.01, "power": 1.0},
    {"name": "popularity", "params": {}, "weight": 0.01, "power": 1.0},
]


class TestBlend(PersonalContract):
    def make(self) -> Blend:
        return Blend(parts=EVERY[:4])


class TestWideBlend(PersonalContract):
    """With parts that score the whole catalogue."""

    def make(self) -> Blend:
        return Blend(parts=EVERY)


class TestUsualBlend(RecommenderContract):
    """The one of a shop that has not been tuned."""

    def make(self) -> Blend:
        return Blend()


def test_it_is_the_weighted_sum_of_its_parts() -> None:
    fitted = Blend(parts=EVERY).fit(checkerboard(), colours(), seed=1)
    history, weights = items(2, 4, 2), np.array([1, 0.5, 0.25], np.float32)
    found = np.zeros(SIZE)
    for part, scale in zip(EVERY, fitted.scales.tolist(), strict=True):
        alone = fit_part(part["name"], part["params"], checkerboard(), seed=1)
        named, scores = alone.score_history(history, powered_by(weights, part["power"]))
        whole = np.zeros(SIZE)
        whole[slice(None) if named is None else named] = scores
        found += whole * part["weight"] / scale
    _, scores = fitted.score_history(history, weights)
    assert scores == pytest.approx(found, rel=1e-4)


@pytest.mark.parametrize("parts", [EVERY, EVERY[:4], EVERY[4:5]])
def test_it_scores_many_shoppers_as_it_scores_one(parts: list) -> None:
    fitted = Blend(parts=parts).fit(checkerboard(), colours(), seed=1)
    histories = sparse.csr_array(
        (np.array([1, 0.5, 1, 0.2], np.float32), np.array([2, 4, 3, 5]), np.array([0, 2, 4, 4])),
        shape=(3, SIZE),
    )
    customers = np.array([0, -1, -1], np.int32)
    found = many(fitted, histories, customers)
    for row, customer in enumerate(customers.tolist()):
        span = slice(histories.indptr[row], histories.indptr[row + 1])
        named, scores = fitted.score_history(histories.indices[span].astype(np.int32), histories.data[span], customer)
        whole = np.zeros(SIZE)
        whole[slice(None) if named is None else named] = scores if len(scores) else 0
        assert found[row] == pytest.approx(whole, rel=1e-4, abs=1e-6)


def test_it_asks_algorithms_without_a_batch_one_by_one() -> None:
    fitted = Neighbours().fit(checkerboard(), None, seed=0)
    histories = sparse.csr_array(np.eye(SIZE, dtype=np.float32)[[2, 3]])
    found = many(fitted, histories, np.array([-1, -1], np.int32)).toarray()
    assert found[0] == pytest.approx(dense(fitted, 2), rel=1e-5)


def test_it_fits_equal_parts_once_and_stores_them_once() -> None:
    fitted = Blend(parts=[EVERY[0], EVERY[3]]).fit(checkerboard(), None, seed=0)
    assert fitted.parts[0] is fitted.parts[1]
    assert not any(name.startswith("part_b_") for name in fitted.arrays())
    again = Blend.from_arrays(fitted.arrays(), fitted.params)
    assert np.array_equal(again.score_history(items(2), ones(1))[1], fitted.score_history(items(2), ones(1))[1])


def test_it_refuses_parts_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="magic"):
        Blend(parts=[{"name": "magic", "params": {}, "weight": 1, "power": 1}])
