"""From a shop's data to its bundle: search a blend, back-test it beside simpler ones, take the best."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from recommendations.algorithms import registry
from recommendations.algorithms.base import Recommender
from recommendations.algorithms.blend import Blend
from recommendations.algorithms.bundle import BASE, Bundle
from recommendations.algorithms.common import Together
from recommendations.algorithms.data import Baskets, Interactions
from recommendations.algorithms.features import ProductFeatures
from recommendations.algorithms.history import Bought, Histories
from recommendations.algorithms.neighbours import BoughtTogether
from recommendations.evaluation import budget, habits, ladder, report, search, split, visits
from recommendations.evaluation.cases import Cases
from recommendations.evaluation.grid import Nature
from recommendations.evaluation.ladder import DECIDES, MIN_TESTED, RUNGS, Standing
from recommendations.evaluation.tuning import Trial

__all__ = ["DECIDES", "MIN_TESTED", "TrainingResult", "train"]

Progress = Callable[[str, float], None]
Parts = Sequence[dict[str, Any]]

# Small shops put more aside for the test, until so many lists can be tested.
SHARES, ENOUGH = (0.2, 0.35, 0.5), 40
# What is tested where an earlier recipe is fitted again.
AGAIN = ("popularity", "blend")
# Lists of known shoppers that are tested; as many again from visits at most.
TESTED = 2_000
# With fewer tested lists than this the blend that a search found has to gain over the usual one: it was chosen by few.
FEW_LISTS = 400
# Processor seconds that a search may take where nobody says otherwise.
SECONDS = 60.0
# Candidates that are not part of the ladder are measured where they cost less than this share.
COMPARED_SHARE = 0.15


@dataclass(frozen=True)
class TrainingResult:
    """What a training found.

    metrics    by algorithm, named as in `report.evaluate`, and "fit_cpu_s"; empty if untested
    reason     why `chosen` makes the personal list, in words
    parts      of the blend, whether it was chosen or not
    trials     of the search, in its order; empty where an earlier recipe was fitted again
    notes      what speaks against candidates that were tested, in words
    left_out   what was not tried, with the reason in words
    cut        seconds since 1970: where the back-test was cut; None without one
    asked      the halved visits in that test
    """

    bundle: Bundle
    metrics: dict[str, dict[str, Any]]
    chosen: str
    reason: str
    cut: int | None
    cpu_s: float
    rung: str = ""
    parts: Parts = ()
    trials: Sequence[Trial] = ()
    notes: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    asked: Cases | None = None


def train(
    interactions: Interactions,
    baskets: Baskets,
    features: ProductFeatures | None,
    *,
    algorithms: Sequence[str] | None = None,
    seed: int = 0,
    keep_bought: bool = True,
    test_share: float | None = None,
    seconds: float = SECONDS,
    recipe: Parts | None = None,
    progress: Progress | None = None,
) -> TrainingResult:
    """Time split, search a blend before the cut, test it beside the others after it, fit on everything.

    algorithms   the candidates that may be chosen; popularity always stands beside them. By default
                 the rungs of the ladder, and ALS and LightFM measured next to them
    test_share   of the newest events are the test; by default a fifth, more where that asks too few
    seconds      of processor time for the search
    recipe       parts of an earlier blend: fitted again, nothing is searched, and of the others only
                 popularity is measured
    progress     called with (step, fraction) before each step and with ("done", 1.0) at the end; it
                 may raise to stop the training
    """
    job = _Job(interactions, baskets, features, seed, seconds, progress or (lambda step, fraction: None))
    candidates = _candidates(AGAIN if recipe is not None and algorithms is None else algorithms)
    started = time.process_time()
    # One core per training, whatever else runs on the machine: workers times threads overbook it.
    with threadpool_limits(1):
        job.tell("split", 0.0)
        cut, asked = job.cut(SHARES if test_share is None else (test_share,))
        if "blend" in candidates:
            job.find(cut, recipe)
        metrics = job.back_test(cut, candidates, asked, keep_bought=keep_bought, bound=algorithms is None)
        undecided = "popularity" if algorithms is None else algorithms[0]
        eligible = [name for name in candidates if algorithms is not None or name in RUNGS]
        common = job.has_common()
        presumed = Blend.name if algorithms is None or common else None
        standing = ladder.stand(job.values, eligible, undecided=undecided, presumed=presumed,
                                because=ladder.SHARED if common else ladder.SHAPED)
        bundle = job.bundle(standing)
    job.tell("done", 1.0)
    return TrainingResult(
        bundle, metrics, standing.chosen, standing.reason, cut.cut if metrics else None,
        time.process_time() - started, standing.rung, job.parts, job.trials, standing.notes, job.left_out, asked,
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


class _Job:
    """One training: its data, and what it has found so far."""

    def __init__(
        self, interactions: Interactions, baskets: Baskets, features: ProductFeatures | None,
        seed: int, seconds: float, tell: Progress,
    ) -> None:
        self.interactions, self.baskets, self.features = interactions, baskets, features
        self.seed, self.seconds, self.tell = seed, seconds, tell
        self.parts: Parts = ()
        self.is_usual = False  # shaped by the shop's habits, not searched
        self.trials: Sequence[Trial] = ()
        self.left_out: dict[str, str] = {}
        self.values: dict[str, np.ndarray] = {}

    def cut(self, shares: Sequence[float]) -> tuple[split.Split, Cases]:
        """The first cut after which enough lists can be tested, otherwise the last one."""
        for share in shares:
            cut = split.by_time(self.interactions, test_share=share)
            asked = visits.of(cut, self.baskets, seed=self.seed)
            known = np.intersect1d(cut.train.customer, cut.test.customer)
            if np.count_nonzero(known >= 0) + len(asked) >= ENOUGH:
                break
        return cut, asked

    def find(self, cut: split.Split, recipe: Parts | None) -> None:
        """The parts of the blend: an earlier recipe's, or by a search before the cut."""
        if recipe is not None:
            self.parts = recipe
            return
        found = search.blend(
            cut.train, self.baskets, self.features, seconds=self.seconds, seed=self.seed,
            progress=lambda step, share: self.tell(step, 0.02 + 0.53 * share),
        )
        if found is not None and found.parts:
            self.parts, self.trials = found.parts, found.trials
        else:
            self.parts, self.is_usual = self.usual(cut.train), True

    def usual(self, known: Interactions) -> Parts:
        """The parts where nothing is searched, by what is known of the shop's habits."""
        described = self.features is not None and self.features.matrix.nnz > 0
        return budget.usual(len(known.products), described=described, again=habits.worth(known),
                            **search.knows(self.features))

    def back_test(
        self, cut: split.Split, candidates: list[str], asked: Cases, *, keep_bought: bool, bound: bool
    ) -> dict[str, dict[str, Any]]:
        if not len(cut.train) or not len(cut.test):
            return {}
        found = {}
        nature = Nature.of(cut.train, repeats=True)
        for number, name in enumerate(candidates):
            if bound and name not in RUNGS and budget.cost(name, nature) > COMPARED_SHARE * self.seconds:
                self.left_out[name] = "a comparison would take more time than is allowed"
                continue
            start, share = 0.55, 0.2 / len(candidates)
            start += share * number
            test = partial(self._tested, name, cut, asked, keep_bought)
            found[name], self.values[name] = test(start, 0.8 * share)
            if name == Blend.name and self.trials and len(self.values[name]) < FEW_LISTS:
                searched, self.parts, self.is_usual = self.parts, self.usual(cut.train), True
                usual, values = test(start + 0.8 * share, 0.2 * share)
                if ladder.gains(self.values[name], values):
                    self.parts, self.is_usual = searched, False
                else:
                    found[name], self.values[name] = usual, values
        return found

    def _tested(
        self, name: str, cut: split.Split, asked: Cases, keep_bought: bool, start: float, share: float
    ) -> tuple[dict[str, Any], np.ndarray]:
        """Figures on the newest events, and NDCG@10 of each list."""
        self.tell(f"fit {name}", start)
        started = time.process_time()
        fitted = self.make(name).fit(cut.train, self.features, seed=self.seed)
        spent = time.process_time() - started
        self.tell(f"evaluate {name}", start + 0.7 * share)
        found = report.evaluate(fitted, cut.train, cut.test, seed=self.seed, keep_bought=keep_bought,
                                sample=TESTED, visits=asked)
        found["fit_cpu_s"] = spent
        return found, found.pop("values")

    def has_common(self) -> bool:
        """Whether the blend knows what goes together in other shops."""
        return any(part["name"] == Together.name for part in self.parts)

    def make(self, name: str) -> Recommender:
        return Blend(parts=self.parts) if name == Blend.name else registry.find(name)()

    def bundle(self, standing: Standing) -> Bundle:
        """All parts, fitted on everything."""
        if self.is_usual:
            self.parts = self.usual(self.interactions)
        names = list(dict.fromkeys((*BASE, standing.chosen)))
        parts: dict[str, Recommender] = {}
        for number, name in enumerate(names):
            self.tell(f"final {name}", 0.76 + 0.2 * number / len(names))
            part = self.make(name)
            if isinstance(part, BoughtTogether):
                parts[name] = part.fit_baskets(self.baskets, len(self.interactions.products))
            else:
                parts[name] = part.fit(self.interactions, self.features, seed=self.seed)
        self.tell("histories", 0.97)
        return Bundle(
            products=self.interactions.products,
            customers=self.interactions.customers,
            histories=Histories.of(self.interactions),
            parts=parts,
            personal=standing.chosen,
            bought=Bought.of(self.interactions),
            rung=standing.rung,
            reason=standing.reason,
        )
