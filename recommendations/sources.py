"""Where candidates come from: the model's stages with new products, reminders, best sellers, the newest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from recommendations import history
from recommendations.algorithms import topk
from recommendations.algorithms.base import Scores
from recommendations.algorithms.bundle import NO_SEEDS, Seeds
from recommendations.algorithms.history import History
from recommendations.algorithms.topk import Allowed
from recommendations.candidacy import Eligible
from recommendations.candidates import Shop
from recommendations.control import Plan
from recommendations.queries import BESIDE, OF_SHOPPER, Query
from recommendations.ranking import Pool, Trace

Act = tuple[str, str, int]  # product id, kind, epoch seconds of arrival
Best = Callable[..., tuple[np.ndarray, np.ndarray]]  # (limit, allowed=…) -> items and scores, best first
LISTED = "listed already"
# Kinds whose candidates a stage of another kind makes.
_STAGED = {"look": "bought_together"}


@dataclass(slots=True)
class Asked:
    """What one list is made from, gathered once.

    acts     what the shopper did lately, newest first
    popular  gives (product id, weighted units) of the shop's best sellers, best first
    taken    products that other lists of the same call show already
    moment   when it was asked, epoch seconds
    """

    shop: Shop
    query: Query
    plan: Plan
    acts: Sequence[Act]
    popular: Callable[[], Sequence[tuple[str, float]]]
    context: Any = None
    shopper: Any = None
    taken: Sequence[int] = ()
    trace: Trace | None = None
    moment: float = 0.0
    known: tuple[History, int] | None = None

    @property
    def past(self) -> tuple[History, int]:
        """The history that the model ranks from, and the customer's number in it; gathered once."""
        if self.known is None:
            bundle, since = self.shop.bundle, self.shop.read_at
            assert bundle is not None
            fresh = [act for act in self.acts if act[2] >= since]
            recent = history.weigh(fresh, now=self.moment)
            self.known = bundle.history_of(self.query.customer or None, recent, now=int(self.moment))
        return self.known

    @property
    def has_model(self) -> bool:
        return self.shop.bundle is not None and not self.shop.is_cold


def collect(
    asked: Asked, eligible: Eligible, seeds: np.ndarray, want: int, only: np.ndarray | None
) -> tuple[Pool, list[str]]:
    """The best candidates of each source until there are enough; a later source stands below an earlier one.

    only    products to be ranked instead of the whole catalogue
    """
    items: list[np.ndarray] = []
    scores: list[np.ndarray] = []
    codes: list[np.ndarray] = []
    names: list[str] = []
    count, floor = 0, 0.0
    for name, best in sources(asked, seeds, only):
        found, worth = best(want - count, allowed=eligible)
        if not len(found):
            continue
        if names:
            worth = _below(worth, floor)
        items.append(found)
        scores.append(worth)
        code = np.empty(len(found), np.uint8)
        code.fill(len(names))  # a fifth of the cost of np.full
        codes.append(code)
        names.append(name)
        count, floor = count + len(found), float(worth[-1])
        if count >= want:
            break
        eligible.ban(found.tolist(), LISTED)
    if not items:
        return Pool(np.empty(0, np.int32), np.empty(0, np.float32), np.empty(0, np.uint8)), names
    if len(items) == 1:
        return Pool(items[0], scores[0], codes[0]), names
    return Pool(np.concatenate(items), np.concatenate(scores), np.concatenate(codes)), names


def _below(worth: np.ndarray, floor: float) -> np.ndarray:
    """On a scale below what is there already: scales of different sources do not compare."""
    top = float(worth[0])
    share = worth / np.float32(top) if top > 0 else np.ones(len(worth), np.float32)
    return (share * np.float32(floor) if floor > 0 else np.float32(floor - 1) + share).astype(np.float32)


def sources(asked: Asked, seeds: np.ndarray, only: np.ndarray | None) -> Iterator[tuple[str, Best]]:
    """(name, best) in the order of trust: the model's, new products among them, then the fallback."""
    plan, shop = asked.plan, asked.shop
    if plan.kind in OF_SHOPPER:
        yield from _reminders(asked, only)
        return
    if asked.has_model and plan.kind not in ("popular", "newest"):
        for name, scores in _modelled(asked, seeds):
            yield name, _scored(scores, only)
        if plan.fallback == "none":
            return
    if plan.kind != "newest" and (plan.fallback != "newest" or plan.kind == "popular"):
        yield "popularity", _best_sellers(asked, only)
    yield "newest", partial(_in_order, shop.assortment.newest, None, only)


def _scored(scores: Scores, only: np.ndarray | None) -> Best:
    columns, values = scores
    if columns is None:
        if only is None:
            return partial(topk.best, *scores)
        known = np.unique(only[(only >= 0) & (only < len(values))])
        return partial(topk.best, known, values[known])
    # What the history speaks against, or says nothing of, is left to the sources below.
    chosen = values > 0 if only is None else (values > 0) & np.isin(columns, only)
    return partial(topk.best, columns[chosen], values[chosen])


def _best_sellers(asked: Asked, only: np.ndarray | None) -> Best:
    """By the model's own sales where there is a model, else by the shop's list of best sellers."""
    if asked.has_model:
        part = asked.shop.bundle.popular("popularity")  # type: ignore[union-attr]
        return partial(_in_order, part.order, part.scores, only)
    ranked = [(name, worth) for name, worth in asked.popular() if worth > 0]
    found = asked.shop.assortment.index([name for name, _ in ranked])
    units = np.array([worth for _, worth in ranked], np.float32)
    known = found >= 0
    return _scored((found[known], units[known]), only)


def _in_order(
    order: np.ndarray, scores: np.ndarray | None, only: np.ndarray | None, limit: int, *, allowed: Allowed
) -> tuple[np.ndarray, np.ndarray]:
    """The first of a fixed order that are allowed, looked at a few at a time; scores by product, or by place."""
    if only is not None:
        order = order[np.isin(order, only)]
    found: list[np.ndarray] = []
    missing, start, step = limit, 0, 4 * limit
    while missing > 0 and start < len(order):
        items = order[start : start + step]
        kept = items[allowed(items) if callable(allowed) else allowed[items]][:missing]
        found.append(kept)
        missing -= len(kept)
        start, step = start + step, step * 4
    items = np.concatenate(found) if found else order[:0]
    return items, _falling(len(items)) if scores is None else scores[items]


def _falling(count: int) -> np.ndarray:
    """Scores that only say the order."""
    return np.linspace(1, 0.5, max(count, 1), dtype=np.float32)[:count]


def _modelled(asked: Asked, seeds: np.ndarray) -> Iterator[tuple[str, Scores]]:
    shop, kind = asked.shop, asked.plan.kind
    bundle, newcomers = shop.bundle, shop.assortment.newcomers
    assert bundle is not None
    stages = bundle.stages(
        _STAGED.get(kind, kind),  # type: ignore[arg-type]
        past=asked.past if kind == "personalised" else None,
        seeds=_seeds(shop, seeds) if kind in BESIDE else NO_SEEDS,
        emphasis=asked.plan.weights,
    )
    for name, scores in stages:
        yield name, newcomers.join(scores) if newcomers is not None else scores


def _seeds(shop: Shop, named: np.ndarray) -> Seeds:
    """Products of the model; for one that it does not know yet, those that resemble it."""
    known = len(shop.bundle.products)  # type: ignore[union-attr]
    own = np.unique(named[(named >= 0) & (named < known)])
    weights = np.ones(len(own), np.float32)
    if shop.assortment.newcomers is not None and (named >= known).any():
        like, likeness = shop.assortment.newcomers.seeds(named[named >= known])
        return np.concatenate((own, like)), np.concatenate((weights, likeness))
    return own, weights


def _reminders(asked: Asked, only: np.ndarray | None) -> Iterator[tuple[str, Best]]:
    """What the shopper knows already: still in the cart, viewed lately, bought before."""
    kind, index = asked.plan.kind, asked.shop.assortment.index
    bought = [product for product, act, _ in asked.acts if act == "purchase"]
    if kind == "buy_again":
        yield kind, _scored(_again(asked, bought), only)
        return
    if kind == "pending_cart":
        cart = in_cart(asked.acts)
        names = [product for product, act, _ in asked.acts if act == "cart" and product in cart]
    else:
        gone = set(bought)
        names = [product for product, act, _ in asked.acts if act in {"view", "click"} and product not in gone]
    found = index(list(dict.fromkeys(names)))
    yield kind, partial(_in_order, found[found >= 0], None, only)


def _again(asked: Asked, bought: list[str]) -> Scores:
    """By what the model remembers of the customer's purchases, and how often and how lately they were made."""
    shop = asked.shop
    worth: dict[int, float] = {}
    if shop.bundle is not None and asked.query.customer:
        past, customer = shop.bundle.history_of(asked.query.customer)
        owned = set(shop.bundle.bought.by(customer).tolist())
        top = float(past.weights.max(initial=0.0)) or 1.0
        known = zip(past.items.tolist(), past.weights.tolist(), strict=True)
        worth = {item: weight / top for item, weight in known if item in owned}
    for place, item in enumerate(shop.assortment.index(bought).tolist()):
        if item >= 0:
            worth[item] = worth.get(item, 0.0) + 0.9**place
    return np.fromiter(worth, np.int32, len(worth)), np.fromiter(worth.values(), np.float32, len(worth))


def in_cart(acts: Sequence[Act]) -> set[str]:
    """Products put into the cart and neither taken out nor bought since."""
    latest: dict[str, str] = {}
    for product, kind, _ in acts:
        if kind in {"cart", "remove", "purchase"}:
            latest.setdefault(product, kind)
    return {product for product, kind in latest.items() if kind == "cart"}
