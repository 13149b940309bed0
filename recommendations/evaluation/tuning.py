"""The automatic choice of a blend: successive halving over parts, then a search of the weights."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from recommendations.algorithms.base import Recommender
from recommendations.algorithms.blend import (
    Many,
    fit_part,
    many,
    powered_histories,
    scale_of,
)
from recommendations.algorithms.history import Histories
from recommendations.evaluation import weighing
from recommendations.evaluation.cases import Cases, evaluate, read_out
from recommendations.evaluation.folds import Fold, some_customers
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
    fitted: list[Recommender]
    scores: list[Many]
    value: float

    def said(self, number: int, more: Cases | None) -> Many:
        """Its scores for the fold's cases, or for more of them."""
        return self.scores[number] if more is None else _scores(self.fitted[number], more, self.power)

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
        self.little = [some_customers(fold.learn, FIRST_EVENTS, seed=seed) for fold in folds]
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
        best = max(kept, key=lambda entry: entry.value)
        hide_sides = self._hides(best)
        weights, value = self._settle(kept, hide_sides=hide_sides)
        parts = [entry.part(weight) for entry, weight in zip(kept, weights, strict=True) if weight > 0]
        return Tuned(parts, value, hide_sides, self.trials)

    def _hides(self, entry: _Kept) -> bool:
        """Whether lists without the products of side events are better, as this part sees it."""
        ways = np.array([self._ways(scores, fold.cases)
                         for scores, fold in zip(entry.scores, self.folds, strict=True)]).mean(axis=0)
        return bool(ways[-1] > ways[0])

    def _settle(self, kept: list[_Kept], *, hide_sides: bool) -> tuple[np.ndarray, float]:
        return weighing.settle([
            weighing.table(
                [entry.said(number, fold.more) for entry in kept],
                [entry.scales[number] for entry in kept],
                fold.to_weigh(hide_sides), self.k,
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
            kept.append(_Kept(family.name, params, power, scales, fitted, scores, value))
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
        return max(self._ways(scores, cases))

    def _ways(self, scores: Many, cases: Cases) -> list[float]:
        """(Recall@k + NDCG@k) / 2 of lists with products of side events, then of lists without where there are any."""
        ways = [cases] if cases.sides is None else [cases, cases.hiding_sides()]
        found = [evaluate(read_out(scores), way, [self.k]) for way in ways]
        return [(one[f"recall@{self.k}"] + one[f"ndcg@{self.k}"]) / 2 for one in found]


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
