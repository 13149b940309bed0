"""The filtered leading directions."""

from __future__ import annotations

import numpy as np
import pytest

from recommendations.algorithms.spectral import Spectral, leading
from tests.recommendations.algorithms.contract import PersonalContract, checkerboard
from tests.recommendations.algorithms.test_ease import random_shop


class TestSpectral(PersonalContract):
    def make(self) -> Spectral:
        return Spectral(factors=2, low=1.0, sharpen=0.0)


def normalised() -> np.ndarray:
    matrix = random_shop().matrix().toarray()
    return matrix / np.sqrt(matrix.sum(axis=1, keepdims=True)) / np.sqrt(matrix.sum(axis=0))


def test_it_finds_the_leading_directions() -> None:
    vectors, strengths = leading(random_shop().matrix(), 5, seed=0)
    values = np.linalg.svd(normalised(), compute_uv=False) ** 2
    assert strengths == pytest.approx(values[:5], rel=1e-3)
    assert vectors.T @ vectors == pytest.approx(np.eye(5), abs=1e-3)


def test_it_takes_back_the_strongest_direction() -> None:
    fitted = Spectral(factors=12, low=0.3, sharpen=2.0, q=0.5).fit(random_shop(), None, seed=0)
    graph = normalised().T @ normalised()
    values, vectors = np.linalg.eigh(graph)
    gains = (values + 0.3) * np.exp(-2 * values) - values
    counts = random_shop().matrix().toarray().sum(axis=0)
    expected = (vectors * gains) @ vectors.T * np.sqrt(counts) / np.sqrt(counts)[:, None]
    assert fitted.inward @ fitted.outward.T == pytest.approx(expected, abs=1e-3)
    assert gains[-1] < 0


def test_it_asks_for_no_more_directions_than_there_are() -> None:
    fitted = Spectral(factors=500).fit(checkerboard(), None, seed=0)
    assert fitted.inward.shape == (12, 12)
