"""Cases, their histories and the metrics over them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from recommendations.algorithms.data import Interactions
from recommendations.evaluation import metrics
from recommendations.evaluation.cases import (
    DECAY,
    SIDE,
    Cases,
    evaluate,
    first_of,
    histories_of,
)


def random_cases(rows: int = 30, size: int = 25) -> tuple[Cases, np.ndarray]:
    rng = np.random.default_rng(5)
    wanted = sparse.csr_array((rng.random((rows, size)) < 0.2).astype(np.float32))
    wanted = sparse.csr_array(wanted + sparse.csr_array(np.eye(rows, size, dtype=np.float32)))
    wanted = wanted[np.flatnonzero(np.diff(wanted.indptr) > 0)]
    count = wanted.shape[0]
    seen = sparse.csr_array(((rng.random((count, size)) < 0.1) & (wanted.toarray() == 0)) * 1.0)
    histories = sparse.csr_array((count, size), dtype=np.float32)
    return Cases(histories, np.full(count, -1, np.int32), wanted, seen), rng.random((count, size))


@pytest.mark.parametrize("k", [1, 5, 20])
def test_its_metrics_are_the_published_ones(k: int) -> None:
    cases, scores = random_cases()
    done = 0

    def score(histories: sparse.csr_array, customers: np.ndarray) -> np.ndarray:
        nonlocal done
        done += len(customers)
        return scores[done - len(customers) : done]

    found = evaluate(score, cases, [k])
    lists = []
    for row in range(len(cases)):
        own = scores[row].copy()
        own[cases.seen[[row]].indices] = -1
        lists.append((np.argsort(-own, kind="stable"), cases.wanted[[row]].indices))
    for name, metric in (("recall", metrics.recall), ("ndcg", metrics.ndcg), ("hit_rate", metrics.hit_rate)):
        assert found[f"{name}@{k}"] == pytest.approx(np.mean([metric(*pair, k) for pair in lists]))


def test_it_breaks_ties_by_the_lower_product() -> None:
    assert first_of(np.array([[1.0, 2, 2, 1, 0]]), 3).tolist() == [[1, 2, 0]]


def test_it_weighs_a_history_by_visits_and_kind() -> None:
    interactions = Interactions.of(
        customers=["a", "a", "a", "a", "b"],
        products=["p", "q", "p", "r", "q"],
        occurred_at=[1, 5, 9, 9, 3],
        kinds=[0, 0, 0, 1, 0],
    )
    found = histories_of(interactions)
    assert found.nnz == 5
    weights = found[[0]].toarray()[0]
    assert weights == pytest.approx([1 + DECAY**2, DECAY, SIDE])
    assert found[[1]].toarray()[0] == pytest.approx([0, 1, 0])


def test_it_keeps_side_events_from_the_lists_where_asked() -> None:
    ones = sparse.csr_array(np.array([[0, 1, 0]], np.float32))
    cases = Cases(ones, np.array([0], np.int32), ones, None, sides=sparse.csr_array(np.array([[1, 0, 0]], np.float32)))
    scores = np.array([[3.0, 2, 1]])
    asked = [
        evaluate(lambda histories, customers: scores, some, [1])["hit_rate@1"] for some in (cases, cases.hiding_sides())
    ]
    assert asked == [0, 1]
