"""Training as a whole, and the bundle it leaves."""

from __future__ import annotations

import numpy as np
import pytest

from recommendations.algorithms.bundle import BASE, Bundle
from recommendations.algorithms.data import Baskets, Interactions
from recommendations.evaluation import selection
from tests.recommendations.algorithms.contract import colours

DAY = 86_400
START = 1_700_000_000


def shop(shoppers: int = 30) -> tuple[Interactions, Baskets]:
    """Even shoppers buy even products, odd ones odd ones, one basket of three every ten days."""
    rng = np.random.default_rng(0)
    rows = []
    for shopper in range(shoppers):
        for visit in range(6):
            chosen = rng.choice(np.arange(shopper % 2, 12, 2), 3, replace=False)
            rows += [
                (f"c{shopper}", f"{shopper}-{visit}", f"p{product:02}", START + visit * 10 * DAY + shopper)
                for product in chosen
            ]
    catalogue = [f"p{product:02}" for product in range(12)]
    interactions = Interactions.of(
        customers=[row[0] for row in rows],
        products=[row[2] for row in rows],
        occurred_at=[row[3] for row in rows],
        catalogue=catalogue,
    )
    baskets = Baskets.of(
        orders=[row[1] for row in rows],
        products=[row[2] for row in rows],
        occurred_at=[row[3] for row in rows],
        known=interactions.products,
    )
    return interactions, baskets


def test_it_chooses_by_the_time_split_and_fits_on_everything() -> None:
    interactions, baskets = shop()
    steps: list[tuple[str, float]] = []
    found = selection.train(
        interactions,
        baskets,
        colours(),
        algorithms=["neighbours", "als"],
        seed=1,
        progress=lambda step, share: steps.append((step, share)),
    )
    assert set(found.metrics) == {"popularity", "neighbours", "als"}
    assert found.chosen == found.bundle.personal != "popularity"
    assert found.metrics[found.chosen]["ndcg@10"] > found.metrics["popularity"]["ndcg@10"]
    assert "values" not in found.metrics[found.chosen]
    assert found.bundle.until == interactions.until
    assert set(found.bundle.parts) == {*BASE, found.chosen}
    assert START < found.cut < interactions.until
    shares = [share for _, share in steps]
    assert shares == sorted(shares)
    assert steps[0] == ("split", 0.0)
    assert steps[-1] == ("done", 1.0)


def test_it_gives_equal_bundles_for_equal_seeds() -> None:
    interactions, baskets = shop()
    one, two = (selection.train(interactions, baskets, colours(), algorithms=["als"], seed=7).bundle for _ in range(2))
    assert one.manifest() == two.manifest()
    again = two.arrays()
    assert all(np.array_equal(array, again[name]) for name, array in one.arrays().items())


def test_it_does_not_decide_by_noise() -> None:
    interactions, _ = shop(shoppers=1)
    interactions, baskets = interactions.take(np.arange(6)), Baskets.none()  # two visits
    found = selection.train(interactions, baskets, None, algorithms=["neighbours", "als"])
    assert found.chosen == "neighbours"
    assert "too few" in found.reason


def test_few_orders_stand_on_the_blend_and_nothing_bought_again_is_listed_last() -> None:
    """Twelve orders of shoppers who never take the same thing twice: what they had comes after the rest."""
    rows = [
        (f"c{who}", f"{who}-{turn}", f"p{(who + 5 * turn) % 12:02}", START + turn * 10 * DAY + who)
        for who in range(4)
        for turn in range(3)
    ]
    customers, orders, products, moments = (list(column) for column in zip(*rows, strict=True))
    catalogue = [f"p{product:02}" for product in range(12)]
    interactions = Interactions.of(customers=customers, products=products, occurred_at=moments, catalogue=catalogue)
    baskets = Baskets.of(orders=orders, products=products, occurred_at=moments, known=interactions.products)
    found = selection.train(interactions, baskets, colours())
    assert (found.chosen, found.rung) == ("blend", "blend")
    ranked = found.bundle.recommend("personalised", limit=12, customer="c1", now=interactions.until)
    had = {products[row] for row, who in enumerate(customers) if who == "c1"}
    assert {found.bundle.products.id(entry.product) for entry in ranked[-3:]} == had


def test_it_trains_a_shop_without_any_event() -> None:
    nothing = Interactions.of(customers=[], products=[], occurred_at=[], catalogue=[f"p{n}" for n in range(12)])
    found = selection.train(nothing, Baskets.none(), colours())
    assert found.metrics == {}
    assert found.cut is None
    assert len(found.bundle.recommend("personalised", customer="x", limit=5)) == 5


@pytest.mark.parametrize("name", ["magic", "trending"])
def test_it_refuses_algorithms_that_make_no_personal_list(name: str) -> None:
    interactions, baskets = shop(shoppers=2)
    with pytest.raises(ValueError, match=name):
        selection.train(interactions, baskets, None, algorithms=[name])


def test_it_can_be_stopped_by_the_progress_callback() -> None:
    class Stopped(Exception):
        pass

    def stop(step: str, share: float) -> None:
        if step.startswith("evaluate"):
            raise Stopped

    interactions, baskets = shop(shoppers=6)
    with pytest.raises(Stopped):
        selection.train(interactions, baskets, None, algorithms=["neighbours"], progress=stop)


def test_it_survives_the_way_through_arrays() -> None:
    interactions, baskets = shop()
    bundle = selection.train(interactions, baskets, colours(), algorithms=["als"]).bundle
    again = Bundle.from_arrays(bundle.arrays(), bundle.manifest())
    for kind in ("personalised", "similar", "bought_together", "trending", "popular"):
        ask = {"customer": "c3", "product": "p04", "limit": 6, "now": bundle.until}
        assert again.recommend(kind, **ask) == bundle.recommend(kind, **ask)
