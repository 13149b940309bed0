"""New products: a tenth of the catalogue that the training never saw sold, ranked for known shoppers."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from bench.retail import Retail
from recommendations.algorithms.base import Recommender
from recommendations.algorithms.blend import many
from recommendations.algorithms.content import Content
from recommendations.algorithms.history import Histories
from recommendations.algorithms.hybrid import Hybrid
from recommendations.algorithms.popularity import Popularity
from recommendations.evaluation import split
from recommendations.evaluation.cases import figures, first_of, hits_of

HELD = 0.1
KS = [10, 20]


def run(data: Retail, *, seed: int) -> list[dict[str, Any]]:
    """One row per model and question: among the new products alone, and among the whole catalogue."""
    catalogue = sorted(set(data.product.tolist()))
    interactions, _, features = data.dataset(catalogue)
    cut = split.by_time(interactions)
    held = np.random.default_rng(seed).random(len(catalogue)) < HELD
    known = cut.train.take(~held[cut.train.product])
    past, wanted = Histories.of(known), cut.test.matrix()
    own = wanted[:, np.flatnonzero(held)]
    rows = np.flatnonzero((np.diff(past.indptr) > 0) & (np.diff(own.indptr) > 0))
    asked = sparse.csr_array((past.weights, past.items, past.indptr), shape=wanted.shape)[rows]
    new = np.flatnonzero(held)
    only_new = sparse.csr_array(sparse.csr_array(wanted[rows]) @ sparse.diags_array(held.astype(np.float32)))
    only_new.eliminate_zeros()
    drawn = np.random.default_rng(seed + 1).random((len(rows), wanted.shape[1])).astype(np.float32)
    found = []
    for name, model in _models(seed):
        scores = _dense(model.fit(known, features, seed=seed), asked, rows)
        # What a model says nothing about is in a drawn order, not in that of the catalogue.
        spread = max(float(np.abs(scores).max()), 1e-9)
        scores = scores + drawn * np.float32(1e-7 * spread)
        found.append({"model": name, "among": "new", "products": len(new), "shoppers": len(rows),
                      **_figures(scores[:, new], sparse.csr_array(own[rows]))})
        found.append({"model": name, "among": "all", "products": len(catalogue), "shoppers": len(rows),
                      **_figures(scores, only_new)})
    return found


def _models(seed: int) -> list[tuple[str, Recommender]]:
    models: list[tuple[str, Recommender]] = [
        ("popularity", Popularity()), ("text and price", Content(keep=200, below=1_000_000)),
    ]
    if Hybrid.available():
        models.append(("LightFM with features", Hybrid()))
    return models


def _dense(model: Recommender, asked: sparse.csr_array, rows: np.ndarray) -> np.ndarray:
    found = many(model, asked, rows.astype(np.int32))
    return found.toarray() if sparse.issparse(found) else np.array(found, np.float32)


def _figures(scores: np.ndarray, wanted: sparse.csr_array) -> dict[str, float]:
    hit = hits_of(first_of(scores, max(KS)), wanted)
    values = figures(hit, np.diff(wanted.indptr), KS)
    names = ("ndcg@10", "recall@10", "recall@20")
    return {name: round(float(values[name].mean()), 4) for name in names}
