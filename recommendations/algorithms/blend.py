"""Several algorithms as one: the weighted sum of their scores, each on its own scale."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from scipy import sparse

from recommendations.algorithms import scoring
from recommendations.algorithms.als import ALS
from recommendations.algorithms.base import Recommender, Scores
from recommendations.algorithms.common import Together
from recommendations.algorithms.content import Content
from recommendations.algorithms.data import Interactions
from recommendations.algorithms.diffusion import Diffusion
from recommendations.algorithms.ease import DenseEase, LocalEase
from recommendations.algorithms.features import ProductFeatures
from recommendations.algorithms.history import Histories
from recommendations.algorithms.hybrid import Hybrid
from recommendations.algorithms.ids import Arrays
from recommendations.algorithms.itemrows import ItemRows
from recommendations.algorithms.neighbours import Neighbours
from recommendations.algorithms.popularity import Popularity
from recommendations.algorithms.repurchase import Repurchase
from recommendations.algorithms.shoppers import Shoppers
from recommendations.algorithms.transitions import Transitions

PARTS: dict[str, type[Recommender]] = {
    kind.name: kind
    for kind in (Popularity, Neighbours, LocalEase, DenseEase, Diffusion, Transitions, Repurchase,
                 Shoppers, Content, Together, ALS, Hybrid)
}
# For a shop that has not been tuned: the best on the time split of Online Retail (NDCG@10 0.361, the
# item graph 0.340) among those that a live request can afford; shopper-to-shopper likeness ranks
# as well and costs four times as much.
USUAL: tuple[dict[str, Any], ...] = (
    {"name": Repurchase.name, "params": {}, "weight": 1.0, "power": 0.5},
    {"name": LocalEase.name, "params": {"lam": 5.0, "a": 0.3, "keep": 100}, "weight": 0.3,
     "power": 1.0},
)
# Shoppers whose lists tell the scale of a part.
MEASURED = 300
Many = sparse.csr_array | np.ndarray


class Blend(Recommender):
    """Score = sum over the parts of weight x score / scale, from the history's weights ^ power.

    parts   {"name", "params", "weight", "power"}, names of PARTS
    scale   the mean over shoppers of a part's score largest in size, measured when it is fitted
    power   0: everything in the history counts alike; 2: the newest and the strongest count more
    """

    name: ClassVar[str] = "blend"

    def __init__(self, *, parts: Sequence[dict[str, Any]] = USUAL) -> None:
        self.params: dict[str, Any] = {"parts": [dict(part) for part in parts]}
        unknown = {part["name"] for part in parts} - set(PARTS)
        if unknown:
            raise ValueError(f"no such part: {', '.join(sorted(unknown))}")

    def fit(
        self, interactions: Interactions, features: ProductFeatures | None, *, seed: int
    ) -> Self:
        made: dict[str, Recommender] = {}
        for part in self.params["parts"]:
            key = key_of(part["name"], part["params"])
            if key not in made:
                made[key] = fit_part(part["name"], part["params"], interactions, features, seed=seed)
        return self.join(made, interactions, seed=seed)

    def join(
        self, made: dict[str, Recommender], interactions: Interactions, *, seed: int
    ) -> Self:
        """Of parts that are fitted already, by `key_of`."""
        self.parts = [made[key_of(part["name"], part["params"])] for part in self.params["parts"]]
        past = Histories.of(interactions)
        known = {key: scale_of(part, past, seed=seed) for key, part in made.items()}
        self.scales = np.array(
            [known[key_of(part["name"], part["params"])] for part in self.params["parts"]],
            np.float32,
        )
        return self._settled()

    def score_history(
        self, items: np.ndarray, weights: np.ndarray, customer: int = -1,
        emphasis: Mapping[str, float] | None = None,
    ) -> Scores:
        """`emphasis` multiplies the weights of parts, by their name."""
        terms: list[tuple[Scores | None, Recommender, np.ndarray, np.float32]] = []
        for part, fitted, worth in self._weighted:
            if emphasis:
                worth = worth * np.float32(emphasis.get(part["name"], 1.0))
            powered = powered_by(weights, part["power"])
            # Parts that are rows are not summed twice; the others are asked first, as they sum up for themselves.
            own = None if isinstance(fitted, ItemRows | Neighbours) else fitted.score_history(items, powered, customer)
            terms.append((own, fitted, powered, worth))
        whole: np.ndarray | None = None
        found = [own[0] for own, *_ in terms if own is not None and own[0] is not None]
        sums = scoring.begin(max([self._size, *(int(columns.max(initial=-1)) + 1 for columns in found)]))
        for own, fitted, powered, worth in terms:
            if own is None:
                fitted.add_to(sums, items, powered, worth)  # type: ignore[attr-defined]
            elif own[0] is not None:
                sums.add(*own, worth)
            elif len(own[1]):
                whole = own[1] * worth if whole is None else whole + own[1] * worth
        columns, totals = sums.take()
        if whole is None:
            return columns, totals
        whole = whole.astype(np.float32)
        whole[columns] += totals
        return None, whole

    def shares(
        self, item: int, items: np.ndarray, weights: np.ndarray, customer: int = -1,
        emphasis: Mapping[str, float] | None = None,
    ) -> list[tuple[str, float]]:
        """(part's name, what it adds to the score of one product); they sum up to the score."""
        added: dict[str, float] = {}
        for part, fitted, worth in self._weighted:
            found, scores = fitted.score_history(items, powered_by(weights, part["power"]), customer)
            if found is None:
                own = float(scores[item]) if len(scores) else 0.0
            else:
                at = np.flatnonzero(found == item)
                own = float(scores[at[0]]) if len(at) else 0.0
            own *= float(worth) * (emphasis or {}).get(part["name"], 1.0)
            added[part["name"]] = added.get(part["name"], 0.0) + own
        return list(added.items())

    def score_many(self, histories: sparse.csr_array, customers: np.ndarray) -> np.ndarray:
        """The same for many shoppers at once, dense."""
        total = np.zeros(histories.shape, np.float32)
        for part, fitted, worth in self._weighted:
            found = many(fitted, powered_histories(histories, part["power"]), customers)
            if sparse.issparse(found):
                # Row by row into place: a dense copy of each part would double the memory.
                found.sum_duplicates()
                rows = np.repeat(np.arange(found.shape[0]), np.diff(found.indptr))
                total[rows, found.indices] += found.data * worth
            else:
                total += found * worth
        return total

    def similar(self, item: int) -> Scores:
        """What the parts that know products, not shoppers' habits, say."""
        found, scores = self.score_history(np.array([item], np.int32), np.ones(1, np.float32))
        if found is None:
            found = np.flatnonzero(scores > 0).astype(np.int32)
            scores = scores[found]
        kept = found != item
        return found[kept].astype(np.int32), scores[kept]

    def arrays(self) -> Arrays:
        arrays = {"scales": self.scales}
        for number, fitted in enumerate(self.parts):
            if self._first_of(number) == number:
                arrays |= {f"part_{chr(97 + number)}_{name}": array
                           for name, array in fitted.arrays().items()}
        return arrays

    def restore(self, arrays: Arrays) -> None:
        self.scales = arrays["scales"]
        self.parts: list[Recommender] = []
        for number, part in enumerate(self.params["parts"]):
            first = self._first_of(number)
            if first < number:
                self.parts.append(self.parts[first])
                continue
            prefix = f"part_{chr(97 + number)}_"
            own = {name.removeprefix(prefix): array for name, array in arrays.items()
                   if name.startswith(prefix)}
            self.parts.append(PARTS[part["name"]].from_arrays(own, part["params"]))
        self._settled()

    def _first_of(self, number: int) -> int:
        """The first part with the same algorithm and parameters: it is fitted and stored once."""
        keys = [key_of(part["name"], part["params"]) for part in self.params["parts"]]
        return keys.index(keys[number])

    def _settled(self) -> Self:
        """Once all parts and scales are known: (as asked for, fitted, what its scores are multiplied by)."""
        self._weighted: list[tuple[dict[str, Any], Recommender, np.float32]] = [
            (part, fitted, np.float32(part["weight"] / scale)) for part, fitted, scale in
            zip(self.params["parts"], self.parts, self.scales.tolist(), strict=True)
        ]
        # Products: what the parts that are rows say by their arrays, the others by their first answer.
        self._size = max((len(part.indptr) - 1 for part in self.parts if isinstance(part, ItemRows | Neighbours)),
                         default=0)
        return self


def key_of(name: str, params: dict[str, Any]) -> str:
    return f"{name} {json.dumps(params, sort_keys=True)}"


def fit_part(
    name: str, params: dict[str, Any], interactions: Interactions,
    features: ProductFeatures | None = None, *, seed: int,
) -> Recommender:
    return PARTS[name](**params).fit(interactions, features, seed=seed)


def powered_by(weights: np.ndarray, power: float) -> np.ndarray:
    """A weight below zero, of what was taken back, keeps its sign."""
    if power == 1:
        return weights
    return np.copysign(np.abs(weights) ** np.float32(power), weights).astype(np.float32)


def powered_histories(histories: sparse.csr_array, power: float) -> sparse.csr_array:
    if power == 1:
        return histories
    data = powered_by(histories.data, power)
    return sparse.csr_array((data, histories.indices, histories.indptr), shape=histories.shape)


def many(
    part: Recommender, histories: sparse.csr_array, customers: np.ndarray
) -> Many:
    """Scores for many shoppers (rows of `histories`, weights as values) by any recommender."""
    batch: Callable[..., Many] | None = getattr(part, "score_many", None)
    if batch is not None:
        return batch(histories, customers)
    if isinstance(part, Neighbours):
        size = len(part.diagonal)
        rows = sparse.csr_array((part.data, part.indices, part.indptr), shape=(size, size))
        again = sparse.diags_array(part.diagonal * np.float32(part.params["again"]))
        return sparse.csr_array(histories @ sparse.csr_array(rows + again))
    if isinstance(part, Popularity):
        return np.broadcast_to(part.scores, histories.shape)
    total = np.zeros(histories.shape, np.float32)
    for row, customer in enumerate(customers.tolist()):
        span = slice(histories.indptr[row], histories.indptr[row + 1])
        items, scores = part.score_history(
            histories.indices[span].astype(np.int32), histories.data[span], customer
        )
        total[row, slice(None) if items is None else items] = scores if len(scores) else 0
    return total


def scale_of(part: Recommender, histories: Histories, *, seed: int) -> float:
    """The mean of the score largest in size over some shoppers; 1 where nobody gets any."""
    filled = np.flatnonzero(np.diff(histories.indptr))
    if len(filled) > MEASURED:
        filled = np.sort(np.random.default_rng(seed).choice(filled, MEASURED, replace=False))
    tops = []
    for customer in filled.tolist():
        past = histories.of_customer(customer)
        _, scores = part.score_history(past.items, past.weights, customer)
        if len(scores):
            tops.append(float(np.abs(scores).max()))
    mean = float(np.mean(tops)) if tops else 0.0
    return mean if mean > 0 else 1.0
