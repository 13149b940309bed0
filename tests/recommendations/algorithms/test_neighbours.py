"""Item-to-item graph and bought-together."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from recommendations.algorithms import neighbours
from recommendations.algorithms.data import Baskets, IdMap
from recommendations.algorithms.neighbours import BoughtTogether, Neighbours, graph
from tests.recommendations.algorithms.contract import PersonalContract, items, ones


class TestNeighbours(PersonalContract):
    def make(self) -> Neighbours:
        return Neighbours()


class TestBoughtTogether(PersonalContract):
    def make(self) -> BoughtTogether:
        return BoughtTogether()


def test_it_normalises_as_the_formula_says() -> None:
    """(X' D_r^-a X)_ij / (d_i^b d_j^c), by hand for two shoppers and three products."""
    matrix = sparse.csr_array(np.array([[1, 1, 0], [1, 1, 1]], np.float32))
    built, diagonal = graph(matrix, a=0.7, b=0.6, c=0.4, keep=10)
    both = 2**-0.7 + 3**-0.7
    expected = np.array(
        [
            [0, both / 2**0.6 / 2**0.4, 3**-0.7 / 2**0.6],
            [both / 2**0.6 / 2**0.4, 0, 3**-0.7 / 2**0.6],
            [3**-0.7 / 2**0.4, 3**-0.7 / 2**0.4, 0],
        ]
    )
    assert built.toarray() == pytest.approx(expected, rel=1e-5)
    assert diagonal == pytest.approx([both / 2, both / 2, 3**-0.7], rel=1e-5)


def test_it_keeps_the_strongest_of_each_row() -> None:
    rng = np.random.default_rng(0)
    matrix = sparse.csr_array((rng.random((60, 30)) < 0.3).astype(np.float32))
    whole, _ = graph(matrix, a=0.7, b=0.7, c=0.4, keep=30)
    pruned, _ = graph(matrix, a=0.7, b=0.7, c=0.4, keep=5)
    for row in range(30):
        kept = pruned.data[pruned.indptr[row] : pruned.indptr[row + 1]]
        best = np.sort(whole.data[whole.indptr[row] : whole.indptr[row + 1]])[-5:]
        assert np.sort(kept) == pytest.approx(best)


def test_it_gives_the_same_graph_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    matrix = sparse.csr_array((rng.random((50, 40)) < 0.2).astype(np.float32))
    whole, diagonal = graph(matrix, a=0.7, b=0.7, c=0.4, keep=8)
    monkeypatch.setattr(neighbours, "BLOCK_ENTRIES", 90)
    pieces, again = graph(matrix, a=0.7, b=0.7, c=0.4, keep=8)
    assert np.array_equal(whole.toarray(), pieces.toarray())
    assert np.array_equal(diagonal, again)


def test_it_explains_a_score_by_its_history() -> None:
    matrix = sparse.csr_array(np.array([[1, 1, 0, 1], [1, 0, 1, 1], [0, 1, 1, 0]], np.float32))
    fitted = Neighbours().fit_matrix(matrix)
    history, weights = items(0, 1, 3), np.array([1, 0.5, 0.2], np.float32)
    found, scores = fitted.score_history(history, weights)
    for product in range(4):
        whole = scores[found == product][0]
        assert fitted.shares(history, weights, product).sum() == pytest.approx(whole, rel=1e-5)


def test_it_learns_from_baskets_and_leaves_out_those_that_say_nothing() -> None:
    known = IdMap.of(["tea", "cup", "saw", "nail"])
    baskets = Baskets.of(
        orders=["1", "1", "2", "2", "3", "3", "4", "9"],
        products=["tea", "cup", "saw", "nail", "tea", "cup", "tea", "gone"],
        occurred_at=[1, 1, 2, 2, 3, 3, 4, 5],
        known=known,
    )
    fitted = BoughtTogether().fit_baskets(baskets, 4)
    assert fitted.similar(0)[0].tolist() == [1]
    assert fitted.similar(2)[0].tolist() == [3]
    assert baskets.matrix(4).shape[0] == 3
    assert baskets.matrix(4, limit=1).shape[0] == 0
    assert len(baskets.before(3).product) == 4
    assert len(BoughtTogether().fit_baskets(Baskets.none(), 4).similar(0)[0]) == 0


def test_it_leaves_the_scratch_clean_for_the_next_shopper() -> None:
    matrix = sparse.csr_array(np.array([[1, 1, 0], [1, 1, 1]], np.float32))
    fitted = Neighbours().fit_matrix(matrix)
    first = fitted.score_history(items(0), ones(1))[1].tolist()
    with pytest.raises(IndexError):
        fitted.score_history(items(99), ones(1))
    assert fitted.score_history(items(0), ones(1))[1].tolist() == first
