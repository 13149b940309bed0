"""Ridge regression between products."""

from __future__ import annotations

import numpy as np
import pytest

from recommendations.algorithms import ease
from recommendations.algorithms.data import Interactions
from recommendations.algorithms.ease import DenseEase, LocalEase
from tests.recommendations.algorithms.contract import (
    SIZE,
    START,
    PersonalContract,
    colours,
)


class TestDenseEase(PersonalContract):
    def make(self) -> DenseEase:
        return DenseEase(lam=1.0, keep=6)


class TestLocalEase(PersonalContract):
    def make(self) -> LocalEase:
        return LocalEase(lam=1.0, keep=5)


class TestLocalEaseOfLargeCatalogues(PersonalContract):
    """The same from blocks gathered out of the rows, as beyond DENSE_GRAM products."""

    @pytest.fixture(autouse=True)
    def small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ease, "DENSE_GRAM", 4)

    def make(self) -> LocalEase:
        return LocalEase(lam=1.0, keep=5)


def random_shop(kinds: int = 1) -> Interactions:
    rng = np.random.default_rng(3)
    count = 400
    return Interactions.of(
        customers=[f"c{number}" for number in rng.integers(0, 40, count)],
        products=[f"p{number:02}" for number in rng.integers(0, SIZE, count)],
        occurred_at=[START] * count,
        kinds=rng.integers(0, kinds, count),
        catalogue=[f"p{number:02}" for number in range(SIZE)],
    )


def test_it_is_the_published_closed_form() -> None:
    """Steck 2019: B = -P / diag(P), zero diagonal."""
    interactions = random_shop()
    found = DenseEase(lam=0.5, a=0.0, keep=SIZE).fit(interactions, None, seed=0).matrix().toarray()
    matrix = interactions.matrix().toarray()
    gram = matrix.T @ matrix
    inverse = np.linalg.inv(gram + 0.5 * np.trace(gram) / SIZE * np.eye(SIZE))
    expected = -inverse / np.diagonal(inverse)
    np.fill_diagonal(expected, 0)
    assert found == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("targets", [None, [0]])
def test_it_agrees_with_the_dense_solution_where_all_are_neighbours(targets: list | None) -> None:
    interactions = random_shop(kinds=2)
    local = LocalEase(lam=0.5, a=0.4, keep=SIZE, targets=targets).fit(interactions, None, seed=0)
    dense = DenseEase(lam=0.5, a=0.4, keep=SIZE, targets=targets).fit(interactions, None, seed=0)
    assert local.matrix().toarray() == pytest.approx(dense.matrix().toarray(), abs=1e-3)


def test_it_gathers_blocks_to_the_same_end(monkeypatch: pytest.MonkeyPatch) -> None:
    interactions = random_shop(kinds=2)
    model = {"lam": 0.5, "keep": 5, "targets": [0]}
    one = LocalEase(**model).fit(interactions, None, seed=0).matrix().toarray()
    monkeypatch.setattr(ease, "DENSE_GRAM", 4)
    other = LocalEase(**model).fit(interactions, None, seed=0).matrix().toarray()
    assert one == pytest.approx(other, abs=1e-4)


def test_it_learns_only_what_is_wanted() -> None:
    """Carts of p00 are followed by purchases of p01; p01 is never carted."""
    rows = [
        (f"c{n}", product, kind)
        for n in range(10)
        for product, kind in (("p00", 1), ("p01", 0), ("p02", 0 if n % 2 else 1))
    ]
    interactions = Interactions.of(
        customers=[row[0] for row in rows],
        products=[row[1] for row in rows],
        occurred_at=[START] * len(rows),
        kinds=[row[2] for row in rows],
    )
    found = DenseEase(targets=[0]).fit(interactions, colours(3), seed=0).matrix().toarray()
    assert found[0, 1] > 0
    assert np.abs(found[:, 0]).max() < 1e-5


@pytest.mark.parametrize("lean", [0.0, 0.5, 1.0])
def test_it_leans_towards_what_was_touched_beside_purchases(lean: float) -> None:
    """Each column is the ridge regression of purchases + lean x (touched, not bought) on the other products."""
    interactions = random_shop(kinds=2)
    bought = interactions.take(interactions.kind == 0).matrix().toarray()
    touched = interactions.matrix().toarray()
    wanted = bought + lean * (touched - bought)
    model = LocalEase(lam=0.5, a=0.0, keep=SIZE, targets=[0], lean=lean)
    found = model.fit(interactions, None, seed=0).matrix().toarray()
    gram = touched.T @ touched + 0.5 * touched.sum() / SIZE * np.eye(SIZE)
    for product in range(SIZE):
        others = np.delete(np.arange(SIZE), product)
        expected = np.linalg.solve(gram[np.ix_(others, others)], touched[:, others].T @ wanted[:, product])
        assert found[others, product] == pytest.approx(expected, abs=1e-4)


def test_it_lifts_what_is_bought_less_than_touched() -> None:
    interactions = random_shop(kinds=2)
    plain = LocalEase(keep=5, targets=[0], lean=1.0).fit(interactions, None, seed=0).matrix().toarray()
    model = LocalEase(keep=5, targets=[0], lean=1.0, rare=0.3)
    found = model.fit(interactions, None, seed=0).matrix().toarray()
    buyers = interactions.take(interactions.kind == 0).matrix().sum(axis=0)
    assert found == pytest.approx(plain / np.maximum(buyers, 1) ** 0.3, abs=1e-5)
    assert model.from_arrays(model.arrays(), model.params).params["rare"] == 0.3
