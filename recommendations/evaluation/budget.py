"""What a budget of processor time lets a search try, decided beforehand from the size of the data.

A clock would stop two equal searches at different places; counts do not, so that equal data and an
equal budget give equal models. The clock stays behind it as a limit that is not meant to be met.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from recommendations.algorithms.als import ALS
from recommendations.algorithms.blend import USUAL
from recommendations.algorithms.hybrid import Hybrid
from recommendations.algorithms.repurchase import Repurchase
from recommendations.evaluation.grid import Family, Nature, families
from recommendations.evaluation.visits import GAP_SECONDS

# A request pays for every product of the catalogue where a part scores them all.
DENSE_PRODUCTS = 20_000
DENSE = frozenset({"popularity", "als", "hybrid"})
# Shoppers are compared with every shopper of each product: its cost grows with the shop's success,
# and it holds what each customer did, which an erasure would have to find.
NOT_LIVE = frozenset({"shoppers"})
# From so many products on, and so many events, rows are kept shorter.
MANY_PRODUCTS, SHORT = 20_000, 50
# Beside the usual parts where products are described, until enough is known for a search: on shops of
# 50 orders cut from Online Retail 0.149 NDCG@10 against 0.146 without it.
DESCRIBED = {"name": "content", "params": {"keep": 50, "below": 1_000_000}, "weight": 0.5, "power": 1.0}
# The same where others tell what goes together, and the shop is too small to weigh it itself.
# By what they have in common, and by whole titles that others sell too, which says more.
WORDS: dict[str, Any] = {"name": "common", "params": {"keep": 50, "titles": 0.0}, "weight": 1.2, "power": 1.0}
TITLES: dict[str, Any] = {"name": "common", "params": {"keep": 200, "words": 0.0}, "weight": 4.0, "power": 1.0}
# Orders what the other parts do not know, and nothing else; below it stands what is not bought again.
SELLING: dict[str, Any] = {"name": "popularity", "params": {"half_life_days": 30.0}, "weight": 0.05, "power": 1.0}
# What the clock may take beyond what was planned.
SLACK = 3.0
# Validation cases for each second, within the bounds that make a figure.
CASES_PER_SECOND, LEAST_CASES = 10, 300

# Processor seconds of one fit: per event, per product (measured on Online Retail and a synthetic
# shop of 50,000 products on one core of 2.x GHz; they need to be right to a factor of two).
_PER_EVENT = {"popularity": 1e-7, "repurchase": 1e-7, "transitions": 3e-6, "neighbours": 3e-6,
              "local_ease": 3e-6, "dense_ease": 1e-6, "diffusion": 1e-5, "content": 1e-7,
              "als": 1e-5, "hybrid": 6e-5, "common": 1e-6}
_PER_PRODUCT = {"local_ease": 5e-4, "content": 1e-4, "common": 1e-3}
_PER_SQUARE = {"diffusion": 2e-8}
_PER_CUBE = {"dense_ease": 8e-11}
# Scoring and judging the cases once, whatever the part.
_BASE = 0.02


@dataclass(frozen=True)
class Affordable:
    """families to be tried; what was left out, with the reason in words; the cases to be asked."""

    families: list[Family]
    left_out: dict[str, str]
    cases: int


def cost(name: str, nature: Nature) -> float:
    """Roughly the processor seconds that one fit of this algorithm takes."""
    products = nature.products
    return (_BASE + _PER_EVENT.get(name, 1e-5) * nature.events
            + _PER_PRODUCT.get(name, 0.0) * products
            + _PER_SQUARE.get(name, 0.0) * products**2 + _PER_CUBE.get(name, 0.0) * products**3)


def affordable(
    nature: Nature, seconds: float, *, described: bool, words: bool = False, titles: bool = False
) -> Affordable:
    """The families whose parts a live request can afford, each with as many options as the budget bears.

    described   products have features
    words, titles   other shops say what goes together
    """
    found: list[Family] = []
    left_out: dict[str, str] = {}
    for family in _all(nature, described=described, words=words, titles=titles):
        if family.name in NOT_LIVE:
            continue
        if family.name in DENSE and nature.products > DENSE_PRODUCTS:
            left_out[family.name] = f"scores all of more than {DENSE_PRODUCTS:,} products in each request"
        else:
            found.append(_short(family) if nature.products > MANY_PRODUCTS else family)
    kept = _bearable(found, nature, seconds)
    left_out |= {family.name: "the time allowed does not bear it" for family in found if family not in kept}
    return Affordable(_within(kept, nature, seconds), left_out, cases(seconds))


def _bearable(found: list[Family], nature: Nature, seconds: float) -> list[Family]:
    """The cheapest families whose first options together stay within the time; two stay in any case."""
    spent, kept = 0.0, set()
    for family in sorted(found, key=lambda family: cost(family.name, nature)):
        # Its first option is fitted for its own rung and on everything.
        spent += 2 * cost(family.name, nature)
        if spent <= seconds or family.name in ("neighbours", "popularity"):
            kept.add(family.name)
    return [family for family in found if family.name in kept]


def usual(
    products: int, *, described: bool = False, words: bool = False, titles: bool = False, again: float = 1.0
) -> list[dict[str, Any]]:
    """Parts for a shop in which nothing was searched yet, cut to what its size bears.

    again   -1 to 1, of `habits.worth`: below 0 what a shopper had stands behind everything else
    """
    fits = products <= DENSE_PRODUCTS
    parts = [dict(part) for part in USUAL]
    for part in parts:
        if part["name"] == Repurchase.name:  # without best sellers in the sum nothing would stand before it
            part["weight"] *= again if fits else max(again, 0.0)
    parts = [part for part in parts if part["weight"]]
    if fits:
        parts += [dict(DESCRIBED)] * described + common_parts(words, titles) + [dict(SELLING)]
    if products > MANY_PRODUCTS:
        for part in parts:
            if "keep" in part["params"]:
                part["params"] = part["params"] | {"keep": min(part["params"]["keep"], SHORT)}
    return parts


def common_parts(words: bool, titles: bool) -> list[dict[str, Any]]:
    """Of what others say: titles alone where they are known."""
    return [dict(TITLES)] if titles else [dict(WORDS)] * words


def cases(seconds: float) -> int:
    return max(LEAST_CASES, int(CASES_PER_SECOND * seconds))


def _all(nature: Nature, *, described: bool, words: bool, titles: bool) -> list[Family]:
    found = [_with_visits(family) if family.name == "transitions" and nature.timed else family
             for family in families(nature)]
    if described:
        found.append(Family("content", [{"keep": 50, "below": 1_000_000}, {"keep": 50, "below": 20}], [1.0]))
    common = [part["params"] for part in common_parts(words, titles)]
    if common and nature.products <= DENSE_PRODUCTS:
        found.append(Family("common", common, [1.0]))
    if ALS.available():
        found.append(Family("als", [{"factors": 64}, {"factors": 32, "alpha": 20.0}], [1.0], costly=True))
    if Hybrid.available() and described:
        found.append(Family("hybrid", [{}], [1.0], costly=True))
    return found


def _with_visits(family: Family) -> Family:
    """Steps between visits, as well as between moments: what is done within half an hour belongs together."""
    likeliest = family.params[0]
    return replace(family, params=[likeliest, likeliest | {"gap": GAP_SECONDS}, *family.params[1:]])


def _short(family: Family) -> Family:
    params = [option | {"keep": min(option["keep"], SHORT)} if "keep" in option else option
              for option in family.params]
    return replace(family, params=params)


def _within(found: list[Family], nature: Nature, seconds: float) -> list[Family]:
    """One option of each first, then one more of each as long as the planned cost stays within."""
    costs = {family.name: cost(family.name, nature) for family in found}
    spent = 2 * sum(costs.values())
    counts = dict.fromkeys(costs, 1)
    most = max((len(family.params) for family in found), default=0)
    for _ in range(most):
        for family in found:
            if counts[family.name] < len(family.params) and spent + costs[family.name] <= seconds:
                counts[family.name] += 1
                spent += costs[family.name]
    return [replace(family, params=family.params[: counts[family.name]]) for family in found]
