"""The cold start benchmark: its shops and its curve."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from bench.cold import curve, once, shops
from bench.retail import Retail

START = 1_700_000_000


def retail(customers: int = 60, orders: int = 8) -> Retail:
    """Everybody buys two of the own four products again and again; titles say whose they are."""
    random = np.random.default_rng(0)
    rows = sorted(
        (START + 86_400 * turn * 7 + who, f"c{who}", f"{who}-{turn}", f"p{4 * (who % 10) + int(item)}")
        for who in range(customers)
        for turn in range(orders)
        for item in random.choice(4, 2, replace=False)
    )
    moment, customer, order, product = (np.array(column, object) for column in zip(*rows, strict=True))
    names = [f"p{number}" for number in range(40)]
    return Retail(
        customer=customer,
        product=product,
        order=order,
        moment=moment.astype(np.int64),
        units=np.ones(len(rows), np.float32),
        country=np.full(len(rows), "x", object),
        titles={name: f"thing of kind {'abcdefghij'[int(name[1:]) // 4] * 4}" for name in names},
        prices=dict.fromkeys(names, 5.0),
    )


def test_it_asks_a_cold_shop_for_its_best_sellers_and_a_warm_one_for_more() -> None:
    data = shops.customers_of(retail())
    cold = shops.one(data, 5, np.random.default_rng(0))
    assert (cold["rung"], cold["served"]) == ("popular", cold["popular"])
    warm = shops.one(data, 150, np.random.default_rng(0))
    assert warm["rung"] != "popular"
    assert warm["served"] > warm["popular"]
    assert warm["served"] == shops.one(data, 150, np.random.default_rng(0))["served"]


def test_nothing_is_bought_again_in_first_purchases() -> None:
    data = retail()
    kept = once.first_purchases(data)
    pairs = list(zip(kept.customer.tolist(), kept.product.tolist(), strict=True))
    assert len(set(pairs)) == len(pairs) == len(set(zip(data.customer.tolist(), data.product.tolist(), strict=True)))


def test_a_shop_of_sequences_keeps_the_order_of_each_person(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    rows = [random.permutation(30)[: random.integers(2, 8)] for _ in range(80)]
    np.savez(tmp_path / "some.npz", indptr=np.cumsum([0, *map(len, rows)]), items=np.concatenate(rows), n_items=30)
    shop = once.sequences(tmp_path / "some.npz")(60, random)
    assert 60 <= len(shop.orders()) == len(shop) < 80
    assert (np.diff(shop.moment) >= 0).all()
    for number, row in enumerate(rows):
        own = shop.product[shop.customer == f"c{number}"].tolist()
        assert own in ([], [f"p{item}" for item in row])


def test_it_draws_both_lines_as_one_picture() -> None:
    rows = [
        {"orders": size, "served": 0.1 * place, "popular": 0.05, "error": 0.01}
        for place, size in enumerate((5, 10, 50), start=1)
    ]
    picture = ElementTree.fromstring(curve.svg(rows))
    texts = [node.text for node in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert {"5", "10", "50", "what is served", "best sellers"} <= set(texts)
