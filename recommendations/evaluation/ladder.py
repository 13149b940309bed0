"""Which rung a shop stands on: the blend, presumed unless its own lists speak against it; else by climbing."""

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
# What was presumed is left only for what gains by more than so many errors over it, with what is known of shops in
# general counted beside the own lists: as if so many more had been asked, and it had gained so much NDCG@10 there over
# the best of the others. On shops of 10 to 50 orders cut from Online Retail it gained 0.02 to 0.03, in those where
# nothing is bought again 0.01. Without it few lists of one odd week take a small shop from the blend.
AGAINST, LISTS, GAIN = 2.0, 20, 0.02
# Why something was presumed, in words.
SHAPED, SHARED = "takes after what customers of the shop do", "knows what goes together in other shops"


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
    values: Mapping[str, np.ndarray], candidates: Sequence[str], *, undecided: str, presumed: str | None = None,
    because: str = SHAPED,
) -> Standing:
    """What is presumed, unless the lists speak against it. Without one, climb from the simplest candidate; a rung
    that does not gain over the one below is not taken.

    values       by algorithm: NDCG@10 of the same tested lists in the same order
    candidates   in order of simplicity; those without values cannot be stood on
    undecided    what to take where too few lists could be tested
    presumed     what was found good on shops in general; because: why, in words
    """
    measured = [name for name in candidates if name in values]
    tested = len(values[measured[0]]) if measured else 0
    if presumed is not None and presumed in candidates:
        return _unless(values, [name for name in measured if name != presumed], presumed, tested, because)
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


def _unless(
    values: Mapping[str, np.ndarray], others: Sequence[str], presumed: str, tested: int, because: str
) -> Standing:
    """The presumed one, or the simplest of those that clearly gain over it."""
    notes = dict.fromkeys(others, f"does not clearly beat the {presumed}")
    better = [name for name in others if presumed in values and tested >= MIN_TESTED
              and _speak_against(values[name] - values[presumed])]
    if better:
        notes = {presumed: f"{tested} own lists speak against it"}
        return Standing(better[0], f"clearly better than the {presumed} on {tested} own lists", notes)
    said = f"NDCG@10 {values[presumed].mean():.4f} over {tested} own lists" if presumed in values and tested else (
        f"too few own lists to compare: {tested} of {MIN_TESTED}"
    )
    return Standing(presumed, f"{because}; {said}", notes)


def _speak_against(gained: np.ndarray) -> bool:
    """Whether these lists, shrunk to what is known of shops, gain over what was presumed."""
    count = len(gained) + LISTS
    mean = (gained.sum() - LISTS * GAIN) / count
    return bool(mean > AGAINST * gained.std(ddof=1) / count**0.5)


def gains(one: np.ndarray, other: np.ndarray, *, errors: float = ERRORS) -> bool:
    """Whether the first is better by more than so many errors of the paired difference."""
    gained = one - other
    if len(gained) < 2:
        return False
    return bool(gained.mean() > errors * gained.std(ddof=1) / len(gained) ** 0.5)
