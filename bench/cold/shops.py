"""New shops: some customers' year cut after so many orders, and the orders that came next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from bench.retail import Retail
from recommendations.algorithms.bundle import Bundle
from recommendations.algorithms.popularity import Popularity
from recommendations.evaluation import metrics, selection

SIZES = (5, 10, 20, 50, 200, 1_000)
# As the product: below it best sellers are served.
WARM = 10
TESTED = 200
K = 10
# What an act in a visit is worth, newest first; as `recommendations.history.weigh` has it for carts.
CART, DECAY = 0.8, 0.9
# The free plan's.
SECONDS = 20.0


Draw = Callable[[int, np.random.Generator], Retail]


def run(
    draw: Draw, *, draws: int, seed: int, kind: str = "bought again", sizes: Sequence[int] = SIZES
) -> Iterator[dict[str, Any]]:
    """One row per size: means over the shops drawn, and the paired difference with its error.

    draw   a shop of at least so many orders
    """
    for size in sizes:
        found = [one(draw, size, np.random.default_rng([seed, size, number])) for number in range(_draws(size, draws))]
        ours, best = (np.array([row[name] for row in found]) for name in ("served", "popular"))
        error = float((ours - best).std(ddof=1) / len(found) ** 0.5) if len(found) > 1 else 0.0
        rungs = [row["rung"] for row in found]
        yield {
            "kind": kind, "orders": size, "shops": len(found), "served": round(float(ours.mean()), 4),
            "popular": round(float(best.mean()), 4), "gain": round(float((ours - best).mean()), 4),
            "error": round(error, 4), "worse": int((ours < best - 1e-9).sum()),
            "rungs": {rung: rungs.count(rung) for rung in sorted(set(rungs))},
            "lists": sum(row["lists"] for row in found),
            "cpu_s": round(float(np.mean([row["cpu_s"] for row in found])), 2),
        }


def _draws(size: int, draws: int) -> int:
    return draws if size <= 200 else max(3, draws // 4)


def one(draw: Draw, size: int, random: np.random.Generator) -> dict[str, Any]:
    """One shop of `size` orders: NDCG@10 of what it serves and of its best sellers, on what came next."""
    shop = draw(size + TESTED, random)
    orders = shop.orders()
    known, asked = orders[:size], orders[size : size + TESTED]
    place = {order: number for number, order in enumerate(orders)}
    number = np.fromiter(map(place.__getitem__, shop.order.tolist()), np.int64, len(shop))
    before, after = shop.take(number < size), shop.take((number >= size) & (number < size + len(asked)))
    catalogue = sorted(set(shop.product.tolist()))
    interactions, baskets, features = before.dataset(catalogue)
    best = Popularity().fit(interactions, None, seed=0)
    listed = [interactions.products.id(int(item)) for item in best.first(K)[0]]
    rung, cpu, bundle = "popular", 0.0, None
    if len(known) >= WARM:
        result = selection.train(interactions, baskets, features, seconds=SECONDS, seed=0)
        rung, cpu, bundle = result.rung, result.cpu_s, result.bundle
    ours, theirs = [], []
    for ranked, wanted in _lists(after, bundle, listed, random):
        ours.append(ndcg(ranked, wanted))
        theirs.append(ndcg(listed, wanted))
    return {"served": float(np.mean(ours)), "popular": float(np.mean(theirs)), "rung": rung,
            "lists": len(ours), "cpu_s": cpu}


def customers_of(data: Retail) -> Draw:
    """A drawer of shops: the lines of customers drawn until they have so many orders among them; no guests."""
    names, first = np.unique(data.customer.astype(str), return_inverse=True)
    pairs = np.unique(np.stack((first, np.unique(data.order.astype(str), return_inverse=True)[1])), axis=1)
    counts = np.bincount(pairs[0], minlength=len(names))
    counts[names == ""] = 0

    def draw(orders: int, random: np.random.Generator) -> Retail:
        drawn = random.permutation(len(names))
        drawn = drawn[counts[drawn] > 0]
        enough = int(np.searchsorted(np.cumsum(counts[drawn]), orders)) + 1
        return data.take(np.isin(first, drawn[:enough]))

    return draw


def _lists(
    after: Retail, bundle: Bundle | None, listed: list[str], random: np.random.Generator
) -> list[tuple[list[str], set[str]]]:
    """For each later order: the list when the shopper comes, and the one with half the order in the cart."""
    found: list[tuple[list[str], set[str]]] = []
    past: dict[str, list[str]] = {}
    for order in after.orders():
        rows = np.flatnonzero(after.order == order)
        customer, moment = str(after.customer[rows[0]]), int(after.moment[rows[0]])
        products = list(dict.fromkeys(after.product[rows].tolist()))
        acts = [(name, 1.0) for name in past.get(customer, [])[:50]]
        found.append((_answer(bundle, listed, customer, acts, moment), set(products)))
        if len(products) >= 2:
            mixed = [products[at] for at in random.permutation(len(products))]
            cart = mixed[: len(mixed) // 2][:20]
            recent = [(name, CART * DECAY**at) for at, name in enumerate(cart)] + acts
            found.append((_answer(bundle, listed, customer, recent, moment), set(mixed[len(mixed) // 2 :])))
        past[customer] = products + past.get(customer, [])
    return found


def _answer(
    bundle: Bundle | None, listed: list[str], customer: str, recent: list[tuple[str, float]], moment: int
) -> list[str]:
    if bundle is None:
        return listed
    ranked = bundle.recommend("personalised", limit=K, customer=customer, recent=recent, now=moment)
    return [bundle.products.id(entry.product) for entry in ranked]


def ndcg(ranked: list[str], wanted: set[str]) -> float:
    numbers = {name: at for at, name in enumerate({*ranked, *wanted})}
    return metrics.ndcg(np.array([numbers[name] for name in ranked]),
                        np.array([numbers[name] for name in wanted]), K)
