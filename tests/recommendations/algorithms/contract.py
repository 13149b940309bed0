"""What every recommendation algorithm promises; each test module subclasses it with its model."""

from __future__ import annotations

import numpy as np
import pytest

from recommendations.algorithms import topk
from recommendations.algorithms.base import Recommender
from recommendations.algorithms.data import Interactions
from recommendations.algorithms.features import ProductFeatures

SIZE = 12
START = 1_700_000_000


def checkerboard(size: int = SIZE) -> Interactions:
    """Even shoppers have bought all even products but one, odd shoppers all odd ones but one."""
    pairs = [
        (shopper, product)
        for shopper in range(size)
        for product in range(size)
        if shopper % 2 == product % 2 and shopper != product
    ]
    return Interactions.of(
        customers=[f"c{shopper}" for shopper, _ in pairs],
        products=[f"p{product:02}" for _, product in pairs],
        occurred_at=[START + number for number in range(len(pairs))],
        catalogue=[f"p{product:02}" for product in range(size)],
    )


def colours(size: int = SIZE) -> ProductFeatures:
    return ProductFeatures.of(
        categories=[["even"] if product % 2 == 0 else ["odd"] for product in range(size)],
        n_products=size,
    )


def items(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int32)


def ones(count: int) -> np.ndarray:
    return np.ones(count, np.float32)


def dense(recommender: Recommender, *history: int, customer: int = -1) -> np.ndarray:
    """Scores for the whole catalogue, 0 where the algorithm says nothing."""
    found, scores = recommender.score_history(items(*history), ones(len(history)), customer)
    if found is None:
        return np.array(scores)
    whole = np.zeros(SIZE, np.float32)
    whole[found] = scores
    return whole


class RecommenderContract:
    """R20, R28: one contract; small, exact and repeatable."""

    def make(self) -> Recommender:
        raise NotImplementedError

    @pytest.fixture
    def fitted(self) -> Recommender:
        return self.make().fit(checkerboard(), colours(), seed=1)

    def test_it_scores_only_products_of_the_catalogue(self, fitted: Recommender) -> None:
        found, scores = fitted.score_history(items(2, 4), ones(2), -1)
        assert scores.dtype == np.float32
        if found is None:
            assert len(scores) == SIZE
        else:
            assert found.dtype == np.int32
            assert len(found) == len(scores)
            assert ((found >= 0) & (found < SIZE)).all()
        assert np.isfinite(scores).all()

    def test_it_gives_a_repeated_item_the_same_score_each_time(self, fitted: Recommender) -> None:
        found, scores = fitted.score_history(items(2, 4, 6), ones(3), -1)
        if found is not None:
            for item in np.unique(found):
                assert len(set(scores[found == item].tolist())) == 1

    def test_it_answers_unknown_customers_without_history(self, fitted: Recommender) -> None:
        found, scores = fitted.score_history(items(), ones(0), -1)
        assert found is None or len(found) == len(scores)

    def test_it_leaves_the_product_itself_out_of_similar_ones(self, fitted: Recommender) -> None:
        found, scores = fitted.similar(3)
        assert found is not None
        assert 3 not in found.tolist()
        assert len(found) == len(scores)

    def test_it_survives_saving(self, fitted: Recommender) -> None:
        arrays = fitted.arrays()
        assert all(array.dtype.kind in "biuf" for array in arrays.values())
        for array in arrays.values():
            array.flags.writeable = False
        again = type(fitted).from_arrays(arrays, fitted.params)
        for history in ((), (1,), (2, 4, 6)):
            assert np.array_equal(dense(again, *history), dense(fitted, *history))
        assert np.array_equal(again.similar(2)[0], fitted.similar(2)[0])

    def test_it_gives_equal_arrays_for_equal_seeds(self, fitted: Recommender) -> None:
        again = self.make().fit(checkerboard(), colours(), seed=1).arrays()
        for name, array in fitted.arrays().items():
            assert np.array_equal(array, again[name]), name

    def test_it_takes_no_data_at_all(self) -> None:
        nothing = Interactions.of(customers=[], products=[], occurred_at=[])
        fitted = self.make().fit(nothing, None, seed=1)
        _, scores = fitted.score_history(items(), ones(0), -1)
        assert len(scores) == 0

    def test_it_takes_a_catalogue_without_events(self) -> None:
        nothing = Interactions.of(customers=[], products=[], occurred_at=[], catalogue=[f"p{n}" for n in range(SIZE)])
        fitted = self.make().fit(nothing, colours(), seed=1)
        assert np.isfinite(dense(fitted, 0, 1)).all()

    def test_it_takes_a_single_customer(self) -> None:
        alone = Interactions.of(customers=["c"] * 3, products=["a", "b", "c"], occurred_at=[START] * 3)
        fitted = self.make().fit(alone, None, seed=1)
        _, scores = fitted.score_history(items(0), ones(1), 0)
        assert np.isfinite(scores).all()

    def test_it_ignores_guests_where_people_count(self) -> None:
        guests = Interactions.of(customers=[None] * 4, products=["a", "b", "a", "c"], occurred_at=[START] * 4)
        fitted = self.make().fit(guests, None, seed=1)
        _, scores = fitted.score_history(items(0), ones(1), -1)
        assert np.isfinite(scores).all()


class PersonalContract(RecommenderContract):
    def test_it_finds_the_missing_square(self, fitted: Recommender) -> None:
        """Shopper 0 has every even product but p00."""
        scores = dense(fitted, 2, 4, 6, 8, 10, customer=0)
        ranked, _ = topk.best(None, scores, 6)
        assert set(ranked.tolist()) == {0, 2, 4, 6, 8, 10}

    def test_it_separates_the_colours_for_a_stranger(self, fitted: Recommender) -> None:
        scores = dense(fitted, 3, 5, 7)
        assert scores[1::2].min() > scores[0::2].max()

    def test_it_lets_a_new_event_change_the_scores_untrained(self, fitted: Recommender) -> None:
        before = dense(fitted, 2, 4)
        after = dense(fitted, 3, 2, 4)
        assert after[5] - after[8] > before[5] - before[8]

    def test_it_weighs_events(self, fitted: Recommender) -> None:
        history = items(2, 3)
        even_found, even = fitted.score_history(history, np.array([1, 0.1], np.float32), -1)
        odd_found, odd = fitted.score_history(history, np.array([0.1, 1], np.float32), -1)
        best_even, _ = topk.best(even_found, even, 3)
        best_odd, _ = topk.best(odd_found, odd, 3)
        assert all(product % 2 == 0 for product in best_even.tolist())
        assert all(product % 2 == 1 for product in best_odd.tolist())

    def test_it_finds_products_of_the_same_colour_alike(self, fitted: Recommender) -> None:
        ranked, _ = topk.best(*fitted.similar(4), 4)
        assert all(product % 2 == 0 for product in ranked.tolist())
