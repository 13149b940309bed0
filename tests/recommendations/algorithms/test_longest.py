"""The best few by factors, the longest first, are those of the whole product of matrices."""

import numpy as np
import pytest

from recommendations.algorithms.longest import LongestFirst, Search


def factors(count: int, *, seed: int, spread: float = 1.0) -> np.ndarray:
    """Rows whose lengths differ by `spread`."""
    random = np.random.default_rng(seed)
    lengths = np.exp(spread * random.standard_normal((count, 1)))
    return (random.standard_normal((count, 8)) * lengths).astype(np.float32)


def wanted(scores: np.ndarray, count: int) -> np.ndarray:
    return np.argsort(-scores, axis=1, kind="stable")[:, :count]


@pytest.mark.parametrize("spread", [0.0, 0.3, 2.0])
def test_it_finds_the_best_of_every_product(spread: float) -> None:
    shoppers, products = factors(2100, seed=1), factors(3000, seed=2, spread=spread)
    found = Search(shoppers, 11).among(LongestFirst(products))
    scores = shoppers @ products.T
    assert (found.items == wanted(scores, 11)).all()
    assert found.scores == pytest.approx(np.take_along_axis(scores, found.items, axis=1), rel=1e-4, abs=1e-4)


def test_it_leaves_out_what_is_banned_or_not_open() -> None:
    shoppers, products = factors(60, seed=3), factors(900, seed=4)
    random = np.random.default_rng(5)
    rows, columns = np.sort(random.integers(0, 60, 4000)), random.integers(0, 960, 4000)
    is_open = random.random(900) < 0.7
    catalogue = LongestFirst(products).only(is_open)
    found = Search(shoppers, 6).among(catalogue, banned=(rows, columns))
    scores = shoppers @ products.T
    scores[:, ~is_open] = -np.inf
    here = columns < 900
    scores[rows[here], columns[here]] = -np.inf
    assert (found.items == wanted(scores, 6)).all()


def test_it_looks_through_several_catalogues() -> None:
    shoppers, products = factors(40, seed=6), factors(700, seed=7)
    banned = (np.array([0, 0, 39]), np.array([3, 650, 699]))
    found = Search(shoppers, 5).among(LongestFirst(products[:600]), banned=banned)
    found.among(LongestFirst(products[600:]), first=600, banned=banned)
    scores = shoppers @ products.T
    scores[banned] = -np.inf
    assert (found.items == wanted(scores, 5)).all()


def test_it_fills_up_with_nothing_and_leaves_out_what_is_no_number() -> None:
    shoppers, products = factors(3, seed=8), factors(4, seed=9)
    products[2] = np.nan
    shoppers[1] = 0
    found = Search(shoppers, 6).among(LongestFirst(products))
    assert np.isfinite(found.scores).sum(axis=1).tolist() == [3, 3, 3]
    assert 2 not in found.items[np.isfinite(found.scores)]
    nobody = Search(shoppers[:0], 6).among(LongestFirst(products))
    assert nobody.items.shape == (0, 6)
    assert not np.isfinite(Search(shoppers, 2).among(LongestFirst(products[:0])).scores).any()


def test_a_large_catalogue_is_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recommendations.algorithms.longest._COPIED", 0)
    shoppers, products = factors(50, seed=10), factors(500, seed=11)
    assert (Search(shoppers, 4).among(LongestFirst(products)).items == wanted(shoppers @ products.T, 4)).all()
