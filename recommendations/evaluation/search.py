"""The search for a shop's blend: validations on earlier cuts in time, asked the way it is served."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse

from recommendations.algorithms.data import Baskets, Interactions
from recommendations.algorithms.features import ProductFeatures
from recommendations.algorithms.history import Histories
from recommendations.evaluation import budget, split, tuning, visits
from recommendations.evaluation.cases import Cases
from recommendations.evaluation.grid import Nature
from recommendations.evaluation.tuning import Fold, Tuned

K = 10
# Fewer cases than this choose parameters by luck.
LEAST_CASES = 30
# Below so many events one cut says little: three are averaged.
FEW_EVENTS = 20_000
CUTS, FEW_CUTS = ((0.8, 1.0),), ((0.8, 1.0), (0.65, 0.8), (0.5, 0.65))

Progress = Callable[[str, float], None]


def blend(
    known: Interactions, baskets: Baskets, features: ProductFeatures | None, *, seconds: float,
    seed: int, progress: Progress,
) -> Tuned | None:
    """The best blend on cuts within `known`; None where too little can be asked.

    `seconds` of processor time are turned into a number of trials beforehand: see `budget`.
    """
    wide = FEW_CUTS if len(known) < FEW_EVENTS else CUTS
    found = [fold for fold in (_fold(known, baskets, features, begin, end, seed) for begin, end in wide)
             if len(fold.cases)]
    if sum(len(fold.cases) for fold in found) < LEAST_CASES:
        return None
    nature = Nature.of(found[0].learn, repeats=True, primary=primary_of(known))
    allowed = budget.affordable(
        nature, seconds / len(found), described=_described(features), **knows(features)
    )
    asked = [fold._replace(cases=fold.cases.sample(allowed.cases, seed=seed)) for fold in found]
    return tuning.tune(asked, nature, k=K, seed=seed, seconds=seconds * budget.SLACK, progress=progress,
                       among=allowed.families)


def primary_of(interactions: Interactions) -> int:
    """The kind of event that weighs most: a purchase where there are any, otherwise the next best."""
    if not len(interactions):
        return 0
    return int(interactions.kind[int(np.argmax(interactions.weight))])


def _fold(
    known: Interactions, baskets: Baskets, features: ProductFeatures | None, begin: float, end: float,
    seed: int,
) -> Fold:
    """Learn from the events before the share `begin` of them, ask for those up to the share `end`."""
    cut = split.between(known, begin, end)
    return Fold(cut.train, _cases(cut, baskets.before(cut.ends), seed), features)


def _cases(cut: split.Split, baskets: Baskets, seed: int) -> Cases:
    """Known shoppers with the history that would be served, and visits of others."""
    past = Histories.of(cut.train)
    wanted = cut.test.matrix()
    histories = sparse.csr_array((past.weights, past.items, past.indptr), shape=wanted.shape)
    rows = np.flatnonzero((np.diff(past.indptr) > 0) & (np.diff(wanted.indptr) > 0))
    new = visits.of(cut, baskets, seed=seed)
    return Cases(
        sparse.csr_array(sparse.vstack([histories[rows], new.histories], format="csr")),
        np.concatenate((rows.astype(np.int32), new.customers)),
        sparse.csr_array(sparse.vstack([wanted[rows], new.wanted], format="csr")),
        None,
    )


def _described(features: ProductFeatures | None) -> bool:
    return features is not None and features.matrix.nnz > 0


def knows(features: ProductFeatures | None) -> dict[str, bool]:
    """Whether other shops' word on what goes together may be used: by "words" and kinds, by whole "titles"."""
    common = features.common if features is not None else None
    return {"words": common is not None and common.has_words(), "titles": common is not None and common.has_titles()}
