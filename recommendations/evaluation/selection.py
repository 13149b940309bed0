"""From a shop's data to its bundle: back-test candidates, take the best, fit it on everything."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from threadpoolctl import threadpool_limits

from recommendations.algorithms import registry
from recommendations.algorithms.base import Recommender
from recommendations.algorithms.bundle import BASE, Bundle
from recommendations.algorithms.data import Baskets, Interactions
from recommendations.algorithms.features import ProductFeatures
from recommendations.algorithms.history import Bought, Histories
from recommendations.algorithms.neighbours import BoughtTogether
from recommendations.evaluation import report, split

Progress = Callable[[str, float], None]

DECIDES = "ndcg@10"
# With fewer tested shoppers than this the figures are noise and decide nothing.
MIN_TESTED = 5
UNDECIDED = "neighbours"


@dataclass(frozen=True)
class TrainingResult:
    """metrics: by algorithm, named as in `report.evaluate`, and "fit_cpu_s"; empty if untested."""

    bundle: Bundle
    metrics: dict[str, dict[str, Any]]
    chosen: str
    reason: str  # in words, for people
    cut: int | None  # seconds since 1970: where the back-test was cut; None without one
    cpu_s: float


def train(
    interactions: Interactions,
    baskets: Baskets,
    features: ProductFeatures | None,
    *,
    algorithms: Sequence[str] | None = None,
    seed: int = 0,
    keep_bought: bool = True,
    test_share: float = 0.2,
    progress: Progress | None = None,
) -> TrainingResult:
    """Time split, fit and evaluate each candidate, choose by NDCG@10, fit the bundle on everything.

    `algorithms` names the candidates (default: all this machine can train); popularity always
    stands beside them as the measure. `progress(step, fraction)` is called before each step and
    with ("done", 1.0) at the end; it may raise to stop the training.
    """
    tell = progress or (lambda step, fraction: None)
    candidates = _candidates(algorithms)
    started = time.process_time()
    # One core per training, whatever else runs on the machine: workers times threads overbook it.
    with threadpool_limits(1):
        tell("split", 0.0)
        cut = split.by_time(interactions, test_share=test_share)
        metrics = _back_test(cut, features, candidates, seed, tell, keep_bought=keep_bought)
        chosen, reason = _choose(metrics, candidates)
        bundle = _fit_bundle(interactions, baskets, features, chosen, seed, tell)
    tell("done", 1.0)
    return TrainingResult(
        bundle, metrics, chosen, reason, cut.cut if metrics else None,
        time.process_time() - started,
    )


def _candidates(algorithms: Sequence[str] | None) -> list[str]:
    wanted = {*(registry.available() if algorithms is None else algorithms), "popularity"}
    unknown = wanted - set(registry.PERSONAL)
    if unknown:
        raise ValueError(f"no such algorithm for personal lists: {', '.join(sorted(unknown))}")
    missing = [name for name in wanted if not registry.find(name).available()]
    if missing:
        raise ValueError(f"not installed here: {', '.join(sorted(missing))}")
    return [name for name in registry.PERSONAL if name in wanted]


def _back_test(
    cut: split.Split, features: ProductFeatures | None, candidates: list[str], seed: int,
    tell: Progress, *, keep_bought: bool,
) -> dict[str, dict[str, Any]]:
    if not len(cut.train) or not len(cut.test):
        return {}
    found = {}
    for number, name in enumerate(candidates):
        share = 0.6 / len(candidates)
        tell(f"fit {name}", 0.05 + share * number)
        started = time.process_time()
        fitted = registry.find(name)().fit(cut.train, features, seed=seed)
        spent = time.process_time() - started
        tell(f"evaluate {name}", 0.05 + share * (number + 0.7))
        found[name] = report.evaluate(fitted, cut.train, cut.test, seed=seed,
                                      keep_bought=keep_bought)
        found[name]["fit_cpu_s"] = spent
    return found


def _choose(metrics: dict[str, dict[str, Any]], candidates: list[str]) -> tuple[str, str]:
    default = UNDECIDED if UNDECIDED in candidates else candidates[0]
    tested = metrics["popularity"]["tested"] if metrics else 0
    if tested < MIN_TESTED:
        return default, f"too few returning customers to compare ({tested} of {MIN_TESTED})"
    # Candidates are in order of simplicity, and max() keeps the first of equals.
    chosen = max(candidates, key=lambda name: metrics[name][DECIDES])
    value = metrics[chosen][DECIDES]
    return chosen, f"best NDCG@10 on the time split: {value:.4f} over {tested} customers"


def _fit_bundle(
    interactions: Interactions, baskets: Baskets, features: ProductFeatures | None, chosen: str,
    seed: int, tell: Progress,
) -> Bundle:
    names = list(dict.fromkeys((*BASE, chosen)))
    parts: dict[str, Recommender] = {}
    for number, name in enumerate(names):
        tell(f"final {name}", 0.65 + 0.3 * number / len(names))
        part = registry.find(name)()
        if isinstance(part, BoughtTogether):
            parts[name] = part.fit_baskets(baskets, len(interactions.products))
        else:
            parts[name] = part.fit(interactions, features, seed=seed)
    tell("histories", 0.95)
    return Bundle(
        products=interactions.products,
        customers=interactions.customers,
        histories=Histories.of(interactions),
        parts=parts,
        personal=chosen,
        bought=Bought.of(interactions),
    )
