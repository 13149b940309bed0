"""Are the statistics of experiments honest? Thousands of simulated experiments through the product's own rules.

    python -m bench.experiments [--experiments 2000] [--json OUT]

false winners   A and B are the same; `stopping.decide` is asked every day; named a better or worse B even once
coverage        B has a known lift; how often the 95 % interval holds it, at the end and at every look that is shown
mismatch        the check of the shares, asked every day, where they hold and where B loses 5 % of its subjects
cuped           the width of the interval with earlier behaviour, against without
found           how often a lift of the planned size is found by the planned sample
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from modelregistry.statistics import lifts, moments, power, ratio_check, stopping
from modelregistry.statistics.moments import Estimate, Moments

DAYS = 28
Arm = tuple[Moments, NDArray[np.float64]]  # sums up to each day, and subjects with a hit up to each day
Draw = Callable[[np.random.Generator, int, float], Arm]


def conversion(chance: np.random.Generator, experiments: int, lift: float) -> Arm:
    """Some 400 new subjects a day, 4 % of them buy."""
    n = chance.poisson(400, (experiments, DAYS))
    hits = chance.binomial(n, 0.04 * (1 + lift))
    return _summed(n, hits, hits), hits.cumsum(axis=1).astype(float)


def revenue(chance: np.random.Generator, experiments: int, lift: float) -> Arm:
    """Some 400 new subjects a day; 4 % buy for a log-normal amount (most of a shop's revenue comes from few)."""
    n = chance.poisson(400, (experiments, DAYS))
    buyers = chance.binomial(n, 0.04)
    spent = chance.lognormal(3.5, 0.9, int(buyers.sum())) * (1 + lift)
    cell = np.repeat(np.arange(buyers.size), buyers.ravel())
    total, squares = (np.bincount(cell, what, buyers.size).reshape(buyers.shape) for what in (spent, spent**2))
    return _summed(n, total, squares), buyers.cumsum(axis=1).astype(float)


def clicks(chance: np.random.Generator, experiments: int, lift: float) -> Arm:
    """Some 40 new subjects a day, each shown several lists and with an own liking for clicks: a ratio."""
    n = chance.poisson(40, (experiments, DAYS))
    people, cell = int(n.sum()), np.repeat(np.arange(n.size), n.ravel())
    shown = chance.geometric(0.2, people)
    clicked = chance.binomial(shown, np.minimum(chance.beta(1, 12, people) * (1 + lift), 1.0))
    sums = [
        np.bincount(cell, what, n.size).reshape(n.shape)
        for what in (clicked, clicked**2, shown, shown**2, clicked * shown, clicked > 0)
    ]
    return _summed(n, *sums[:5]), sums[5].cumsum(axis=1)


def _summed(*parts: NDArray[np.float64]) -> Moments:
    return Moments(*(part.cumsum(axis=1).astype(float) for part in parts))


METRICS: dict[str, tuple[Draw, Callable[[Moments], Estimate]]] = {
    "conversion": (conversion, moments.mean),
    "revenue per subject": (revenue, moments.mean),
    "clicks per list": (clicks, moments.ratio),
}


def false_winners(metric: str, experiments: int, *, seed: int) -> float:
    """The share of A/A experiments in which a daily look named a winner or a loser even once."""
    draw, estimate = METRICS[metric]
    chance = np.random.default_rng(seed)
    (a, a_hits), (b, b_hits) = draw(chance, experiments, 0.0), draw(chance, experiments, 0.0)
    compared = [each(estimate(a), estimate(b)) for each in (lifts.relative, lifts.absolute)]
    (low, high), (below, above) = map(lifts.at_any_time, compared)
    wrong = np.zeros(experiments, dtype=bool)
    for day in range(DAYS):
        for i in np.flatnonzero(~wrong):
            seen = stopping.Facts(
                (int(a.n[i, day]), int(b.n[i, day])), (int(a_hits[i, day]), int(b_hits[i, day])), day + 1,
                2500, (float(low[i, day]), float(high[i, day])), (float(below[i, day]), float(above[i, day])),
                False, day == DAYS - 1,
            )  # fmt: skip
            wrong[i] = stopping.decide(seen).verdict in (stopping.Verdict.BETTER, stopping.Verdict.WORSE)
    return float(wrong.mean())


def naive_winners(metric: str, experiments: int, *, seed: int) -> float:
    """The same with the interval made for one look: what honest statistics save from."""
    draw, estimate = METRICS[metric]
    chance = np.random.default_rng(seed)
    (a, _), (b, _) = draw(chance, experiments, 0.0), draw(chance, experiments, 0.0)
    low, high = lifts.at_the_end(lifts.relative(estimate(a), estimate(b)))
    return float(((low > 0) | (high < 0)).any(axis=1).mean())


def coverage(metric: str, experiments: int, *, lift: float, seed: int) -> tuple[float, float]:
    """How often the interval holds the true lift: (at the end, always-valid at every daily look that shows one)."""
    draw, estimate = METRICS[metric]
    chance = np.random.default_rng(seed)
    (a, a_hits), (b, b_hits) = draw(chance, experiments, 0.0), draw(chance, experiments, lift)
    found = lifts.relative(estimate(a), estimate(b))
    low, high = lifts.at_the_end(found)
    at_end = (low[:, -1] <= lift) & (lift <= high[:, -1])
    low, high = lifts.at_any_time(found)
    hidden = np.minimum(a_hits, b_hits) < stopping.LEAST_HITS
    return float(at_end.mean()), float((hidden | ((low <= lift) & (lift <= high))).all(axis=1).mean())


def mismatches(experiments: int, *, lost: float, seed: int) -> float:
    """The share of experiments warned of at a daily look, when B loses the share `lost` of its subjects."""
    chance = np.random.default_rng(seed)
    a = chance.poisson(400, (experiments, DAYS)).cumsum(axis=1)
    b = chance.poisson(400 * (1 - lost), (experiments, DAYS)).cumsum(axis=1)
    return float((ratio_check.p_value_at_any_time(np.stack([a, b], axis=-1), (1, 1)) < 0.01).any(axis=1).mean())


def cuped(experiments: int, *, seed: int, subjects: int = 2000) -> tuple[float, float]:
    """(interval width with / without earlier spending, coverage of a lift of 10 %); correlation some 0.7."""
    chance = np.random.default_rng(seed)
    arms = []
    for lift in (0.0, 0.1):
        before = chance.gamma(2, 10, (experiments, subjects))
        after = (before + chance.gamma(2, 10, (experiments, subjects))) * (1 + lift)
        parts = (after, after**2, before, before**2, after * before)
        arms.append(Moments(np.full(experiments, float(subjects)), *(part.sum(axis=1) for part in parts)))
    a, b, _ = moments.adjusted(*arms)
    plain, less = lifts.relative(*map(moments.mean, arms)), lifts.relative(a, b)
    low, high = lifts.at_the_end(less)
    return float(np.sqrt(less.variance / plain.variance).mean()), float(((low <= 0.1) & (high >= 0.1)).mean())


def found(experiments: int, *, lift: float, seed: int, rate: float = 0.04) -> tuple[float, float]:
    """(planned subjects, share of experiments that name B better by then) for a planned lift, watched in 28 steps."""
    needed = power.subjects(rate, rate * (1 - rate), lift)
    chance = np.random.default_rng(seed)
    step = np.full((experiments, DAYS), int(np.ceil(needed / 2 / DAYS)))
    a = moments.proportion(chance.binomial(step, rate).cumsum(axis=1), step.cumsum(axis=1))
    b = moments.proportion(chance.binomial(step, rate * (1 + lift)).cumsum(axis=1), step.cumsum(axis=1))
    low, _ = lifts.at_any_time(lifts.relative(a, b), tuning=needed)
    return needed, float((low > 0).any(axis=1).mean())


def measure(experiments: int) -> dict[str, float]:
    figures: dict[str, float] = {}
    for seed, metric in enumerate(METRICS):
        figures[f"false winners, {metric}"] = false_winners(metric, experiments, seed=seed)
        figures[f"false winners of the one-look interval, {metric}"] = naive_winners(metric, experiments, seed=seed)
        for lift in (0.05, 0.2):
            at_end, always = coverage(metric, experiments, lift=lift, seed=10 + seed)
            figures[f"coverage at the end, {metric}, lift {lift:.0%}"] = at_end
            figures[f"coverage at every look, {metric}, lift {lift:.0%}"] = always
    figures["warned of a mismatch, shares kept"] = mismatches(experiments, lost=0.0, seed=20)
    figures["warned of a mismatch, B loses 5 %"] = mismatches(experiments, lost=0.05, seed=21)
    figures["cuped, width with / without"], figures["cuped, coverage"] = cuped(min(experiments, 2000), seed=22)
    figures["planned subjects, 4 % base, lift 15 %"], figures["found by then"] = found(experiments, lift=0.15, seed=23)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.experiments")
    parser.add_argument("--experiments", type=int, default=2000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    began = time.process_time()
    figures = measure(options.experiments)
    for name, value in figures.items():
        print(f"{name:<62} {value:>10,.0f}" if value > 2 else f"{name:<62} {value:>10.2%}")
    print(f"{options.experiments} experiments each, {time.process_time() - began:.1f} s of processor time")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
