"""One validation of a search: what is learnt, and the cases that it is asked."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from recommendations.algorithms.data import Interactions
from recommendations.algorithms.features import ProductFeatures
from recommendations.evaluation.cases import Cases


class Fold(NamedTuple):
    """What is learnt, and the cases it is asked.

    more    cases of the same kind, all of which the parts that are left are weighed with; None: `cases`.
            A list with one wanted product says little, and a part seems worth its place by luck.
    """

    learn: Interactions
    cases: Cases
    features: ProductFeatures | None = None
    more: Cases | None = None

    def to_weigh(self, hide_sides: bool) -> Cases:
        cases = self.cases if self.more is None else self.more
        return cases.hiding_sides() if hide_sides else cases


def some_customers(learn: Interactions, events: int, *, seed: int) -> Interactions:
    """The events of so many customers that there are about `events`."""
    share = events / max(len(learn), 1)
    if share >= 1:
        return learn
    drawn = np.random.default_rng(seed).random(len(learn.customers)) < share
    return learn.take(drawn[learn.customer])
