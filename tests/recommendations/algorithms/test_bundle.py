"""Asking a trained bundle."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from recommendations.algorithms import evidence
from recommendations.algorithms.bundle import KINDS, Bundle, BundleDamaged
from recommendations.algorithms.content import Content
from recommendations.algorithms.data import DAY, Baskets
from recommendations.algorithms.history import HALF_LIFE_DAYS, Bought, Histories
from recommendations.algorithms.neighbours import BoughtTogether, Neighbours
from recommendations.algorithms.popularity import Popularity, Trending
from tests.recommendations.algorithms.contract import SIZE, checkerboard, colours


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    interactions = checkerboard()
    baskets = Baskets.of(
        orders=["1", "1", "2", "2", "3", "3"],
        products=["p00", "p01", "p00", "p01", "p02", "p03"],
        occurred_at=[0] * 6,
        known=interactions.products,
    )
    parts = {
        part.name: part.fit(interactions, colours(), seed=0)
        for part in (Popularity(), Trending(), Neighbours(), Content())
    }
    parts["bought_together"] = BoughtTogether().fit_baskets(baskets, SIZE)
    return Bundle(
        products=interactions.products,
        customers=interactions.customers,
        histories=Histories.of(interactions),
        parts=parts,
        personal="neighbours",
        bought=Bought.of(interactions),
    )


def names(bundle: Bundle, found: list) -> list[str]:
    return bundle.products.ids(entry.product for entry in found)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("limit", [1, 5, SIZE])
def test_it_fills_every_kind_of_list(bundle: Bundle, kind: str, limit: int) -> None:
    found = bundle.recommend(kind, customer="c1", product="p04", limit=limit)
    listed = [entry.product for entry in found]
    about_one = kind in ("similar", "bought_together")
    assert len(found) == min(limit, SIZE - about_one)
    assert len(set(listed)) == len(listed)
    scores = [entry.score for entry in found]
    assert scores == sorted(scores, reverse=True)
    assert not about_one or 4 not in listed


def test_it_knows_a_customer_and_says_where_products_come_from(bundle: Bundle) -> None:
    found = bundle.recommend("personalised", customer="c1", limit=8)
    assert [entry.source for entry in found] == ["neighbours"] * 6 + ["popularity"] * 2
    assert all(entry.product % 2 == 1 for entry in found[:6])


def test_it_gives_strangers_what_sells(bundle: Bundle) -> None:
    found = bundle.recommend("personalised", customer="nobody", limit=3)
    assert found == bundle.recommend("personalised", limit=3)
    assert names(bundle, found) == names(bundle, bundle.recommend("popular", limit=3))
    assert {entry.source for entry in found} == {"popularity"}


def test_it_hears_of_a_new_event_at_once(bundle: Bundle) -> None:
    stranger = bundle.recommend("personalised", recent=[("p03", 0.2)], limit=5)
    assert all(entry.product % 2 == 1 for entry in stranger)
    before = bundle.recommend("personalised", customer="c0", limit=SIZE)
    after = bundle.recommend("personalised", customer="c0", recent=[("p03", 0.2)], limit=SIZE)
    assert before != after
    ignored = bundle.recommend("personalised", customer="c0", recent=[("gone", 1.0)], limit=SIZE)
    assert names(bundle, ignored) == names(bundle, before)


def test_it_lists_only_what_may_be_listed(bundle: Bundle) -> None:
    allowed = np.zeros(SIZE, np.bool_)
    allowed[[1, 2, 3, 5]] = True
    for kind in KINDS:
        found = bundle.recommend(
            kind, customer="c1", product="p07", limit=10, allowed=allowed, exclude=np.array([3, -1])
        )
        assert {entry.product for entry in found} == {1, 2, 5}
        mask = np.ones(SIZE, np.bool_)
        assert bundle.recommend(kind, customer="c1", limit=10, exclude=mask) == []
    assert allowed.sum() == 4


def test_it_puts_what_was_bought_together_first(bundle: Bundle) -> None:
    first = bundle.recommend("bought_together", product="p00", limit=3)
    assert (first[0].product, first[0].source) == (1, "bought_together")
    assert first[1].source == "neighbours"
    cart = bundle.recommend("bought_together", product=["p00", "p02", "gone"], limit=2)
    assert {entry.product for entry in cart} == {1, 3}


def test_it_falls_back_to_best_sellers_for_unknown_products(bundle: Bundle) -> None:
    found = bundle.recommend("similar", product="gone", limit=2)
    assert {entry.source for entry in found} == {"popularity"}


def test_it_gives_reasons_from_the_history(bundle: Bundle) -> None:
    graph = bundle.parts["neighbours"]
    past, _ = bundle.history_of("c1")
    reasons = evidence.shares(graph, 1, past)
    assert {product for product, _ in reasons} <= {3, 5, 7, 9, 11}
    assert sum(share for _, share in reasons) == pytest.approx(1, abs=1e-5)
    assert evidence.strongest(graph, np.array([1, 2], np.int32), past)[0] in {3, 5, 7, 9, 11}
    nobody, _ = bundle.history_of("nobody")
    assert evidence.shares(graph, 2, nobody) == []
    assert evidence.strongest(graph, np.array([1, 2], np.int32), nobody) == [-1, -1]


def test_it_refuses_kinds_it_does_not_have(bundle: Bundle) -> None:
    with pytest.raises(ValueError, match="kind"):
        bundle.recommend("magic", limit=3)


def test_it_refuses_arrays_that_make_no_bundle(bundle: Bundle) -> None:
    arrays, manifest = bundle.arrays(), bundle.manifest()
    with pytest.raises(BundleDamaged):
        Bundle.from_arrays(arrays, {**manifest, "schema": 99})
    for gone in ("products_blob", "neighbours-data", "histories-items"):
        with pytest.raises(BundleDamaged):
            Bundle.from_arrays({key: arrays[key] for key in arrays if key != gone}, manifest)
    with pytest.raises(BundleDamaged):
        Bundle.from_arrays(arrays, {**manifest, "personal": "als"})
    with pytest.raises(BundleDamaged):
        Bundle.from_arrays({**arrays, "popularity-scores": np.zeros(3, np.float32)}, manifest)


def test_it_answers_many_threads_alike(bundle: Bundle) -> None:
    expected = bundle.recommend("personalised", customer="c1", limit=8, now=bundle.until)
    wrong = []

    def ask() -> None:
        for _ in range(100):
            bundle.recommend("personalised", customer="c2", limit=3)
            mine = bundle.recommend("personalised", customer="c1", limit=8, now=bundle.until)
            if mine != expected:
                wrong.append(mine)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_it_weighs_everything_less_a_year_later_and_ranks_alike(bundle: Bundle) -> None:
    year = bundle.until + 365 * DAY
    now, later = (
        {entry.product: entry.score for entry in bundle.recommend("personalised", customer="c1", limit=6, now=moment)}
        for moment in (bundle.until, year)
    )
    faded = 0.5 ** (365 / HALF_LIFE_DAYS)
    assert later == pytest.approx({product: now[product] * faded for product in now})
