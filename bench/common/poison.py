"""How far the lists of shops move when another one's orders are flooded with fake ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from bench.common import shops
from bench.common.gain import SECONDS, Others
from bench.retail import Retail
from recommendations.evaluation import selection

TIMES = 20
ORDERS = 50
BURST_SECONDS = 7 * 86_400
PUSHED = 5  # products that every fake order holds two of, beside two that sell


def flooded(shop: Retail, moment: int, *, days: str, seed: int) -> Retail:
    """The shop with TIMES as many fake orders: "burst", all in its last week, or "spread", back-dated over its time."""
    known = shop.take(shop.moment <= moment)
    names, random = known.orders(), np.random.default_rng(seed)
    products = np.unique(known.product.astype(str))
    pushed = random.choice(products, PUSHED, replace=False)
    count = TIMES * len(names)
    first = int(known.moment.max()) - BURST_SECONDS if days == "burst" else int(known.moment.min())
    moments = np.sort(random.integers(first, int(known.moment.max()), count))
    lines = np.array([np.concatenate((random.choice(pushed, 2, replace=False), random.choice(products, 2)))
                      for _ in range(count)], object)
    size = 4 * count
    fake = replace(
        known, customer=np.repeat(np.array([f"fake-{number}" for number in range(count)], object), 4),
        product=lines.ravel(), order=np.repeat(np.array([f"fake-{number}" for number in range(count)], object), 4),
        moment=np.repeat(moments, 4), units=np.ones(size, np.float32), country=np.full(size, shop.country[0], object),
    )
    columns = ("customer", "product", "order", "moment", "units", "country")
    both = replace(known, **{name: np.concatenate((getattr(known, name), getattr(fake, name))) for name in columns})
    return both.take(np.argsort(both.moment, kind="stable"))


def run(countries: dict[str, Retail], names: list[str], attackers: list[str]) -> Iterator[dict[str, Any]]:
    """One row per attacker and kind of flood: the share of top-10 positions that hold another product, and of products
    that are no longer in the list. The hold of a flooded word (common_votes) is off: with it nothing moves at all."""
    others = Others(countries)
    for attacker in attackers:
        for days in ("burst", "spread"):
            moved, gone, lists = 0, 0, 0
            for name in names:
                if name == attacker:
                    continue
                for cut in list(shops.cuts(name, countries[name], ORDERS, most=2))[-1:]:
                    before, after = _lists(cut, others, attacker, days)
                    moved += sum(one != other for pair in zip(before, after, strict=True)
                                 for one, other in zip(*pair, strict=True))
                    gone += sum(len(set(one) - set(other)) for one, other in zip(before, after, strict=True))
                    lists += len(before)
            yield {"attacker": attacker, "flood": days, "lists": lists,
                   "positions_moved": round(moved / max(10 * lists, 1), 4),
                   "products_gone": round(gone / max(10 * lists, 1), 4)}


def _lists(cut: shops.Cut, others: Others, attacker: str, days: str) -> tuple[list[list[str]], list[list[str]]]:
    """Of the shop at this cut: before the flood, and after it."""
    interactions, baskets, features = cut.data()
    tokens, asked = cut.tokens(interactions), shops.questions(cut, seed=1)
    moment = shops.month_of(cut.moment)
    rest = [vote for name in others.countries if name not in (cut.country, attacker)
            if (vote := others.vote(name, moment)) is not None]
    honest = others.vote(attacker, moment)
    fake = shops.vote(flooded(others.countries[attacker], moment, days=days, seed=7), moment, newest=None,
                      before=honest)
    found = []
    for last in (honest, fake):
        votes = rest + ([last] if last is not None else [])
        trained = selection.train(interactions, baskets, shops.with_common(features, tokens, votes), seconds=SECONDS,
                                  seed=0)
        found.append(shops.answers(trained.bundle, asked))
    return found[0], found[1]
