"""The quality benchmark on files that hardly hold anything: an honest figure, never a crash."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.quality.__main__ import main

Arrays = dict[str, Any]


def split(train: list[tuple[int, int]], test: list[tuple[int, int]], **more: Any) -> Arrays:
    columns = {"train_u": train, "train_i": train, "test_u": test, "test_i": test}
    found = {name: np.array([row[name.endswith("i")] for row in rows], np.int32) for name, rows in columns.items()}
    return found | more


TINY: dict[str, Arrays] = {
    "one event": split([(0, 0)], [(0, 1)]),
    "nothing learnt": split([], [(0, 1), (0, 2)]),
    "nothing asked": split([(0, 0), (0, 1), (1, 0)], []),
    "shoppers without events": split(
        [(3, 0), (3, 1), (5, 1), (5, 2)], [(3, 2), (3, 3), (9, 0)], n_users=np.int64(12), n_items=np.int64(9)
    ),
    "carts alone": split([], [(0, 1), (1, 2)], cart_u=np.array([0, 1, 1]), cart_i=np.array([0, 0, 3])),
    "everything seen": split([(0, 0), (0, 1), (1, 0), (1, 1)], [(0, 1), (1, 0)]),
    "sequences of one": {"indptr": np.array([0, 1, 2, 2]), "items": np.array([0, 1])},
    "sequences of two": {"indptr": np.array([0, 2, 4, 4]), "items": np.array([0, 1, 1, 2])},
    "no sequence": {"indptr": np.array([0]), "items": np.array([], np.int64)},
    "one product": {"indptr": np.array([0, 3, 6]), "items": np.zeros(6, np.int64)},
    "one basket each": {
        "user_basket_ptr": np.array([0, 1, 2]),
        "basket_ptr": np.array([0, 2, 3]),
        "basket_day": np.array([4, 9]),
        "items": np.array([0, 1, 1]),
        "test_ptr": np.array([0, 1, 1]),
        "test_items": np.array([5]),
    },
    "empty baskets": {
        "user_basket_ptr": np.array([0, 2, 4]),
        "basket_ptr": np.array([0, 2, 2, 3, 3]),
        "items": np.array([0, 1, 1]),
        "test_ptr": np.array([0, 1, 2]),
        "test_items": np.array([1, 0]),
    },
    "one session": {
        "train_ptr": np.array([0, 2]),
        "train_items": np.array([0, 1]),
        "train_start": np.array([5]),
        "test_ptr": np.array([0, 3]),
        "test_items": np.array([0, 1, 7]),
    },
    "sessions of one click": {
        "train_ptr": np.array([0, 1, 2, 2]),
        "train_items": np.array([0, 1]),
        "test_ptr": np.array([0, 1, 1]),
        "test_items": np.array([0]),
    },
}


@pytest.mark.parametrize("name", TINY)
def test_it_answers_for_the_smallest_files(name: str, tmp_path: Path) -> None:
    path, out = tmp_path / "some.npz", tmp_path / "out.json"
    np.savez(path, **TINY[name])
    status = main(
        ["--data", str(path), "--json", str(out), "--seconds", "1", "--baselines", "popularity,item_knn,als,lightfm"]
    )
    assert status == 0
    found = json.loads(out.read_text())
    assert len(found["runs"]) == 5
    for run in found["runs"]:
        assert run["metrics"]
        assert all(0 <= value <= 1 for value in run["metrics"].values())
        assert (run["cases"] > 0) or not any(run["metrics"].values())
