"""Whether a newly trained model may take over from the one in service, and the reason in words.

The model in service has mostly been trained on the very events that the new one is tested on, so
its files may not be tested on them: they would know the answers. Then its recipe (algorithm and
parameters), fitted on what came before the cut, stands for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from modelregistry import labels, versions
from modelregistry.models import ModelVersion
from recommendations.algorithms import registry
from recommendations.algorithms.base import Recommender, Scores
from recommendations.algorithms.bundle import Bundle
from recommendations.algorithms.data import Interactions
from recommendations.datasets import Dataset
from recommendations.evaluation import report, selection, split
from recommendations.evaluation.selection import DECIDES, MIN_TESTED, TrainingResult

# What fresher data may cost: two per cent of the score lie within the noise of the test.
TOLERANCE = 0.02
SAME_TEST = "on the same test"


@dataclass(frozen=True)
class Verdict:
    takes_over: bool
    words: str


def compare(
    result: TrainingResult, dataset: Dataset, champion: ModelVersion | None, *, seed: int
) -> Verdict:
    """NDCG@10 of both on the same time split; a new model that is not worse takes over."""
    mine = _measured(result, result.chosen)
    words = labels.algorithm(result.chosen)
    if mine is not None:
        words += f", NDCG@10 {labels.number(mine)}"
    if champion is None:
        return Verdict(True, words)
    try:
        bundle = _bundle(champion)
    except Exception:  # noqa: BLE001  (whatever it is, this version cannot be served)
        return Verdict(True, f"{words}; {champion} can no longer be loaded")
    if mine is None:
        if champion.metrics.get(DECIDES) is None:
            return Verdict(True, f"{words}; too few returning customers to compare, so the newer data decides")
        return Verdict(False, f"{words}; too few returning customers to compare it with {champion}")
    theirs, how = _of_champion(champion, bundle, result, dataset, seed)
    if theirs is None:
        return Verdict(True, f"{words}; {champion} was never measured")
    return Verdict(
        mine >= theirs * (1 - TOLERANCE), f"{words}; {champion} reached {labels.number(theirs)} {how}"
    )


def measured(version: ModelVersion, result: TrainingResult, dataset: Dataset, *, seed: int) -> float | None:
    """NDCG@10 of another version, or of its recipe, on the test of `result`; None where it cannot be told."""
    try:
        bundle = _bundle(version)
    except Exception:  # noqa: BLE001  (whatever it is, it cannot be measured)
        return None
    value, how = _of_champion(version, bundle, result, dataset, seed)
    return value if how == SAME_TEST else None


def _measured(result: TrainingResult, name: str) -> float | None:
    found = result.metrics.get(name, {})
    return found[DECIDES] if found.get("tested", 0) >= MIN_TESTED else None


def _bundle(champion: ModelVersion) -> Bundle:
    loaded = versions.load(champion)
    return Bundle.from_arrays(loaded.arrays, loaded.manifest)


def _of_champion(
    champion: ModelVersion, bundle: Bundle, result: TrainingResult, dataset: Dataset, seed: int
) -> tuple[float | None, str]:
    """The champion's NDCG@10, and how it was found."""
    assert result.cut is not None
    fitted: Recommender | _Earlier | None
    if bundle.until <= result.cut:
        fitted = _Earlier(bundle, dataset.interactions)
    else:
        fitted = _recipe(champion)
        if fitted is None:
            return champion.metrics.get(DECIDES), "when it was trained"
        if champion.algorithm == result.chosen and champion.parameters == _chosen_params(result):
            return result.metrics[result.chosen][DECIDES], SAME_TEST
    with threadpool_limits(1):
        cut = split.at(dataset.interactions, result.cut)
        if isinstance(fitted, Recommender):
            fitted.fit(cut.train, dataset.features, seed=seed)
        found: dict[str, Any] = report.evaluate(
            fitted, cut.train, cut.test, seed=seed, sample=selection.TESTED, visits=result.asked,  # type: ignore[arg-type]
        )
    return found[DECIDES], SAME_TEST


def _chosen_params(result: TrainingResult) -> dict[str, Any]:
    return result.bundle.parts[result.chosen].params


def _recipe(champion: ModelVersion) -> Recommender | None:
    """What the champion was made by, not fitted; None where this software can no longer make it."""
    kind = registry.ALGORITHMS.get(champion.algorithm)
    if kind is None or not kind.available():
        return None
    try:
        return kind(**champion.parameters)
    except (TypeError, ValueError):  # parameters of an earlier software
        return None


class _Earlier:
    """An earlier bundle's personal part, asked and answering in the numbers of newer data."""

    def __init__(self, bundle: Bundle, interactions: Interactions) -> None:
        self.part = bundle.parts[bundle.personal]
        self.old_product = bundle.products.index(list(interactions.products))
        self.new_product = interactions.products.index(list(bundle.products))
        self.old_customer = bundle.customers.index(list(interactions.customers))

    def score_history(self, items: np.ndarray, weights: np.ndarray, customer: int = -1) -> Scores:
        items = self.old_product[items]
        known = items >= 0
        who = int(self.old_customer[customer]) if customer >= 0 else -1
        found, scores = self.part.score_history(items[known], weights[known], who)
        numbers = self.new_product if found is None else self.new_product[found]
        kept = numbers >= 0
        return numbers[kept], scores[kept]
