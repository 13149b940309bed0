"""Matrix factorisation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from recommendations.algorithms import als
from recommendations.algorithms.als import ALS
from tests.recommendations.algorithms.contract import (
    PersonalContract,
    checkerboard,
    colours,
    items,
)


class TestALS(PersonalContract):
    def make(self) -> ALS:
        # Two colours, two factors: more would learn the holes by heart.
        return ALS(factors=2, iterations=15)


def test_it_folds_a_shopper_in_by_the_normal_equations() -> None:
    fitted = ALS(factors=4).fit(checkerboard(), colours(), seed=3)
    history, weights = items(2, 4, 2), np.array([1, 0.5, 0.25], np.float32)
    _, scores = fitted.score_history(history, weights)
    factors = fitted.factors.astype(np.float64)
    confidence = np.ones(len(factors))
    confidence[2] += fitted.params["alpha"] * 1.25
    confidence[4] += fitted.params["alpha"] * 0.5
    liked = np.zeros(len(factors))
    liked[[2, 4]] = 1
    left = (factors.T * confidence) @ factors + fitted.params["regularization"] * np.eye(4)
    shopper = np.linalg.solve(left, factors.T @ (confidence * liked))
    assert scores == pytest.approx(factors @ shopper, abs=1e-4)


def test_it_folds_in_alike_with_and_without_what_it_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A large model keeps no table of its products' factors; another fit forgets the table of the one before."""
    fitted = ALS(factors=4).fit(checkerboard(), colours(), seed=3)
    size = len(fitted.factors)
    histories = sparse.csr_array((np.float32([1, 0.5, 2, 1, 0.25, 1]), [2, 4, 1, 2, 3, 4], [0, 2, 2, 6]), (3, size))
    kept = fitted.shoppers(histories)
    assert len(fitted._inside()[1])
    monkeypatch.setattr(als, "_TABLE_BYTES", 0)
    fitted.restore(fitted.arrays())
    assert not len(fitted._inside()[1])
    assert fitted.shoppers(histories) == pytest.approx(kept, abs=1e-6)
    assert not kept[1].any()
    _, scores = fitted.score_history(np.array([2, 4], np.int32), np.float32([1, 0.5]))
    assert fitted.factors @ kept[0] == pytest.approx(scores, abs=1e-4)


def test_it_refuses_a_product_that_it_does_not_have() -> None:
    """What an artefact says of a shopper must not read memory of others."""
    fitted = ALS(factors=4).fit(checkerboard(), colours(), seed=3)
    size = len(fitted.factors)
    for product in (size, -1):
        histories = sparse.csr_array((np.float32([1]), np.int32([product]), [0, 1]), (1, size + 1))
        with pytest.raises(IndexError):
            fitted.shoppers(histories)
