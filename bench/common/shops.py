"""Shops cut from Online Retail by country: what each knows at a cut, what is asked of it, what others say by then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from bench.cold.shops import CART, DECAY
from bench.retail import Retail
from recommendations.algorithms import little, shares
from recommendations.algorithms.bundle import Bundle
from recommendations.algorithms.common import Common
from recommendations.algorithms.data import Baskets, Interactions
from recommendations.algorithms.features import ProductFeatures
from recommendations.algorithms.tokens import Tokens
from recommendations.algorithms.voices import Agreed, Voice
from recommendations.algorithms.votes import BASKETS

KEY = b"a key of the bench alone"
NOT_ONE_SHOP = {"Unspecified", "European Community"}
LEAST_ORDERS = 25  # a smaller one votes, and is not asked
ASKED, LEAST_ASKED = 40, 12
OWN, OTHERS = 1.0, 0.1  # as modelregistry.isolation weighs them


def countries(data: Retail) -> dict[str, Retail]:
    country = data.country.astype(str)
    return {name: data.take(country == name) for name in sorted(set(country.tolist()) - NOT_ONE_SHOP)}


def halves(shops: dict[str, Retail]) -> tuple[list[str], list[str]]:
    """(to choose on, to report): countries by number of orders, dealt in turn; the United Kingdom only votes."""
    sizes = {name: len(shop.orders()) for name, shop in shops.items()}
    ranked = sorted((name for name in sizes if LEAST_ORDERS <= sizes[name] < 5_000), key=lambda name: -sizes[name])
    return ranked[0::2], ranked[1::2]


@dataclass(frozen=True)
class Cut:
    """One shop at one moment: it has so many orders, and these come next."""

    country: str
    orders: int
    before: Retail
    after: Retail
    catalogue: list[str]

    @property
    def moment(self) -> int:
        return int(self.before.moment.max())

    def data(self) -> tuple[Interactions, Baskets, ProductFeatures]:
        return self.before.dataset(self.catalogue)

    def tokens(self, interactions: Interactions) -> Tokens:
        return tokens_of(self.before, list(interactions.products))


def cuts(name: str, shop: Retail, orders: int, *, most: int) -> Iterator[Cut]:
    """At most so many cuts, from the first possible to the last; before each the shop's last `orders` orders."""
    names = shop.orders()
    place = {order: number for number, order in enumerate(names)}
    number = np.fromiter(map(place.__getitem__, shop.order.tolist()), np.int64, len(shop))
    last = max(orders, len(names) - ASKED)
    if len(names) - orders < LEAST_ASKED:
        return
    catalogue = sorted(set(shop.product.tolist()))
    for end in sorted({int(round(at)) for at in np.linspace(orders, last, most)}):
        yield Cut(name, orders, shop.take((number >= end - orders) & (number < end)),
                  shop.take((number >= end) & (number < end + ASKED)), catalogue)


def tokens_of(shop: Retail, products: list[str]) -> Tokens:
    return Tokens.of(key=KEY, titles=[shop.titles.get(name, "") for name in products],
                     prices=[shop.prices.get(name) for name in products], n_products=len(products))


def month_of(moment: int) -> int:
    """The first moment of its month: the table that a training finds may be some weeks old."""
    day = datetime.fromtimestamp(moment, UTC)
    return int(datetime(day.year, day.month, 1, tzinfo=UTC).timestamp())


def vote(
    shop: Retail, moment: int, *, newest: int | None = 2 * BASKETS, before: Voice | None = None,
    arrived: Mapping[int, int] | None = None,
) -> Voice | None:
    """What a shop says at this moment, having said `before`; None where it has sold nothing yet. Of a large one's
    orders the `newest` are read, of which no more are looked at. `arrived` as for `visits`."""
    known = shop.take(shop.moment <= moment)
    if not len(known):
        return None
    if newest is not None:
        known = known.take(np.isin(known.order.astype(str), known.orders()[-newest:]))
    interactions, _, _ = known.dataset([])
    tokens = tokens_of(known, list(interactions.products))
    return Voice.heard(interactions, tokens, before=before, arrived=arrived)


@contextmanager
def nights(count: int) -> Iterator[None]:
    """A word that is made meanwhile may change as much as in so many nights."""
    before = little.CHANGED, little.OF_ONE, shares.RISE
    little.CHANGED, little.OF_ONE, shares.RISE = before[0] * count, before[1] * count, before[2] ** count
    try:
        yield
    finally:
        little.CHANGED, little.OF_ONE, shares.RISE = before


def with_common(
    features: ProductFeatures, tokens: Tokens, voices: list[Voice], *, titles: bool = True
) -> ProductFeatures:
    """As `recommendations.common_table` hands it to a training: not at all where the others say too little.

    titles   without them: as if no other shop sold anything by the same title
    """
    agreed = Agreed.of(lambda: voices)
    common = Common(agreed.kinds, tokens, own=OWN, others=OTHERS, titles=agreed.titles if titles else None)
    return replace(features, common=common) if common.is_enough() else features


def alone(known: ProductFeatures) -> ProductFeatures:
    """The same parts are trained, and others have no weight in them."""
    return replace(known, common=replace(known.common, others=0.0)) if known.common is not None else known


def questions(cut: Cut, *, seed: int) -> list[tuple[str, list[tuple[str, float]], int, set[str]]]:
    """(customer, recent, moment, wanted): for each later order the list when the shopper comes, and the one with
    half of the order in the cart."""
    random = np.random.default_rng(seed)
    found: list[tuple[str, list[tuple[str, float]], int, set[str]]] = []
    past: dict[str, list[str]] = {}
    for order in cut.after.orders():
        rows = np.flatnonzero(cut.after.order == order)
        customer, moment = str(cut.after.customer[rows[0]]), int(cut.after.moment[rows[0]])
        products = list(dict.fromkeys(cut.after.product[rows].tolist()))
        acts = [(name, 1.0) for name in past.get(customer, [])[:50]]
        found.append((customer, acts, moment, set(products)))
        if len(products) >= 2:
            mixed = [products[at] for at in random.permutation(len(products))]
            cart = mixed[: len(mixed) // 2][:20]
            recent = [(name, CART * DECAY**at) for at, name in enumerate(cart)] + acts
            found.append((customer, recent, moment, set(mixed[len(mixed) // 2 :])))
        past[customer] = products + past.get(customer, [])
    return found


def answers(bundle: Bundle, asked: list[Any]) -> list[list[str]]:
    found = []
    for customer, recent, moment, _ in asked:
        ranked = bundle.recommend("personalised", limit=10, customer=customer or None, recent=recent, now=moment)
        found.append([bundle.products.id(entry.product) for entry in ranked])
    return found


def recall(listed: list[list[str]], asked: list[Any]) -> float:
    """Mean recall@10."""
    return float(np.mean([len(set(names) & wanted) / len(wanted)
                          for names, (_, _, _, wanted) in zip(listed, asked, strict=True)]))


