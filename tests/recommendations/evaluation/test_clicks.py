"""Expected clicks: the position-based model finds what made the clicks, and says when it cannot know."""

import numpy as np
import pytest

from recommendations.evaluation import clicks
from recommendations.evaluation.clicks import Shown

PRODUCTS, PLACES = 60, 8


def world(lists, *, seed=1, rate=0.25):
    """Lists of 8 products shown and clicked by a known curve and known rates; good products mostly stand first."""
    chance = np.random.default_rng(seed)
    curve = 1 / (1 + np.arange(PLACES)) ** 0.6
    rates = chance.beta(2, 2 / rate - 2, PRODUCTS)
    order = np.argsort(-(rates[None, :] + chance.normal(0, 0.12, (lists, PRODUCTS))), axis=1)[:, :PLACES]
    hits = chance.random((lists, PLACES)) < curve * rates[order]
    cells = order * PLACES + np.arange(PLACES)
    shows = np.bincount(cells.ravel(), minlength=PRODUCTS * PLACES)
    clicked = np.bincount(cells.ravel(), hits.ravel(), minlength=PRODUCTS * PLACES)
    used = np.flatnonzero(shows)
    return Shown(used // PLACES, used % PLACES, shows[used], clicked[used].astype(np.int64)), curve, rates


def test_it_finds_the_curve_though_good_products_stand_first():
    shown, curve, _ = world(8000)
    found = clicks.fit_curve(shown, products=PRODUCTS)
    by_place = np.bincount(shown.places, shown.clicks) / np.bincount(shown.places, shown.shows)
    plain = by_place / by_place[0]
    assert np.abs(found[:PLACES] - curve).max() < 0.12
    assert np.abs(found[:PLACES] - curve).mean() < np.abs(plain - curve).mean()
    assert (np.diff(found) <= 1e-12).all()
    assert found[0] == 1


def test_it_finds_the_rates_and_shrinks_what_it_knows_little_of():
    shown, _, rates = world(8000)
    model = clicks.fit(shown, products=PRODUCTS)
    assert model.is_own
    seen = np.bincount(shown.products, shown.shows, minlength=PRODUCTS)
    known = seen > 500
    assert np.abs(model.shape * model.scale - rates)[known].max() < 0.08
    a, b = clicks.prior(np.array([0, 50, 1]), np.array([1.0, 100.0, 2.0]))
    assert 0 < a / (1 + b) < 0.5


def test_it_says_which_curve_it_took():
    few = Shown(np.array([0, 1]), np.array([0, 1]), np.array([3000, 3000]), np.array([300, 150]))
    model = clicks.fit(few, products=2)
    assert not model.is_own
    assert model.examination[:3] == pytest.approx([1, 0.63093, 0.5], abs=1e-5)


def test_it_expects_more_of_better_lists_and_says_how_sure_it_is():
    shown, curve, rates = world(8000)
    model = clicks.fit(shown, products=PRODUCTS)
    seen = np.flatnonzero(np.bincount(shown.products, shown.shows, minlength=PRODUCTS) > 300)
    by_rate = seen[np.argsort(-rates[seen])]
    good, bad = by_rate[:4].tolist(), by_rate[-4:].tolist()
    better = clicks.expect(model, [bad] * 50, [good] * 50)
    assert better.change > 0 and better.is_sure
    assert better.low < better.change < better.high
    truth = 50 * (curve[:4] * (rates[good] - rates[bad])).sum()
    assert better.change == pytest.approx(truth, rel=0.25)
    same = clicks.expect(model, [good, bad], [good, bad])
    assert (same.change, same.low, same.high) == (0, 0, 0)
    assert not same.is_sure


def test_short_lists_and_unknown_products_are_taken():
    shown, _, _ = world(500)
    model = clicks.fit(shown, products=PRODUCTS)
    assert clicks.expect(model, [[0, 1]], [[]]).change < 0
    assert clicks.expect(model, [[]], [[-1]]).change > 0
    assert clicks.expect(model, [[1] * 200], [[1] * 200]).change == 0


def test_the_same_question_has_the_same_answer():
    shown, _, _ = world(500)
    model = clicks.fit(shown, products=PRODUCTS)
    assert clicks.expect(model, [[0, 1]], [[2, 3]]) == clicks.expect(model, [[0, 1]], [[2, 3]])
