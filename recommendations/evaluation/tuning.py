"""The automatic choice of a blend: successive halving over parts, then a search of the weights."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from recommendations.algorithms.base import Recommender
from recommendations.algorithms.blend import (
    Many,
    fit_part,
    many,
    powered_histories,
    scale_of,
)
from recommendations.algorithms.data import Interactions
from recommendations.algorithms.features import ProductFeatures
from recommendations.algorithms.history import Histories
from recommendations.evaluation import weighing
from recommendations.evaluation.cases import Cases, evaluate, read_out
from recommendations.evaluation.grid import Family, Nature, families

# The first rung learns from customers with about this many events and asks this many cases.
FIRST_EVENTS, FIRST_CASES = 300_000, 800
LAST_CASES = 2_500
# From so many events on a second survivor costs more than it brings.
MANY_EVENTS = 400_000
# Parameters of one family that reach the last rung.
SURVIVORS = 2
# Where no case can be asked, popularity only orders what the other parts do not know.
UNJUDGED_POPULARITY = 0.05

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Trial:
    rung: int
    name: str
    params: dict[str, Any]
    power: float
    value: float
    cpu_s: float


@dataclass
class Tuned:
    """The parts of the blend, what the search saw, and whether side events are kept from lists."""

    parts: list[dict[str, Any]]
    value: float
    hide_sides: bool
    trials: list[Trial] = field(default_factory=list)
    cpu_s: float = 0.0


class Fold(NamedTuple):
    """One validation: what is learnt, and the cases it is asked."""

    learn: Interactions
    cases: Cases
    features: ProductFeatures | None = None


def tune(
    folds: Sequence[Fold],
    nature: Nature,
    *,
    k: int,
    seed: int,
    seconds: float = 600.0,
    progress: Progress | None = None,
    among: Sequence[Family] | None = None,
) -> Tuned:
    """The blend that answers the cases of all folds best; `seconds` of CPU bound it, softly.

    Several folds take the luck of one draw out of small data; large data need one. Every family
    gets at least its likeliest member; the weights are searched after the halving, which takes a
    known time. `among` are the families to be tried, if not all that suit the nature of the data.
    """
    started = time.process_time()
    tell = progress or (lambda step, share: None)
    chosen = families(nature) if among is None else among
    folds = [fold for fold in folds if len(fold.cases)]
    if not folds:
        return Tuned(_unjudged(chosen), 0.0, False)
    search = _Search(folds, k, seed)
    kept: list[_Kept] = []
    for number, family in enumerate(chosen):
        tell(f"try {family.name}", 0.9 * number / len(chosen))
        kept += search.halve(family, started + seconds * (number + 1) / len(chosen))
    tell("weigh", 0.9)
    found = search.weigh(kept)
    found.cpu_s = time.process_time() - started
    return found


@dataclass(frozen=True)
class _Kept:
    """A part that reached the last rung: its scores for the cases, ready to be weighed."""

    name: str
    params: dict[str, Any]
    power: float
    scales: list[float]  # by fold
    scores: list[Many]
    value: float

    def part(self, weight: float) -> dict[str, Any]:
        return {"name": self.name, "params": self.params, "weight": round(float(weight), 4),
                "power": self.power}


class _Search:
    def __init__(self, folds: Sequence[Fold], k: int, seed: int) -> None:
        self.folds = [fold._replace(cases=fold.cases.sample(LAST_CASES, seed=seed)) for fold in folds]
        self.k, self.seed = k, seed
        self.trials: list[Trial] = []
        self.pasts = [Histories.of(fold.learn) for fold in folds]
        self.few = [fold.cases.sample(FIRST_CASES, seed=seed) for fold in folds]
        self.little = [_some_customers(fold.learn, seed) for fold in folds]
        self.survivors = SURVIVORS if len(folds[0].learn) < MANY_EVENTS else 1

    def halve(self, family: Family, until: float) -> list[_Kept]:
        """Rung 0: all on little data; rung 1: the best third on everything, at every power."""
        params = family.params
        large = len(self.folds[0].learn) >= MANY_EVENTS
        straight = family.costly and large
        if len(params) > 1 and not straight:
            tried: list[tuple[float, int]] = []
            for number, option in enumerate(params):
                if number and time.process_time() > until:
                    break
                tried.append((self._first(family, option), -number))
            tried.sort(reverse=True)
            params = [params[-number] for _, number in tried[: max(1, round(len(tried) / 3))]]
        kept: list[_Kept] = []
        for number, option in enumerate(params if straight else params[: self.survivors]):
            if number and time.process_time() > until:
                break
            kept = _best_by_power(kept + self._last(family, option))
        return _different(kept)

    def weigh(self, kept: list[_Kept]) -> Tuned:
        found: list[Tuned] = []
        sides = self.folds[0].cases.sides is not None
        for hide_sides in (False, True) if sides else (False,):
            weights, value = self._settle(kept, hide_sides=hide_sides)
            parts = [entry.part(weight) for entry, weight in zip(kept, weights, strict=True)
                     if weight > 0]
            found.append(Tuned(parts, value, hide_sides, self.trials))
        return max(found, key=lambda tuned: tuned.value)

    def _settle(self, kept: list[_Kept], *, hide_sides: bool) -> tuple[np.ndarray, float]:
        return weighing.settle([
            weighing.table(
                [entry.scores[number] for entry in kept],
                [entry.scales[number] for entry in kept],
                fold.cases.hiding_sides() if hide_sides else fold.cases, self.k,
            ) for number, fold in enumerate(self.folds)
        ])

    def _first(self, family: Family, params: dict[str, Any]) -> float:
        started = time.process_time()
        values = []
        for little, few, fold in zip(self.little, self.few, self.folds, strict=True):
            fitted = fit_part(family.name, params, little, fold.features, seed=self.seed)
            values.append(self._judge(_scores(fitted, few, family.powers[0]), few))
        return self._note(0, family.name, params, family.powers[0], values, started)

    def _last(self, family: Family, params: dict[str, Any]) -> list[_Kept]:
        started = time.process_time()
        fitted = [fit_part(family.name, params, fold.learn, fold.features, seed=self.seed)
                  for fold in self.folds]
        scales = [scale_of(part, past, seed=self.seed)
                  for part, past in zip(fitted, self.pasts, strict=True)]
        kept = []
        for power in family.powers:
            scores = [_scores(part, fold.cases, power)
                      for part, fold in zip(fitted, self.folds, strict=True)]
            values = [self._judge(found, fold.cases)
                      for found, fold in zip(scores, self.folds, strict=True)]
            value = self._note(1, family.name, params, power, values, started)
            kept.append(_Kept(family.name, params, power, scales, scores, value))
            started = time.process_time()
        return kept

    def _note(
        self, rung: int, name: str, params: dict[str, Any], power: float, values: list[float],
        started: float,
    ) -> float:
        value = float(np.mean(values))
        self.trials.append(Trial(rung, name, params, power, value,
                                 time.process_time() - started))
        return value

    def _judge(self, scores: Many, cases: Cases) -> float:
        """(Recall@k + NDCG@k) / 2 of the lists with or without products of side events, whichever is better."""
        kinds = (cases,) if cases.sides is None else (cases, cases.hiding_sides())
        found = [evaluate(read_out(scores), shown, [self.k]) for shown in kinds]
        return max(one[f"recall@{self.k}"] + one[f"ndcg@{self.k}"] for one in found) / 2


def _scores(fitted: Recommender, cases: Cases, power: float) -> Many:
    return many(fitted, powered_histories(cases.histories, power), cases.customers)


def _unjudged(chosen: Sequence[Family]) -> list[dict[str, Any]]:
    """Where nothing can be asked: the likeliest of every part, popularity least."""
    return [{"name": family.name, "params": family.params[0], "power": family.powers[0],
             "weight": UNJUDGED_POPULARITY if family.name == "popularity" else 1.0}
            for family in chosen]


def _best_by_power(kept: list[_Kept]) -> list[_Kept]:
    """The best of each power, the best first: scores of the others would only fill the memory."""
    best: dict[float, _Kept] = {}
    for entry in sorted(kept, key=lambda entry: -entry.value):
        best.setdefault(entry.power, entry)
    return list(best.values())


def _different(kept: list[_Kept]) -> list[_Kept]:
    """The best, and the best of another power if there is one: they say different things."""
    chosen = kept[:1]
    chosen += [entry for entry in kept[1:] if entry.power != kept[0].power][:1]
    return chosen


def _some_customers(learn: Interactions, seed: int) -> Interactions:
    """The events of so many customers that there are about FIRST_EVENTS."""
    share = FIRST_EVENTS / max(len(learn), 1)
    if share >= 1:
        return learn
    drawn = np.random.default_rng(seed).random(len(learn.customers)) < share
    return learn.take(drawn[learn.customer])
