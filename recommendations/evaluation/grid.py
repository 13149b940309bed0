"""Which algorithms and parameters are worth trying on data of a given nature."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from recommendations.algorithms.data import Interactions

# The dense inverse costs the third power: half a minute at this size.
DENSE_PRODUCTS = 6_000

# Local systems cost the third power of their width; up to here 200 products explain one.
WIDE_PRODUCTS = 15_000


@dataclass(frozen=True)
class Nature:
    """What the arrays say about the data; nothing else decides what is tried.

    ordered    shoppers have a before and an after
    timed      moments are real ones, days apart, so that sales may fade
    repeats    products of the history may be listed again
    primary    the kind of event to be predicted
    sides      other kinds of events that are known
    """

    products: int
    events: int
    ordered: bool
    timed: bool
    repeats: bool
    primary: int
    sides: tuple[int, ...]

    @classmethod
    def of(cls, interactions: Interactions, *, repeats: bool, primary: int = 0) -> Nature:
        capped = interactions.capped()
        later = (np.diff(capped.occurred_at) > 0) & (np.diff(capped.customer) == 0)
        span = int(np.ptp(interactions.occurred_at)) if len(interactions) else 0
        return cls(
            products=len(interactions.products),
            events=len(capped),
            ordered=bool(later.any()),
            timed=span > 7 * 86_400,
            repeats=repeats,
            primary=primary,
            sides=tuple(kind for kind in np.unique(interactions.kind).tolist() if kind != primary),
        )


@dataclass(frozen=True)
class Family:
    """One algorithm's candidates, the likeliest first, and the powers of the history to try.

    `costly`: little data cost as much as all of them, so a rung of less data saves nothing.
    """

    name: str
    params: list[dict[str, Any]]
    powers: list[float]
    costly: bool = False


def families(nature: Nature) -> list[Family]:
    """In the order of what they cost."""
    found = [Family("popularity", _popularity(nature), [1.0])]
    history = [1.0]
    if nature.ordered:
        history = [1.0, 0.0, 2.0, 4.0]
    elif nature.sides:
        history = [1.0, 0.0, 2.0]
    if nature.repeats:
        found.append(Family("repurchase", _options(
            {}, selling=[0.4, 0.0, 0.2, 0.6, 0.8],
            half_life_days=[30.0, 60.0] if nature.timed else [10_000.0],
        ), [0.5, 0.0, 0.25, 1.0] if nature.ordered else [1.0]))
    if nature.ordered:
        found.append(Family("transitions", _options(
            {"keep": 200}, steps=[3, 1, 6], back=[0.3, 0.0, 0.7],
            b=[0.5, 0.3], c=[0.4, 0.2],
        ), [2.0, 1.0, 4.0]))
    found.append(Family("neighbours", [
        {"a": a, "b": b, "c": c, "keep": 300, "again": 0.0}
        for a, b, c in ((0.6, 0.8, 0.3), (0.7, 0.7, 0.4), (0.5, 0.6, 0.4), (0.5, 0.6, 0.2),
                        (1.0, 0.5, 0.5), (0.3, 0.8, 0.3), (0.5, 0.8, 0.1))
    ], history))
    found.append(Family("shoppers", _options(
        {}, nearest=[150, 400], sharp=[1.0, 2.0], rare=[0.3, 0.6],
    ), history))
    targets = [None, [nature.primary]] if nature.sides else [None]
    if nature.products <= DENSE_PRODUCTS:
        found.append(Family("dense_ease", _options(
            {"keep": 200}, targets=targets[::-1], lam=[10.0, 3.0, 30.0], a=[0.5, 0.0],
        ), history))
    found.append(Family("local_ease", [
        {"keep": keep, "lam": lam, "a": a} | wanted
        for lam, a, keep in _local(nature) for wanted in _wanted(nature)
    ], history, costly=True))
    factors = 256 if nature.products > 5_000 else 96
    found.append(Family("diffusion", [
        {"factors": factors, "low": low, "sharpen": sharpen, "keep": 200}
        for low, sharpen in ((0.3, 2.5), (1.0, 0.0), (0.3, 1.0), (1.0, 2.5))
    ], history, costly=True))
    return found


def _wanted(nature: Nature) -> list[dict[str, Any]]:
    """What a system is to explain: purchases, all that was touched, or that with an eye for what is touched
    more than it is bought."""
    if not nature.sides:
        return [{"targets": None}]
    bought = [nature.primary]
    return [{"targets": bought}, {"targets": None}, {"targets": bought, "lean": 1.0, "rare": 0.3},
            {"targets": bought, "lean": 0.5, "rare": 0.2}]


def _local(nature: Nature) -> list[tuple[float, float, int]]:
    """(lam, a, keep): more of it than a large catalogue can bear is left out, and than several wishes can."""
    if nature.products > WIDE_PRODUCTS:
        return [(5.0, 0.3, 100), (2.0, 0.3, 100), (12.0, 0.3, 100)]
    if nature.sides:
        return [(5.0, 0.3, 100), (2.0, 0.0, 100), (12.0, 0.3, 100)]
    return [(5.0, 0.3, 100), (12.0, 0.3, 100), (2.0, 0.0, 200), (5.0, 0.0, 200), (12.0, 0.0, 200),
            (25.0, 0.3, 100), (5.0, 0.0, 100)]


def _popularity(nature: Nature) -> list[dict[str, Any]]:
    lives = [30.0, 10.0, 90.0, 10_000.0] if nature.timed else [10_000.0]
    return [{"half_life_days": life} for life in lives]


def _options(fixed: dict[str, Any], **choices: list[Any]) -> list[dict[str, Any]]:
    """All combinations, the first of every choice first."""
    return [fixed | dict(zip(choices, values, strict=True))
            for values in product(*choices.values())]
