"""Products that no list of a period showed, each with the first reason that holds."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from recommendations import reach
from recommendations.candidacy import Eligible
from recommendations.candidates import Shop
from recommendations.insights import Products
from tenants.models import Tenant

UNPUBLISHED, SOLD_OUT = "not published", "sold out"
ALONE = "no sales yet, and nothing in the model is like it"
NEW = "no sales yet; others are preferred"
BELOW = "others rank higher"


@dataclass(frozen=True, slots=True)
class Overlooked:
    """`units`: sold in the period. `is_for_sale`: a rule could bring it into lists."""

    product_id: str
    title: str
    reason: str
    units: int
    is_for_sale: bool


def of(tenant: Tenant, products: Products) -> list[Overlooked]:
    """What sold most in the period first: that is what a list misses most."""
    never = np.flatnonzero(products.listed == 0)
    never = never[np.argsort(-products.units[never], kind="stable")].tolist()
    shop, for_sale = reach.shop_of(tenant), products.for_sale
    excluded = _excluded(shop, [products.ids[at] for at in never])
    found = []
    for at in never:
        name = products.ids[at]
        if not products.is_published[at]:
            reason = UNPUBLISHED
        elif not products.in_stock[at]:
            reason = SOLD_OUT
        elif name in excluded:
            reason = f"excluded by the rule {excluded[name]}"
        elif products.ever[at]:
            reason = BELOW
        else:
            reason = NEW if _resembles(shop, name) else ALONE
        found.append(Overlooked(name, products.titles[at], reason, int(products.units[at]), bool(for_sale[at])))
    return found


def _excluded(shop: Shop, names: list[str]) -> dict[str, str]:
    """The rule that keeps each of these products out of every list: one for all placements and all shoppers."""
    items = shop.assortment.index(names)
    known = items[items >= 0]
    eligible = Eligible(shop.assortment)
    found: dict[str, str] = {}
    now = time.time()
    for rule in shop.control.rules:
        is_for_all = rule.action == "exclude" and not rule.placements and rule.segment is None
        if not is_for_all or not rule.starts <= now < rule.ends:
            continue
        hit = set(shop.assortment.index(rule.products).tolist()) if rule.products else set()
        if rule.where is not None and not (rule.where.uses_context or rule.where.uses_shopper) and len(known):
            hit |= set(known[eligible.holds(rule.where, known)].tolist())
        for name, item in zip(names, items.tolist(), strict=True):
            if item in hit and item >= 0:
                found.setdefault(name, rule.name)
    return found


def _resembles(shop: Shop, name: str) -> bool:
    """Whether the model's likeness by description leads from this product to any other."""
    bundle, item = shop.bundle, int(shop.assortment.index([name])[0])
    if bundle is None or item < 0:
        return False
    if item < len(bundle.products):
        return bool(len(bundle.parts["content"].similar(item)[0]))
    newcomers = shop.assortment.newcomers
    return newcomers is not None and bool(len(newcomers.seeds(np.array([item], np.int32))[0]))
