"""What could be reached at all: every order of every other country, by true products, with nothing held back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

from bench.common import shops
from bench.common.shops import KEY, OWN, Cut
from bench.retail import Retail
from recommendations.algorithms import shares
from recommendations.algorithms.base import Recommender
from recommendations.algorithms.blend import Blend, fit_part, key_of
from recommendations.algorithms.bundle import Bundle
from recommendations.algorithms.common import Common, visits
from recommendations.algorithms.data import Interactions
from recommendations.algorithms.features import ProductFeatures
from recommendations.algorithms.popularity import Popularity
from recommendations.algorithms.tokens import Tokens
from recommendations.algorithms.votes import Table
from recommendations.evaluation import budget, habits

# What a visit elsewhere counts beside an own one, what the part weighs in the blend, and what sells elsewhere in it.
# The best of these on the very lists that are asked is the bound.
ROWS, WEIGHTS, SELLS = (0.02, 0.1, 0.3, 1.0), (1.0, 2.0, 4.0, 8.0), (0.0, 0.02, 0.05, 0.1)
Grid = dict[tuple[float, float, float], float]
SOLD = {"half_life_days": 30.5}  # another key than that of the own best sellers


def recalls(cut: Cut, countries: Mapping[str, Retail], bundle: Bundle) -> Grid:
    """Recall@10 of the cut by (rows, weight, sells), with all that was ordered elsewhere until its moment.

    bundle   of the own data, for all but the blend
    """
    interactions, _, features = cut.data()
    products = list(interactions.products)
    tokens = Tokens.of(key=KEY, titles=[f"product {name}" for name in products], n_products=len(products))
    others = [shop.take(shop.moment <= cut.moment) for name, shop in countries.items() if name != cut.country]
    table = pooled([shop for shop in others if len(shop)], products, tokens)
    parts = budget.usual(len(products), described=True, titles=True, again=habits.worth(interactions))
    sold = Popularity(**SOLD)
    sold.restore(_sold(others, products, cut.moment))
    asked, found = shops.questions(cut, seed=1), {}
    rest = {key_of(part["name"], part["params"]): fit_part(part["name"], part["params"], interactions, features, seed=0)
            for part in parts if part["name"] != budget.TITLES["name"]}
    for rows in ROWS:
        known = replace(features, common=Common(_nothing(), tokens, own=OWN, others=rows, titles=table))
        made = rest | _titles(interactions, known) | {key_of("popularity", SOLD): sold}
        for weight, sells in product(WEIGHTS, SELLS):
            blend = Blend(parts=list(_weighed(parts, weight, sells))).join(made, interactions, seed=0)
            answering = replace(bundle, parts=bundle.parts | {"blend": blend}, personal="blend")
            found[rows, weight, sells] = shops.recall(shops.answers(answering, asked), asked)
    return found


def _titles(interactions: Interactions, known: ProductFeatures) -> dict[str, Recommender]:
    name, params = budget.TITLES["name"], budget.TITLES["params"]
    return {key_of(name, params): fit_part(name, params, interactions, known, seed=0)}


def _weighed(parts: list[dict[str, Any]], weight: float, sells: float) -> Iterator[dict[str, Any]]:
    for part in parts:
        yield part | {"weight": weight} if part["name"] == budget.TITLES["name"] else part
    yield {"name": "popularity", "params": SOLD, "weight": sells, "power": 1.0}


def pooled(others: list[Retail], products: list[str], tokens: Tokens) -> Table:
    """How often each pair was bought together elsewhere, in units of `shares.VISITS`; nobody is left out."""
    place = {int(name): number for number, name in enumerate(tokens.whole().names)}
    own = {name: place[int(tokens.titles[number])] for number, name in enumerate(products)}
    size = len(own)
    total = np.zeros((size, size))
    for shop in others:
        rows, _, _ = shop.dataset([])
        baskets = visits(rows)
        here = [(at, own[name]) for at, name in enumerate(rows.products) if name in own]
        if here and baskets.shape[0]:
            columns, places = np.array(here).T
            total[np.ix_(places, places)] += shares.weighted(baskets)[columns][:, columns].toarray()
    first, second = np.nonzero(np.triu(total))
    zeros = np.zeros(len(first), np.uint16)
    counts = np.full(len(first), len(others), np.int32)
    return Table(tokens.whole().names, first.astype(np.int32), second.astype(np.int32),
                 (total[first, second] / shares.VISITS).astype(np.float32), counts, counts, zeros, zeros, len(others))


def _sold(others: list[Retail], products: list[str], moment: int) -> dict[str, np.ndarray]:
    """Lines sold elsewhere, halved every 30 days of age, the best of them 1."""
    place = {name: number for number, name in enumerate(products)}
    scores = np.zeros(len(products))
    for shop in others:
        at = np.fromiter((place.get(name, -1) for name in shop.product.tolist()), np.int64, len(shop))
        worth = np.exp2(-(moment - shop.moment[at >= 0]) / 86_400 / 30)
        scores += np.bincount(at[at >= 0], worth, minlength=len(products))
    scores = (scores / max(scores.max(), 1e-9)).astype(np.float32)
    return {"scores": scores, "order": np.argsort(-scores, kind="stable").astype(np.int32)}


def _nothing() -> Table:
    none = np.empty(0, np.int32)
    empty = np.empty(0, np.uint8)
    return Table(np.empty(0, np.uint64), none, none, np.empty(0, np.float32), none, none, empty, empty, 0)
