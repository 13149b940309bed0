"""Which rung a shop stands on: popular, content, co-occurrence, blend; counts admit, figures decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

# Rungs from the bottom, by the algorithm that makes the personal list.
RUNGS = {"popularity": "popular", "content": "content", "neighbours": "co_occurrence", "blend": "blend"}
DECIDES = "ndcg@10"
# With fewer tested shoppers than this the figures are noise and decide nothing.
MIN_TESTED = 5
# Tested lists from which a rung may be taken: the more it learns, the more it takes to tell luck apart.
NEEDS = {"neighbours": 8, "blend": 12}
# A gain has to exceed so many standard errors of its mean: in a large shop that is next to nothing. On
# small shops cut from Online Retail 1.0 kept half of them on too low a rung, and 0.5 put none below
# its best sellers.
ERRORS = 0.5


# Of a shop's word on how much a rung gains: no more than this many times best sellers, or this part of them,
# and so many tested lists count.
MOST_RATIO, MOST_LISTS = 4.0, 200


@dataclass(frozen=True)
class Prior:
    """What other shops found of one rung.

    ratio   its NDCG@10 over that of best sellers, the median over shops
    lists   as how many tested lists of the own shop that counts
    """

    ratio: float
    lists: float


@dataclass(frozen=True)
class Standing:
    """The algorithm of the personal list, the reason in words, and what spoke against others."""

    chosen: str
    reason: str
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def rung(self) -> str:
        """An algorithm that is no rung of its own stands beside the blend."""
        return RUNGS.get(self.chosen, "blend")


def stand(
    values: Mapping[str, np.ndarray], candidates: Sequence[str], *, undecided: str,
    prior: Mapping[str, Prior] | None = None,
) -> Standing:
    """Climb from the simplest candidate; a rung that does not gain over the one below is not taken.

    values       by algorithm: NDCG@10 of the same tested lists in the same order
    candidates   in order of simplicity; those without values cannot be stood on
    undecided    what to take where too few lists could be tested
    prior        what other shops found of these rungs: then the own lists and theirs decide together
    """
    if prior and all(name in prior for name in candidates):
        return _together(values, candidates, prior)
    measured = [name for name in candidates if name in values]
    tested = len(values[measured[0]]) if measured else 0
    if tested < MIN_TESTED:
        return Standing(undecided, f"too few returning customers to compare: {tested} of {MIN_TESTED}")
    chosen, notes = measured[0], {}
    for name in measured[1:]:
        needed = NEEDS.get(name, MIN_TESTED) if len(measured) > 2 else MIN_TESTED
        if tested < needed:
            notes[name] = f"too few tested lists for it: {tested} of {needed}"
        elif gains(values[name], values[chosen]):
            chosen = name
        else:
            notes[name] = "no better than a simpler one"
    value = values[chosen].mean()
    return Standing(chosen, f"best NDCG@10 on the time split: {value:.4f} over {tested} lists", notes)


def gains(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether the first is better by more than the error of the paired difference."""
    gained = one - other
    if len(gained) < 2:
        return False
    return bool(gained.mean() > ERRORS * gained.std(ddof=1) / len(gained) ** 0.5)


def _together(values: Mapping[str, np.ndarray], candidates: Sequence[str], prior: Mapping[str, Prior]) -> Standing:
    """The rung with the highest mean of the own lists and of as many as the word of other shops counts for.

    Their ratios are brought to the level of the own lists: the level at which both sum up to the same. Where the
    own lists say nothing, the ratios alone decide. Of equal rungs the simplest is taken.
    """
    measured = {name: values[name] for name in candidates if name in values and len(values[name])}
    tested = len(next(iter(measured.values()))) if measured else 0
    ratios = sum(prior[name].ratio for name in measured)
    level = sum(float(found.mean()) for found in measured.values()) / ratios if measured else 0.0
    level = level or 1.0
    found = {}
    for name in candidates:
        theirs = prior[name]
        own = float(measured[name].sum()) if name in measured else 0.0
        lists = tested if name in measured else 0
        found[name] = (own + theirs.lists * theirs.ratio * level) / (lists + theirs.lists)
    chosen = max(candidates, key=lambda name: found[name])
    notes = {name: "less than another, by the own lists and by what other shops found" for name in candidates
             if name != chosen}
    said = f"{tested} own lists, and what other shops found (as {prior[chosen].lists:.0f} lists)"
    return Standing(chosen, f"highest by {said}", notes)


def word_of(metrics: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """What a back-test lets a shop say: by rung the ratio of its NDCG@10 to that of best sellers, bounded; "lists":
    how many were tested. Empty where too few were, or where best sellers hit nothing."""
    base = metrics.get("popularity", {})
    tested, level = int(base.get("tested", 0)), float(base.get(DECIDES, 0.0))
    if tested < NEEDS["blend"] or level <= 0 or not all(name in metrics for name in RUNGS):
        return {}
    said = {name: min(max(float(metrics[name][DECIDES]) / level, 1 / MOST_RATIO), MOST_RATIO) for name in RUNGS}
    return said | {"lists": float(min(tested, MOST_LISTS))}


def prior_of(words: Sequence[Mapping[str, float]], *, weight: float, least: int) -> dict[str, Prior]:
    """From what other shops say, each with one voice; nothing where fewer than `least` say anything.

    weight   of one of their tested lists, where an own one weighs 1
    """
    said = [word for word in words if word]
    if len(said) < least:
        return {}
    lists = weight * sum(word["lists"] for word in said)
    return {name: Prior(float(np.median([word[name] for word in said])), lists) for name in RUNGS}
