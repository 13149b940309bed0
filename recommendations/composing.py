"""A list from its candidates to its final order: who may be in it, and the steps of the plan."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from modelregistry.routing import CHAMPION, Route
from recommendations import candidacy, ranking, sources
from recommendations.candidacy import Eligible
from recommendations.candidates import Shop
from recommendations.control import POOL, LiveRule, Plan
from recommendations.queries import BESIDE, OF_SHOPPER, Query
from recommendations.ranking import Pool, Trace
from recommendations.sources import LISTED, Act, Asked, in_cart

BOUGHT = "bought before"


@dataclass(slots=True)
class Composed:
    """The list and what it came from. `sources` are the names that `pool.sources` number."""

    pool: Pool
    sources: list[str]
    candidates: Pool
    marks: dict[int, list[str]] = field(default_factory=dict)
    dropped: dict[int, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    is_short: bool = False


@dataclass(slots=True)
class Served:
    """One list before it is put into words: what was asked, by which plan, and what was found."""

    asked: Asked
    composed: Composed
    reason: str | None
    route: Route = CHAMPION

    @property
    def query(self) -> Query:
        return self.asked.query

    @property
    def plan(self) -> Plan:
        return self.asked.plan

    @property
    def acts(self) -> Sequence[Act]:
        return self.asked.acts

    @property
    def shop(self) -> Shop:
        return self.asked.shop

    @property
    def shopper(self) -> Any:
        return self.asked.shopper

    @property
    def strategy(self) -> str:
        return "model" if self.asked.has_model and not self.plan.is_held_out else "popular"

    @property
    def moment(self) -> float:
        """When it counts as asked, epoch seconds."""
        return self.asked.moment

    @property
    def trace(self) -> Trace | None:
        return self.asked.trace

    @property
    def version(self) -> int:
        """0 where no model made the list: it must not count for one."""
        return self.shop.version if self.strategy == "model" else 0


def nothing() -> Composed:
    """No list at all: a placement that is switched off."""
    pool = Pool(np.empty(0, np.int32), np.empty(0, np.float32), np.empty(0, np.uint8))
    return Composed(pool, [], pool)


def compose(asked: Asked) -> Composed:
    shop, plan, query = asked.shop, asked.plan, asked.query
    assortment = shop.assortment
    named = assortment.index([*query.products, *query.exclude, *query.candidates])
    asked_of = (*query.products, *query.exclude, *query.candidates)
    missing = tuple(dict.fromkeys(name for name, at in zip(asked_of, named, strict=True) if at < 0))
    seeds = named[: len(query.products)]
    eligible = Eligible(
        assortment, wheres=plan.wheres, excluding=plan.ruled("exclude"), context=asked.context,
        shopper=asked.shopper, tells=asked.trace is not None,
    )
    _ban(asked, eligible, seeds, named[len(seeds) : len(seeds) + len(query.exclude)])
    reorders = plan.reorders or plan.kind == "look" or assortment.has_groups
    want = max(POOL, 2 * plan.limit) if reorders else plan.limit
    only = named[len(seeds) + len(query.exclude) :] if query.candidates else None
    pool, names = sources.collect(asked, eligible, seeds, want, only)
    if not len(pool.items) and eligible.lift(BOUGHT):  # everything was bought already: better again than nothing
        pool, names = sources.collect(asked, eligible, seeds, want, only)
    composed = Composed(pool, names, pool, missing=missing, dropped=eligible.dropped or {})
    if reorders:
        composed.pool = _arrange(asked, eligible, pool, composed)
    elif plan.min_relevance:
        composed.pool = ranking.relevant(pool, plan.min_relevance, trace=asked.trace)
    composed.pool = composed.pool.take(slice(0, plan.limit))
    composed.is_short = len(composed.pool.items) < plan.limit
    return composed


def _ban(asked: Asked, eligible: Eligible, seeds: np.ndarray, excluded: np.ndarray) -> None:
    """What may not be in this list whatever its score."""
    index = asked.shop.assortment.index
    eligible.ban(asked.taken, "in another list of this call")
    eligible.ban(excluded.tolist(), "excluded by the request")
    if asked.plan.kind in BESIDE or asked.query.products:
        eligible.ban(seeds.tolist(), "the product that the list is about")
    for rule in asked.plan.ruled("exclude"):
        if rule.products:
            eligible.ban(index(rule.products).tolist(), f"rule: {rule.name}")
    hidden = {product for product, kind, _ in asked.acts if kind == "hide"}
    if hidden:
        eligible.ban(index(sorted(hidden)).tolist(), "hidden by the shopper")
    if asked.plan.kind not in OF_SHOPPER:
        cart = in_cart(asked.acts)
        if cart:
            eligible.ban(index(sorted(cart)).tolist(), "in the cart")
    if asked.plan.kind != "buy_again":
        _ban_bought(asked, eligible)


def _ban_bought(asked: Asked, eligible: Eligible) -> None:
    """By the placement's switch; best sellers for everybody never repeat what somebody bought (R20)."""
    plan, shop = asked.plan, asked.shop
    policy = plan.bought
    if not asked.has_model and policy == "show":
        policy = "hide"
    if policy == "show":
        return
    names = [product for product, kind, _ in asked.acts if kind == "purchase"]
    items = set(shop.assortment.index(names).tolist()) if names else set()
    if shop.bundle is not None and asked.query.customer:
        known = shop.bundle.customers.find(asked.query.customer)
        items |= set(shop.bundle.bought.by(known).tolist())
    if policy == "again" and items and shop.control.bought_again:
        facts = (candidacy.Facts(shop.assortment, item) for item in items if item >= 0)
        items = {
            each.item for each in facts
            if not {name.casefold() for name in each["categories"]} & shop.control.bought_again
        }
    eligible.ban(items, BOUGHT)


def _arrange(asked: Asked, eligible: Eligible, pool: Pool, composed: Composed) -> Pool:
    """The steps of the plan, in this order: variants, relevance, boosts, novelty, look, rotation, MMR, caps, pins."""
    plan, assortment, trace = asked.plan, asked.shop.assortment, asked.trace
    if assortment.has_groups:
        pool = ranking.collapse(pool, assortment.groups[pool.items], trace=trace)
    if plan.min_relevance:
        pool = ranking.relevant(pool, plan.min_relevance, trace=trace)
    factors = _factors(asked, eligible, pool, composed)
    if factors is not None:
        pool = ranking.boost(pool, factors, trace=trace)
    if plan.novelty:
        pool = ranking.novel(pool, assortment.popularity[pool.items], plan.novelty, trace=trace)
    if plan.kind == "look":
        seeds = assortment.index(list(asked.query.products))
        categories = assortment.words("categories")
        pool = ranking.complete(seeds, pool, categories, assortment.traits, plan.limit, trace=trace)
    if plan.rotation:
        pool = ranking.rotate(pool, plan.rotation, _seed(asked), trace=trace)
    if plan.diversity:
        pool = ranking.diversify(pool, plan.limit, plan.diversity, assortment.features(pool.items), trace=trace)
    if plan.most_of_category:
        words = assortment.words("categories")
        pool = ranking.cap(pool, words, plan.most_of_category, plan.limit, why="category", trace=trace)
    if plan.most_of_brand:
        pool = ranking.cap(pool, assortment.text("brand"), plan.most_of_brand, plan.limit, why="brand", trace=trace)
    pins = _pins(asked, eligible, composed)
    if pins:
        pool = ranking.pin(pool, pins, source=_numbered(composed.sources, "rule"), trace=trace)
    return pool


def _numbered(sources: list[str], name: str) -> int:
    if name not in sources:
        sources.append(name)
    return sources.index(name)


def _factors(asked: Asked, eligible: Eligible, pool: Pool, composed: Composed) -> np.ndarray | None:
    """What each candidate's score is multiplied by, from boosts of the request and rules."""
    rules = [*asked.plan.ruled("boost"), *asked.plan.ruled("bury")]
    if not rules and not asked.plan.boosts:
        return None
    factors = np.ones(len(pool.items), np.float32)
    for boost in asked.plan.boosts:
        hit = eligible.holds(boost.where, pool.items)
        factors[hit] *= np.float32(boost.factor)
        _mark(composed, pool.items[hit], "boost of the request")
    for rule in rules:
        hit = _hit(rule, asked, eligible, pool.items)
        factors[hit] *= np.float32(rule.factor)
        _mark(composed, pool.items[hit], rule.name)
    return factors


def _hit(rule: LiveRule, asked: Asked, eligible: Eligible, items: np.ndarray) -> np.ndarray:
    hit = np.isin(items, asked.shop.assortment.index(rule.products)) if rule.products else np.zeros(len(items), bool)
    return hit | eligible.holds(rule.where, items) if rule.where is not None else hit


def _mark(composed: Composed, items: np.ndarray, name: str) -> None:
    for item in items.tolist():
        composed.marks.setdefault(item, []).append(name)


def _pins(asked: Asked, eligible: Eligible, composed: Composed) -> list[tuple[int, int]]:
    """(product, place) of all pins that may be shown; an earlier rule keeps its place."""
    found: list[tuple[int, int]] = []
    eligible.lift(LISTED)
    for rule in asked.plan.ruled("pin"):
        items = asked.shop.assortment.index(rule.products)
        items = items[items >= 0]
        allowed = items[eligible(items)] if len(items) else items
        for place, item in enumerate(allowed.tolist()):
            found.append((item, rule.position + place))
            _mark(composed, np.array([item]), rule.name)
    return found


def _seed(asked: Asked) -> int:
    """The same for one shopper, placement and hour, in every process."""
    whose = asked.query.customer or asked.query.session
    text = f"{asked.shop.tenant_id}:{asked.query.placement}:{whose}:{int(asked.moment // 3600)}"
    return zlib.crc32(text.encode())
