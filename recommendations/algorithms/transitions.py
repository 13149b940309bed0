"""What comes next: directed steps from one visit of a shopper to the visits after it."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from scipy import sparse

from recommendations.algorithms.data import Interactions
from recommendations.algorithms.features import ProductFeatures
from recommendations.algorithms.itemrows import ItemRows
from recommendations.algorithms.neighbours import prune

# A visit of more products is cut to this many: a pair of visits costs the product of their sizes.
VISIT_CAP = 60


class Transitions(ItemRows):
    """T_ij = steps from i to j, `fade` for each visit further on, over d_i^b d_j^c; `keep` per row.

    A visit is what one shopper did with no more than `gap` seconds between two acts (0: at one
    moment); its products share one step between them.
    `back` is the worth of the same step read backwards: products of neighbouring visits are also
    simply alike.
    """

    name: ClassVar[str] = "transitions"

    def __init__(
        self,
        *,
        steps: int = 3,
        fade: float = 0.5,
        back: float = 0.3,
        b: float = 0.5,
        c: float = 0.4,
        keep: int = 200,
        gap: int = 0,
    ) -> None:
        self.params: dict[str, Any] = {
            "steps": steps, "fade": fade, "back": back, "b": b, "c": c, "keep": keep, "gap": gap,
        }

    def fit(
        self, interactions: Interactions, features: ProductFeatures | None, *, seed: int
    ) -> Self:
        size = len(interactions.products)
        visits, shopper = visits_of(interactions.capped(), self.params["gap"])
        found = sparse.csr_array((size, size), dtype=np.float32)
        for step in range(1, min(self.params["steps"], visits.shape[0] - 1) + 1):
            earlier = np.flatnonzero(shopper[step:] == shopper[:-step])
            before, after = visits[earlier], visits[earlier + step]
            found = found + (before.T @ after) * self.params["fade"] ** (step - 1)
        if self.params["back"]:
            found = found + found.T * self.params["back"]
        counts = np.maximum(np.bincount(interactions.product, minlength=size), 1.0)
        found = sparse.csr_array(
            sparse.diags_array(counts ** -self.params["b"])
            @ found
            @ sparse.diags_array(counts ** -self.params["c"])
        ).astype(np.float32)
        return self.take(prune(found, self.params["keep"], 0, np.zeros(size, np.float32)))


def visits_of(capped: Interactions, gap: int = 0) -> tuple[sparse.csr_array, np.ndarray]:
    """(visits x products, whose visit): by shopper and time; each row has the length 1."""
    size = len(capped.products)
    if not len(capped):
        return sparse.csr_array((0, size), dtype=np.float32), np.empty(0, np.int32)
    new = np.ones(len(capped), np.bool_)
    new[1:] = (np.diff(capped.customer) != 0) | (np.diff(capped.occurred_at) > gap)
    visit = np.cumsum(new) - 1
    place = np.arange(len(capped)) - np.flatnonzero(new)[visit]
    kept = place < VISIT_CAP
    visits = sparse.csr_array(
        (np.ones(int(kept.sum()), np.float32), (visit[kept], capped.product[kept])),
        shape=(int(visit[-1]) + 1, size),
    )
    visits.sum_duplicates()
    visits.data[:] = 1
    lengths = np.sqrt(np.maximum(np.diff(visits.indptr), 1))
    visits = sparse.csr_array(sparse.diags_array(1 / lengths) @ visits).astype(np.float32)
    return visits, capped.customer[new]
