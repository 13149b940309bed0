"""The quality benchmark: every format, chosen from the arrays alone, test never seen."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bench.quality.__main__ import main
from bench.quality.formats import BUY, FormatUnknown, read
from bench.quality.holdout import test_cases as cases_of
from bench.quality.holdout import validation, validations

SIZE = 30


def pairs(rng: np.random.Generator, users: int, count: int) -> np.ndarray:
    """(user, product), even users like even products."""
    found = set()
    while len(found) < count:
        user, product = int(rng.integers(users)), int(rng.integers(SIZE))
        if (user + product) % 2 == 0 or rng.random() < 0.1:
            found.add((user, product))
    return np.array(sorted(found), np.int32)


def split_set(*, single: bool = False, carts: bool = False) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    table = pairs(rng, 40, 300)
    if single:
        test = np.unique(table[:, 0], return_index=True)[1]
    else:
        test = np.flatnonzero(rng.random(300) < 0.2)
    train = np.delete(table, test, axis=0)
    arrays = {
        "train_u": train[:, 0],
        "train_i": train[:, 1],
        "test_u": table[test, 0],
        "test_i": table[test, 1],
        "n_users": np.int64(40),
        "n_items": np.int64(SIZE),
    }
    if carts:
        more = np.unique(np.concatenate((train, pairs(rng, 40, 60))), axis=0)
        tested = {tuple(pair) for pair in table[test].tolist()}
        more = np.array([pair for pair in more.tolist() if tuple(pair) not in tested])
        arrays |= {"cart_u": more[:, 0], "cart_i": more[:, 1]}
    return arrays


def walks(count: int = 40, length: int = 6) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    lengths = rng.integers(2, length + 1, count)
    items = np.concatenate([(rng.integers(SIZE) + np.arange(n)) % SIZE for n in lengths])
    return np.concatenate(([0], np.cumsum(lengths))).astype(np.int32), items.astype(np.int32)


def sequences() -> dict[str, np.ndarray]:
    indptr, items = walks()
    return {"indptr": indptr, "items": items, "n_items": np.int32(SIZE)}


def sessions() -> dict[str, np.ndarray]:
    (train_ptr, train), (test_ptr, test) = walks(60), walks(15)
    return {
        "train_ptr": train_ptr,
        "train_items": train,
        "test_ptr": test_ptr,
        "test_items": test,
        "train_start": np.arange(60) * 40_000,
        "n_items": np.int64(SIZE),
    }


def baskets() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(2)
    count = 20
    own = [rng.choice(SIZE, 6, replace=False) for _ in range(count)]
    lists = [rng.choice(own[user], 3, replace=False) for user in range(count) for _ in range(4)]
    return {
        "user_basket_ptr": np.arange(0, 3 * count + 1, 3),
        "basket_ptr": np.arange(0, 9 * count + 1, 3),
        "basket_day": np.tile([1, 20, 40], count),
        "items": np.concatenate([row for n, row in enumerate(lists) if n % 4 < 3]),
        "test_ptr": np.arange(0, 3 * count + 1, 3),
        "test_items": np.concatenate([row for n, row in enumerate(lists) if n % 4 == 3]),
        "user_id": np.arange(count) + 900,
        "n_items": np.int64(SIZE),
    }


def save(folder: Path, arrays: dict[str, np.ndarray]) -> Path:
    path = folder / "some.npz"
    np.savez(path, **arrays)
    return path


FORMATS = {
    "top_n": (split_set, "ndcg@20"),
    "one_held_out": (lambda: split_set(single=True, carts=True), "hit_rate@10"),
    "next_item": (sequences, "ndcg@10"),
    "next_basket": (baskets, "recall@10"),
    "sessions": (sessions, "mrr@20"),
}


@pytest.mark.parametrize("protocol", FORMATS)
def test_it_runs_on_every_format(protocol: str, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    make, metric = FORMATS[protocol]
    out = tmp_path / "out.json"
    status = main(
        [
            "--data",
            str(save(tmp_path, make())),
            "--json",
            str(out),
            "--seconds",
            "2",
            "--baselines",
            "popularity,item_knn,als",
        ]
    )
    assert status == 0
    found = json.loads(out.read_text())
    assert found["protocol"] == protocol
    assert [run["model"] for run in found["runs"]] == ["automatic", "popularity", "item_knn", "als"]
    for run in found["runs"]:
        assert 0 <= run["metrics"][metric] <= 1
        assert run["cpu_s"] > 0
        assert run["peak_mb"] > 1
    shown = capsys.readouterr().out
    assert metric in shown
    assert "CPU" in shown


@pytest.mark.parametrize("protocol", FORMATS)
def test_it_chooses_without_the_answers(protocol: str, tmp_path: Path) -> None:
    """Other answers in the test change neither what is learnt nor what is asked in validation."""
    arrays = FORMATS[protocol][0]()
    other = dict(arrays)
    if protocol == "next_item":
        other["items"] = arrays["items"].copy()
        last = arrays["indptr"][1:] - 1
        other["items"][last] = (arrays["items"][last] + 7) % SIZE
    else:
        name = "test_i" if "test_i" in arrays else "test_items"
        other[name] = (arrays[name] + 7) % SIZE
    learnt = []
    for number, version in enumerate((arrays, other)):
        (tmp_path / str(number)).mkdir()
        learn, cases = validation(read(save(tmp_path / str(number), version)), seed=0)
        learnt.append((learn, cases))
    (one, first), (two, second) = learnt
    assert np.array_equal(one.product, two.product)
    assert np.array_equal(first.wanted.toarray(), second.wanted.toarray())


def test_it_takes_the_cart_of_a_held_purchase_out_as_well(tmp_path: Path) -> None:
    task = read(save(tmp_path, split_set(single=True, carts=True)))
    learn, cases = validation(task, seed=0)
    known = learn.matrix()
    assert (known[cases.customers].multiply(cases.wanted)).nnz == 0
    assert cases.sides is not None
    assert (cases.sides.multiply(cases.wanted)).nnz == 0
    assert (np.diff(cases.wanted.indptr) == 1).all()


def test_it_asks_every_prefix_of_a_session(tmp_path: Path) -> None:
    arrays = sessions()
    cases = cases_of(read(save(tmp_path, arrays)))
    lengths = np.diff(arrays["test_ptr"])
    assert len(cases) == (lengths - 1).sum()
    first = arrays["test_items"][: lengths[0]]
    assert cases.wanted.indices[: lengths[0] - 1].tolist() == first[1:].tolist()
    assert cases.histories[[0]].indices.tolist() == [first[0]]
    assert cases.seen is None


def test_it_holds_out_the_last_of_a_sequence(tmp_path: Path) -> None:
    arrays = sequences()
    task = read(save(tmp_path, arrays))
    last = arrays["items"][arrays["indptr"][1:] - 1]
    assert task.wanted.indices.tolist() == last.tolist()
    learn, cases = validation(task, seed=0)
    assert len(task.train) - len(learn) == np.count_nonzero(np.diff(arrays["indptr"]) >= 3)
    lengths = np.diff(arrays["indptr"])[cases.customers]
    assert (lengths >= 3).all()


def test_it_averages_several_draws_of_small_data(tmp_path: Path) -> None:
    folds = validations(read(save(tmp_path, split_set())), seed=0)
    assert len(folds) == 5
    assert folds[0].learn.product.tolist() != folds[1].learn.product.tolist()
    assert all(fold.learn.kind.max(initial=BUY) == BUY for fold in folds)


def test_it_refuses_what_it_does_not_know(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = save(tmp_path, {"ratings": np.zeros(3)})
    with pytest.raises(FormatUnknown, match="ratings"):
        read(path)
    assert main(["--data", str(path)]) == 2
    assert main(["--data", str(tmp_path / "missing.npz")]) == 2
    assert "cannot read" in capsys.readouterr().err


@pytest.mark.parametrize("unit", [1, 1_000])
def test_it_knows_the_age_of_sessions_in_any_unit(unit: int, tmp_path: Path) -> None:
    """Seconds, milliseconds and days of the same sessions are the same events."""
    days = np.arange(60)
    arrays = sessions() | {"train_start": days}
    other = arrays | {"train_start": (1_600_000_000 + days * 86_400) * unit}
    (tmp_path / "other").mkdir()
    one, two = read(save(tmp_path, arrays)), read(save(tmp_path / "other", other))
    one_age, two_age = (task.train.until - task.train.occurred_at for task in (one, two))
    assert one_age.tolist() == two_age.tolist()
