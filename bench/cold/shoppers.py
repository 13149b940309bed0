"""New shoppers: what the next list hits after 1, 2 and 3 products of somebody's first order."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.cold.shops import CART, DECAY, K, ndcg
from bench.retail import Retail
from recommendations.evaluation import selection, split

SECONDS = 60.0
AFTER = (0, 1, 2, 3)


def run(data: Retail, *, seed: int) -> list[dict[str, Any]]:
    """One row per number of products put into the cart; the rest of the order is what is wanted."""
    interactions, baskets, features = data.dataset(sorted(set(data.product.tolist())))
    cut = split.by_time(interactions)
    known = data.take(data.moment < cut.cut)
    result = selection.train(*known.dataset(sorted(set(data.product.tolist()))), seconds=SECONDS, seed=seed)
    bundle = result.bundle
    best = [bundle.products.id(int(item)) for item in bundle.popular("popularity").first(K)[0]]
    random = np.random.default_rng(seed)
    rows = []
    firsts = _first_orders(data, cut.cut, random)
    for after in AFTER:
        ours, theirs = [], []
        for products, moment in firsts:
            cart = products[:after][::-1]
            recent = [(name, CART * DECAY**at) for at, name in enumerate(cart)]
            ranked = bundle.recommend("personalised", limit=K, recent=recent, now=moment)
            wanted = set(products[max(AFTER):])
            ours.append(ndcg([bundle.products.id(entry.product) for entry in ranked], wanted))
            theirs.append(ndcg(best, wanted))
        gained = np.array(ours) - np.array(theirs)
        rows.append({"events": after, "shoppers": len(ours), "served": round(float(np.mean(ours)), 4),
                     "popular": round(float(np.mean(theirs)), 4),
                     "error": round(float(gained.std(ddof=1) / len(gained) ** 0.5), 4), "rung": result.rung})
    return rows


def _first_orders(data: Retail, cut: int, random: np.random.Generator) -> list[tuple[list[str], int]]:
    """Products, in a drawn order, and moment of the first order of each customer who came after the cut."""
    customer = data.customer.astype(str)
    early = set(customer[data.moment < cut].tolist())
    late = data.take((data.moment >= cut) & (customer != "") & ~np.isin(customer, list(early)))
    first: dict[str, str] = {}
    lines: dict[str, list[int]] = {}
    for row, (who, order) in enumerate(zip(late.customer.tolist(), late.order.tolist(), strict=True)):
        first.setdefault(who, order)
        lines.setdefault(order, []).append(row)
    found = []
    for order in first.values():
        products = sorted(set(late.product[lines[order]].tolist()))
        if len(products) > max(AFTER):
            mixed = [products[at] for at in random.permutation(len(products))]
            found.append((mixed, int(late.moment[lines[order][0]])))
    return found
