"""A trained artefact: several fitted algorithms, shoppers' histories, and one door to ask them."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, cast, get_args

import numpy as np

from recommendations.algorithms import history, registry, topk
from recommendations.algorithms.base import Recommender, Scores
from recommendations.algorithms.blend import Blend
from recommendations.algorithms.history import Bought, Histories, History
from recommendations.algorithms.ids import Arrays, IdMap
from recommendations.algorithms.popularity import Popularity

SCHEMA = 1
Kind = Literal["personalised", "similar", "bought_together", "trending", "popular"]
# Parts that every bundle has.
BASE = ("popularity", "trending", "neighbours", "bought_together", "content")
KINDS: tuple[str, ...] = get_args(Kind)
BESIDE = ("similar", "bought_together")  # kinds that go with a product
Recent = Sequence[tuple[str, float]]
Seeds = tuple[np.ndarray, np.ndarray]  # int32 products that a list is about, float32 weights
NO_SEEDS: Seeds = (np.empty(0, np.int32), np.empty(0, np.float32))


class Recommended(NamedTuple):
    product: int  # index in the bundle's products
    score: float  # falls from place to place, also where the source changes
    source: str  # the part that named it: "neighbours", "popularity", ...


class BundleDamaged(ValueError):
    """The arrays and the manifest do not make a bundle."""


@dataclass(frozen=True)
class Bundle:
    """Read-only after it is made; any number of threads may ask it at the same time.

    parts      by algorithm name; always popularity, trending, neighbours, bought_together, content
    personal   the part that makes the personal list
    histories  each known customer's weightiest products at `until`
    bought     all that each known customer has bought
    until      the moment it was trained for, seconds since 1970
    rung       how much the data bear: popular, content, co_occurrence or blend; "" if unsaid
    reason     why it stands on this rung, in words
    """

    products: IdMap
    customers: IdMap
    histories: Histories
    parts: dict[str, Recommender]
    personal: str
    bought: Bought
    rung: str = ""
    reason: str = ""

    @property
    def until(self) -> int:
        return self.histories.until

    def recommend(
        self,
        kind: Kind,
        *,
        limit: int,
        customer: str | None = None,
        product: str | Sequence[str] | None = None,
        recent: Recent = (),
        exclude: np.ndarray | None = None,
        allowed: np.ndarray | None = None,
        now: int | None = None,
    ) -> list[Recommended]:
        """The best `limit` products, fewer only where no more are allowed.

        recent    (product id, weight) of what the shopper did since `until`, newest first; weight
                  as in training, decayed by the caller if at all
        product   the product or products that the list is about; itself never in it
        exclude   bool mask over `products`, or indices: must not be listed
        allowed   bool mask over `products`: may be listed (in stock, published, ...)
        Ids that the bundle does not know say nothing and do no harm.
        """
        if kind not in KINDS:
            raise ValueError(f"no such kind of list: {kind}")
        seeds = self.seeds(product) if kind in BESIDE else NO_SEEDS
        usable = self._usable(allowed, exclude, seeds[0])
        found: list[Recommended] = []
        past = self.history_of(customer, recent, now=now) if kind == "personalised" else None
        for source, scores in self.stages(kind, past=past, seeds=seeds):
            _extend(found, source, *topk.best(*scores, limit - len(found), allowed=usable))
            if len(found) >= limit:
                return found
            usable = self._usable(usable, np.array([entry.product for entry in found], np.int32))
        bestsellers = self.popular("popularity").first(limit - len(found), allowed=usable)
        _extend(found, "popularity", *bestsellers)
        return found

    def history_of(
        self, customer: str | None, recent: Recent = (), *, now: int | None = None
    ) -> tuple[History, int]:
        """What a personal list is made from, and the customer's index (-1: not known)."""
        index = self.customers.find(customer) if customer is not None else -1
        past = self.histories.of_customer(index, now=int(time.time()) if now is None else now)
        if not recent:
            return past, index
        newest = self.products.index([product for product, _ in recent])
        return history.joined(past, newest, np.array([w for _, w in recent], np.float32)), index

    def without(self, customers: Sequence[str]) -> Bundle | None:
        """The bundle in which these customers have no name and no history; None if it knows none of them."""
        gone = {int(index) for index in self.customers.index(list(customers)) if index >= 0}
        if not gone:
            return None
        counts = np.diff(self.histories.indptr)
        kept = ~np.isin(np.repeat(np.arange(len(counts)), counts), list(gone))
        counts[list(gone)] = 0
        names = [f"erased:{secrets.token_hex(12)}" if number in gone else name
                 for number, name in enumerate(self.customers)]
        past = Histories(np.concatenate(([0], np.cumsum(counts))).astype(np.int64), self.histories.items[kept],
                         self.histories.weights[kept], self.until)
        bought = self.bought.without(np.array(sorted(gone)))
        return replace(self, customers=IdMap.of(names), histories=past, bought=bought)

    def arrays(self) -> Arrays:
        """Everything but the manifest; names of [a-z0-9_-]."""
        found = self.products.arrays("products") | self.customers.arrays("customers")
        found |= {f"histories-{name}": array for name, array in self.histories.arrays().items()}
        found |= {f"bought-{name}": array for name, array in self.bought.arrays().items()}
        for name, part in self.parts.items():
            found |= {f"{name}-{key}": array for key, array in part.arrays().items()}
        return found

    def manifest(self) -> dict[str, Any]:
        """Plain JSON values; with `arrays()` all there is to know."""
        return {
            "schema": SCHEMA,
            "personal": self.personal,
            "until": self.until,
            "rung": self.rung,
            "reason": self.reason,
            "parts": {name: part.params for name, part in sorted(self.parts.items())},
            "counts": {"products": len(self.products), "customers": len(self.customers),
                       "remembered": len(self.histories.items)},
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays, manifest: dict[str, Any]) -> Bundle:
        if manifest.get("schema") != SCHEMA:
            raise BundleDamaged(f"schema {manifest.get('schema')} is not known here")
        try:
            past, bought = _named(arrays, "histories"), _named(arrays, "bought")
            bundle = cls(
                products=IdMap.from_arrays(arrays, "products"),
                customers=IdMap.from_arrays(arrays, "customers"),
                histories=Histories(**past, until=manifest["until"]),
                parts={name: registry.find(name).from_arrays(_named(arrays, name), params)
                       for name, params in manifest["parts"].items()},
                personal=manifest["personal"],
                bought=Bought(**bought) if bought else Bought.nothing(len(past["indptr"]) - 1),
                rung=str(manifest.get("rung", "")),
                reason=str(manifest.get("reason", "")),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BundleDamaged(f"something is missing: {error}") from error
        missing = {*BASE, bundle.personal} - set(bundle.parts)
        if missing or len(bundle.popular("popularity").scores) != len(bundle.products):
            raise BundleDamaged(f"parts are missing or of another catalogue: {sorted(missing)}")
        return bundle

    def stages(
        self, kind: Kind, *, past: tuple[History, int] | None = None, seeds: Seeds = NO_SEEDS,
        emphasis: Mapping[str, float] | None = None,
    ) -> Iterator[tuple[str, Scores]]:
        """(source, scores) in the order they are asked, each only if those before left places empty.

        past        of `history_of`, for a personal list
        emphasis    multipliers for parts of a blend, by their name
        """
        if kind == "personalised":
            part = self.parts[self.personal]
            if part.personal and past is not None:
                (items, weights), index = past
                if emphasis and isinstance(part, Blend):
                    yield part.name, part.score_history(items, weights, index, emphasis)
                else:
                    yield part.name, part.score_history(items, weights, index)
                if len(items):
                    yield "content", self.parts["content"].score_history(items, weights)
        elif kind == "trending":
            rising, scores = self.popular("trending").order, self.popular("trending").scores
            rising = rising[: int(np.count_nonzero(scores > 0))]
            yield "trending", (rising, scores[rising])
        elif len(seeds[0]):
            first = [] if kind == "similar" else ["bought_together"]
            for name in (*first, "neighbours", "content"):
                yield name, self.parts[name].score_history(*seeds)

    def seeds(self, product: str | Sequence[str] | None) -> Seeds:
        """The known ones of these products, each with the weight 1."""
        names = [product] if isinstance(product, str) else list(product or ())
        indices = np.unique(self.products.index(names))
        indices = indices[indices >= 0]
        return indices, np.ones(len(indices), np.float32)

    def _usable(
        self, allowed: np.ndarray | None, *exclusions: np.ndarray | None
    ) -> np.ndarray | None:
        banned = [some for some in exclusions if some is not None and len(some)]
        if not banned:
            return allowed
        usable = np.ones(len(self.products), np.bool_) if allowed is None else allowed.copy()
        for some in banned:
            if some.dtype == np.bool_:
                usable &= ~some
            else:
                usable[some[some >= 0]] = False
        return usable

    def popular(self, name: str) -> Popularity:
        return cast(Popularity, self.parts[name])


def _named(arrays: Arrays, prefix: str) -> Arrays:
    start = f"{prefix}-"
    return {name.removeprefix(start): array for name, array in arrays.items()
            if name.startswith(start)}


def _extend(
    found: list[Recommended], source: str, items: np.ndarray, scores: np.ndarray
) -> None:
    """Append, on a scale below what is there already: scales of different parts do not compare."""
    if not len(items):
        return
    if found:
        top, floor = float(scores[0]), found[-1].score
        share = scores / top if top > 0 else np.ones(len(scores))
        scores = floor * share if floor > 0 else floor - 1 + share
    found.extend(map(Recommended, items.tolist(), scores.tolist(), [source] * len(items)))
