"""Blend weights by direct search: scores of the parts side by side, ranked again for each trial."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from recommendations.algorithms.blend import Many
from recommendations.evaluation.cases import Cases, figures, first_of, hide

# Candidates each part names for one list; the blend ranks their union.
NAMED = 150
STARTS = (0.01, 0.03, 0.1, 0.25, 0.5, 1.0, 2.0)
STEPS = (0.0, 0.5, 0.7, 0.85, 1.2, 1.5, 2.0)
ROUNDS = 3
# Below every score, for places that do not count.
LAST = -1e9
# A part has to be worth its place: relative gain of the figure that decides.
WORTH = 0.002
# From so many lists on a single table is cut; a mean weight below LEAST of the largest is none.
MANY_LISTS, QUARTERS, LEAST = 1_000, 4, 0.05


@dataclass(frozen=True)
class Table:
    """scores[row, place, part] of the products that any part named for the row."""

    scores: np.ndarray
    right: np.ndarray  # bool, rows x places: the product was wanted
    hidden: np.ndarray  # bool, rows x places: named twice, or must not be listed
    wanted: np.ndarray  # how many were wanted in each row
    k: int

    def take(self, rows: np.ndarray) -> Table:
        """These rows alone (a mask or positions)."""
        return Table(self.scores[rows], self.right[rows], self.hidden[rows], self.wanted[rows], self.k)

    def value(self, weights: np.ndarray) -> float:
        """(Recall@k + NDCG@k) / 2 of the weighted sum."""
        total = np.where(self.hidden, np.float32(LAST), self.scores @ weights.astype(np.float32))
        ranked = first_of(total, self.k)
        hit = np.take_along_axis(self.right, ranked, axis=1)
        found = figures(hit, self.wanted, [self.k])
        return float((found[f"recall@{self.k}"] + found[f"ndcg@{self.k}"]).mean() / 2)


def table(
    scored: Sequence[Many], scales: Sequence[float], cases: Cases, k: int
) -> Table:
    """From each part's scores for the rows of `cases`, divided by its scale."""
    rows, size = cases.wanted.shape
    places = np.zeros((rows, NAMED * len(scored)), np.int64)
    for block, wide in _wide(scored, scales, cases):
        for number, scores in enumerate(wide):
            named = scores.copy()
            hide(named, cases.seen[block] if cases.seen is not None else None)
            width = min(NAMED, size)
            top = np.argpartition(-named, width - 1, axis=1)[:, :width]
            places[block, number * NAMED : number * NAMED + width] = top
    places.sort(axis=1)
    double = np.zeros(places.shape, np.bool_)
    double[:, 1:] = places[:, 1:] == places[:, :-1]
    found = np.zeros((*places.shape, len(scored)), np.float32)
    right = np.zeros(places.shape, np.bool_)
    for block, wide in _wide(scored, scales, cases):
        at = places[block]
        for number, scores in enumerate(wide):
            found[block, :, number] = np.take_along_axis(scores, at, axis=1)
        right[block] = np.take_along_axis(cases.wanted[block].toarray() > 0, at, axis=1)
        hidden = double[block]
        if cases.seen is not None:
            hidden = hidden | np.take_along_axis(cases.seen[block].toarray() > 0, at, axis=1)
        double[block] = hidden
    return Table(found, right, double, np.diff(cases.wanted.indptr), k)


def joined(tables: Sequence[Table]) -> Table:
    """The rows of several tables with the same parts under each other."""
    return Table(
        *(np.concatenate([getattr(table, name) for table in tables])
          for name in ("scores", "right", "hidden", "wanted")),
        tables[0].k,
    )


def _wide(
    scored: Sequence[Many], scales: Sequence[float], cases: Cases
) -> Iterator[tuple[slice, list[np.ndarray]]]:
    """A few rows at a time: the parts' scores over the whole catalogue."""
    step = max(1, 8_000_000 // max(cases.wanted.shape[1], 1))
    for start in range(0, len(cases), step):
        block = slice(start, min(start + step, len(cases)))
        wide = []
        for scores, scale in zip(scored, scales, strict=True):
            part = scores[block]
            part = part.toarray() if sparse.issparse(part) else np.asarray(part, np.float32)
            wide.append(part / np.float32(scale))
        yield block, wide


def search(table: Table) -> tuple[np.ndarray, float]:
    """Weights of the parts, 0 for those that are not worth their place, and their value."""
    parts = table.scores.shape[2]
    alone = [table.value(np.eye(parts)[number]) for number in range(parts)]
    weights = np.eye(parts)[int(np.argmax(alone))]
    best = max(alone)
    left = set(range(parts)) - {int(np.argmax(alone))}
    while left:
        trials = {}
        for number in left:
            for start in STARTS:
                tried = weights.copy()
                tried[number] = start * weights.max()
                trials[number, start] = table.value(tried)
        number, start = max(trials, key=trials.__getitem__)
        if trials[number, start] < best * (1 + WORTH):
            break
        weights[number] = start * weights.max()
        left.discard(number)
        weights, best = _refine(table, weights, trials[number, start])
    return weights / max(weights.max(), 1e-9), best


def settle(tables: Sequence[Table]) -> tuple[np.ndarray, float]:
    """The mean of the weights that each table asks for and that all together ask for.

    The best weights of one draw are partly luck; their mean is steadier. A single table of many
    lists is cut into QUARTERS (on Gowalla, weights found on one half rank the other half 0.5 %
    better that way); parts that hardly one of them asks for are left out.
    """
    whole = joined(tables)
    weights, value = search(whole)
    if len(tables) == 1:
        if len(whole.wanted) < MANY_LISTS:
            return weights, value
        tables = quarters(whole)
    mean = np.mean([weights, *(search(table)[0] for table in tables)], axis=0)
    mean[mean < LEAST * mean.max()] = 0
    return mean / max(mean.max(), 1e-9), whole.value(mean)


def quarters(table: Table) -> list[Table]:
    """The table's lists dealt out, always in the same way."""
    dealt = np.arange(len(table.wanted)) % QUARTERS
    return [table.take(dealt == part) for part in range(QUARTERS)]


def _refine(table: Table, weights: np.ndarray, best: float) -> tuple[np.ndarray, float]:
    """Coordinate ascent by factors."""
    for _ in range(ROUNDS):
        before = best
        for number in np.flatnonzero(weights).tolist():
            for step in STEPS:
                tried = weights.copy()
                tried[number] *= step
                value = table.value(tried) if tried.any() else 0.0
                # Leaving a part out has to cost less than the part is worth.
                if value > best or (step == 0 and value > best * (1 - WORTH / 2)):
                    weights, best = tried, value
                    if step == 0:
                        break
        if best <= before * (1 + WORTH / 4):
            break
    return weights, best
