"""Questions with known answers: histories, what came next, and full-ranking metrics over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from recommendations.algorithms.data import Interactions

# Scores held at once: rows x products.
BLOCK_SCORES = 40_000_000
# What a visit further back is worth; parts sharpen or flatten it by their own power.
DECAY = 0.8
# An event of a kind that is not to be predicted (a cart, a view), in a history.
SIDE = 0.5
# Weights fall no lower: a long history keeps a say.
LEAST = 1e-4

# Events of one history.
LONGEST = 1_000

Score = Callable[[sparse.csr_array, np.ndarray], "sparse.csr_array | np.ndarray"]


@dataclass(frozen=True)
class Cases:
    """One row per list to be made.

    histories  rows x products, weight of each event; a product may stand there several times
    customers  int32 index in the customers trained on, -1 for anybody else
    wanted     rows x products, 1 where the product was taken next; no row is empty
    seen       rows x products that must not be listed, None: everything may
    sides      rows x products of other kinds of events; whether they are listed is a choice
    """

    histories: sparse.csr_array
    customers: np.ndarray
    wanted: sparse.csr_array
    seen: sparse.csr_array | None
    sides: sparse.csr_array | None = None

    def __len__(self) -> int:
        return len(self.customers)

    def take(self, rows: np.ndarray) -> Cases:
        return Cases(
            histories=self.histories[rows],
            customers=self.customers[rows],
            wanted=self.wanted[rows],
            seen=None if self.seen is None else self.seen[rows],
            sides=None if self.sides is None else self.sides[rows],
        )

    def sample(self, count: int, *, seed: int) -> Cases:
        if len(self) <= count:
            return self
        chosen = np.random.default_rng(seed).choice(len(self), count, replace=False)
        return self.take(np.sort(chosen))

    def hiding_sides(self) -> Cases:
        """The same with the other kinds' products kept from the lists as well."""
        if self.sides is None:
            return self
        hidden = self.sides if self.seen is None else sparse.csr_array(self.seen + self.sides)
        return replace(self, seen=hidden)

    def blocks(self) -> Iterator[Cases]:
        rows = max(1, BLOCK_SCORES // max(self.histories.shape[1], 1))
        for start in range(0, len(self), rows):
            yield self.take(np.arange(start, min(start + rows, len(self))))


def histories_of(
    interactions: Interactions, *, primary: int = 0
) -> sparse.csr_array:
    """customers x products: DECAY ^ (visits since) for each event, SIDE of it for other kinds.

    A visit is one moment of one shopper; where no order is known all is one visit. Repeats stay.
    """
    capped = interactions.capped(LONGEST)
    customer, moment = capped.customer, capped.occurred_at
    indptr = np.searchsorted(customer, np.arange(len(capped.customers) + 1))
    new = np.zeros(len(capped), np.int64)
    if len(capped):
        new[1:] = (np.diff(moment) != 0) & (np.diff(customer) == 0)
    visit = np.cumsum(new)
    newest = visit[np.maximum(indptr[1:] - 1, 0)] if len(capped) else np.zeros(0, np.int64)
    ages = newest[customer] - visit
    weights = np.maximum(DECAY ** ages, LEAST) * np.where(capped.kind == primary, 1.0, SIDE)
    shape = (len(capped.customers), len(capped.products))
    return sparse.csr_array(
        (weights.astype(np.float32), capped.product.astype(np.int32), indptr), shape=shape
    )


def touched_by(interactions: Interactions, kinds: list[int]) -> sparse.csr_array:
    """customers x products, 1 where an event of these kinds is known; uncapped."""
    return interactions.take(np.isin(interactions.kind, kinds)).matrix()


def evaluate(score: Score, cases: Cases, ks: list[int]) -> dict[str, float]:
    """Means over the rows of "recall@k", "ndcg@k", "hit_rate@k", "mrr@k"; full ranking; 0 of none."""
    if not len(cases):
        return {f"{name}@{k}": 0.0 for k in ks for name in ("recall", "ndcg", "hit_rate", "mrr")}
    values: dict[str, list[np.ndarray]] = {}
    for block in cases.blocks():
        found = score(block.histories, block.customers)
        scores = found.toarray() if sparse.issparse(found) else np.array(found, np.float32)
        hide(scores, block.seen)
        hit = hits_of(first_of(scores, max(ks)), block.wanted)
        for name, column in figures(hit, np.diff(block.wanted.indptr), ks).items():
            values.setdefault(name, []).append(column)
    return {name: float(np.concatenate(columns).mean()) for name, columns in values.items()}


def read_out(scores: sparse.csr_array | np.ndarray) -> Score:
    """Scores that were made for all rows, handed out block after block, once."""
    done = 0

    def block(histories: sparse.csr_array, customers: np.ndarray) -> sparse.csr_array | np.ndarray:
        nonlocal done
        done += len(customers)
        return scores[done - len(customers) : done]

    return block


def hide(scores: np.ndarray, seen: sparse.csr_array | None) -> None:
    if seen is not None:
        scores[np.repeat(np.arange(len(scores)), np.diff(seen.indptr)), seen.indices] = -np.inf


def first_of(scores: np.ndarray, count: int) -> np.ndarray:
    """The columns of each row's `count` highest scores, best first, ties by the lower column."""
    count = min(count, scores.shape[1])
    top = np.argpartition(-scores, count - 1, axis=1)[:, :count]
    top.sort(axis=1)
    values = np.take_along_axis(scores, top, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    return np.take_along_axis(top, order, axis=1)


def hits_of(ranked: np.ndarray, wanted: sparse.csr_array) -> np.ndarray:
    """bool, rows x places: whether the product in this place was wanted."""
    size = wanted.shape[1]
    rows = np.repeat(np.arange(wanted.shape[0]), np.diff(wanted.indptr))
    right = np.sort(rows * size + wanted.indices)
    asked = np.arange(len(ranked))[:, None] * size + ranked
    places = np.minimum(np.searchsorted(right, asked), max(len(right) - 1, 0))
    return right[places] == asked


def figures(hit: np.ndarray, wanted: np.ndarray, ks: list[int]) -> dict[str, np.ndarray]:
    """Each metric's value per row; definitions as in `metrics`, MRR by the first hit."""
    found = {}
    wanted = np.maximum(wanted, 1)
    for k in ks:
        first = hit[:, :k]
        gains = 1 / np.log2(np.arange(2, k + 2))
        ideal = np.cumsum(gains)[np.minimum(wanted, k) - 1]
        found[f"recall@{k}"] = first.sum(axis=1) / wanted
        found[f"ndcg@{k}"] = (first @ gains[: first.shape[1]]) / ideal
        found[f"hit_rate@{k}"] = first.any(axis=1).astype(float)
        found[f"mrr@{k}"] = first.any(axis=1) / (first.argmax(axis=1) + 1)
    return found
