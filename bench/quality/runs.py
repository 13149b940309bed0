"""One run over one file: choose on a validation part, refit on train, judge on test, count costs."""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import asdict
from typing import Any

import numpy as np

from bench.quality.formats import BUY, Task
from bench.quality.holdout import test_cases, validations
from recommendations.algorithms.als import ALS
from recommendations.algorithms.base import Recommender
from recommendations.algorithms.blend import Blend, many
from recommendations.algorithms.hybrid import Hybrid
from recommendations.algorithms.neighbours import Neighbours
from recommendations.algorithms.popularity import Popularity
from recommendations.evaluation import tuning
from recommendations.evaluation.cases import Cases, evaluate
from recommendations.evaluation.grid import Nature

KS = [5, 10, 20, 50]


def automatic(task: Task, *, seed: int, seconds: float) -> dict[str, Any]:
    """The blend that the pipeline chooses by itself."""
    wall, cpu = time.perf_counter(), time.process_time()
    nature = Nature.of(task.train, repeats=task.repeats, primary=BUY)
    folds = validations(task, seed=seed)
    tuned = tuning.tune(folds, nature, k=task.k, seed=seed, seconds=seconds, progress=_tell)
    _tell("refit", 0.95)
    started = time.process_time()
    blend = Blend(parts=tuned.parts).fit(task.train, None, seed=seed)
    fitted = time.process_time() - started
    tested = test_cases(task)
    if tuned.hide_sides:
        tested = tested.hiding_sides()
    started = time.process_time()
    found = judge(blend, tested)
    return {
        "model": "automatic", "seed": seed, "protocol": task.protocol,
        "metrics": {name: found[name] for name in task.shown},
        "validation": tuned.value,
        "parts": tuned.parts, "hide_sides": tuned.hide_sides,
        "cases": len(tested), "validation_cases": sum(len(fold.to_weigh(False)) for fold in folds),
        "tune_cpu_s": tuned.cpu_s, "fit_cpu_s": fitted,
        "rank_cpu_s": time.process_time() - started,
        "cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall,
        "peak_mb": _peak(),
        "model_mb": sum(array.nbytes for array in blend.arrays().values()) / 1e6,
        "trials": [asdict(trial) for trial in tuned.trials],
    }


def baseline(task: Task, name: str, *, seed: int, most: int | None) -> dict[str, Any]:
    """One algorithm with the parameters it has in the product; at most `most` cases."""
    wall, cpu = time.perf_counter(), time.process_time()
    fitted = _baseline(name, task.repeats).fit(task.train, None, seed=seed)
    spent = time.process_time() - cpu
    tested = test_cases(task)
    if most is not None:
        tested = tested.sample(most, seed=seed)
    found = judge(fitted, tested)
    return {
        "model": name, "seed": seed, "protocol": task.protocol,
        "metrics": {metric: found[metric] for metric in task.shown},
        "cases": len(tested), "fit_cpu_s": spent, "cpu_s": time.process_time() - cpu,
        "wall_s": time.perf_counter() - wall, "peak_mb": _peak(),
    }


def judge(recommender: Recommender, cases: Cases) -> dict[str, float]:
    return evaluate(lambda histories, customers: many(recommender, histories, customers),
                    cases, KS)


def _baseline(name: str, repeats: bool) -> Recommender:
    made: dict[str, Recommender] = {
        "popularity": Popularity(),
        "item_knn": Neighbours(again=3.0 if repeats else 0.0),
        "als": ALS(),
        "lightfm": Hybrid(),
    }
    return made[name]


def _peak() -> float:
    """Megabytes, of this process."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def _tell(step: str, share: float) -> None:
    print(f"  {share:4.0%} {step}", file=sys.stderr, flush=True)


def numbers(value: Any) -> Any:
    """For json.dumps: numpy's numbers as Python's."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(type(value))
