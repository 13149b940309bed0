"""Diffusion and sharpening over the shopper-product graph, against the dense formula."""

from __future__ import annotations

import numpy as np
import pytest

from recommendations.algorithms.diffusion import Diffusion, leading_directions, normalised, step
from tests.recommendations.algorithms.contract import PersonalContract, checkerboard
from tests.recommendations.algorithms.test_ease import random_shop


class TestDiffusion(PersonalContract):
    def make(self) -> Diffusion:
        return Diffusion(factors=2, low=1.0, sharpen=0.0)


def graph() -> np.ndarray:
    matrix = random_shop().matrix().toarray()
    scaled = matrix / np.sqrt(matrix.sum(axis=1, keepdims=True)) / np.sqrt(matrix.sum(axis=0))
    return scaled.T @ scaled


def test_it_finds_the_leading_directions() -> None:
    vectors, strengths = leading_directions(normalised(random_shop().matrix()), 5, seed=0)
    assert strengths == pytest.approx(np.linalg.eigvalsh(graph())[::-1][:5], rel=1e-3)
    assert vectors.T @ vectors == pytest.approx(np.eye(5), abs=1e-3)


@pytest.mark.parametrize("sharpen", [0.0, 2.5])
def test_its_rows_are_those_of_the_formula(sharpen: float) -> None:
    """(P + low D^-1/2 V V' D^1/2) Q, where all directions are known."""
    size = len(graph())
    fitted = Diffusion(factors=size, low=0.3, sharpen=sharpen, keep=size).fit(random_shop(), None, seed=0)
    values, vectors = np.linalg.eigh(graph())
    sharpening = (vectors * step(values * sharpen)) @ vectors.T
    root = np.sqrt(random_shop().matrix().toarray().sum(axis=0))
    passed = (vectors @ vectors.T) * root / root[:, None]
    expected = (graph() + 0.3 * passed) @ sharpening
    np.fill_diagonal(expected, 0)
    assert fitted.matrix().toarray() == pytest.approx(np.maximum(expected, 0), abs=1e-3)


def test_a_shorter_row_keeps_the_highest() -> None:
    whole = Diffusion(factors=5, keep=12).fit(random_shop(), None, seed=0).matrix().toarray()
    short = Diffusion(factors=5, keep=3).fit(random_shop(), None, seed=0).matrix().toarray()
    for row, kept in zip(whole, short, strict=True):
        assert sorted(kept[kept > 0]) == pytest.approx(sorted(np.sort(row)[-3:]))


def test_it_asks_for_no_more_directions_than_there_are() -> None:
    fitted = Diffusion(factors=500).fit(checkerboard(), None, seed=0)
    assert fitted.matrix().shape == (12, 12)
