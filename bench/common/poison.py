"""How far the lists of shops move when another one's orders are flooded with fake ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from bench.common import shops
from bench.common.gain import SECONDS, Others
from bench.retail import Retail
from recommendations.algorithms.voices import Voice
from recommendations.evaluation import selection

TIMES = 20
ORDERS = 50
BURST_SECONDS = 7 * 86_400
NIGHTS = 10  # in which the word is made anew from the flooded orders
KINDS = ("burst", "dated back", "in its time", "left")
PUSHED = 5  # products that every fake order holds two of, beside two that sell


def flooded(shop: Retail, moment: int, *, days: str, seed: int) -> Retail:
    """The shop with TIMES as many fake orders: "burst", all in its last week; otherwise over its whole time."""
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


def run(
    countries: dict[str, Retail], names: list[str], attackers: list[str], *, titles: bool = True
) -> Iterator[dict[str, Any]]:
    """One row per attacker and kind of flood: the share of top-10 positions that hold another product, and of products
    that are no longer in the list. The hold of a flooded word (common_votes) is off: with it nothing moves at all.

    dated back     every fake order comes in at the end, whatever its date
    in its time    every fake order came in on its day: the shop was flooded all its life, and nobody saw it
    left           no flood: the shop takes no part any more, to compare with
    titles         False: as if no other shop sold anything by the same title
    """
    others = Others(countries, grown=False)
    found = {name: list(shops.cuts(name, countries[name], ORDERS, most=2)) for name in names}
    cuts = {name: those[-1] for name, those in found.items() if those}
    before = {name: _lists(cut, others.votes(without=name, moment=cut.moment), titles)
              for name, cut in cuts.items()}
    voice = cache(lambda attacker, moment, days: _flooded_voice(others, attacker, moment, days))
    for attacker in attackers:
        for days in KINDS:
            moved, gone, lists, same = 0, 0, 0, 0
            for name, cut in cuts.items():
                if name == attacker:
                    continue
                honest, fake = voice(attacker, shops.month_of(cut.moment), days)
                after = before[name]
                if _equal(honest, fake):
                    same += 1
                else:
                    votes = others.votes(without=name, moment=cut.moment)
                    changed = (fake if vote is honest else vote for vote in votes)
                    after = _lists(cut, [vote for vote in changed if vote is not None], titles)
                moved += sum(one != other for pair in zip(before[name], after, strict=True)
                             for one, other in zip(*pair, strict=True))
                gone += sum(len(set(one) - set(other)) for one, other in zip(before[name], after, strict=True))
                lists += len(after)
            yield {
                "attacker": attacker, "flood": days, "titles": titles, "lists": lists,
                "shops": len(cuts) - (attacker in cuts), "word_stays_for": same,
                "positions_moved": round(moved / max(10 * lists, 1), 4),
                "products_gone": round(gone / max(10 * lists, 1), 4),
            }


def _flooded_voice(others: Others, attacker: str, moment: int, days: str) -> tuple[Voice | None, Voice | None]:
    """(what the shop says, what it says once the flood has been read for NIGHTS)."""
    honest = others.vote(attacker, moment)
    if days == "left":
        return honest, None
    flood = flooded(others.countries[attacker], moment, days=days, seed=7)
    fake = flood.take(np.char.startswith(flood.order.astype(str), "fake-"))
    arrived = dict.fromkeys(fake.moment.tolist(), moment) if days == "dated back" else None
    voice = honest
    for _ in range(NIGHTS):
        last, voice = voice, shops.vote(flood, moment, newest=None, before=voice, arrived=arrived)
        if _equal(last, voice):
            break
    return honest, voice


def _equal(one: Voice | None, other: Voice | None) -> bool:
    if one is None or other is None:
        return one is other
    arrays = other.arrays()
    return all(np.array_equal(array, arrays[name]) for name, array in one.arrays().items() if "baskets" not in name)


def _lists(cut: shops.Cut, voices: list[Voice], titles: bool) -> list[list[str]]:
    """What the shop at this cut serves, with these voices of the others."""
    interactions, baskets, features = cut.data()
    known = shops.with_common(features, cut.tokens(interactions), voices, titles=titles)
    trained = selection.train(interactions, baskets, known, seconds=SECONDS, seed=0)
    return shops.answers(trained.bundle, shops.questions(cut, seed=1))
