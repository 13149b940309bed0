"""The benchmark's validation holds out the end of shoppers' rows where the test was the end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.quality.ends import cut_at_the_end
from bench.quality.formats import Task, read
from bench.quality.holdout import validation, validations

USERS, PRODUCTS, TOUCHED, BOUGHT = 600, 200, 14, 6


def task(folder: Path, *, held: int | None, carts: bool = True) -> Task:
    """Rows by product number; the purchase in place `held` is the test, None: any. No cart of it is left."""
    rng = np.random.default_rng(3)
    train, test, touched = [], [], []
    for user in range(USERS):
        own = np.sort(rng.choice(PRODUCTS, TOUCHED, replace=False))
        bought = np.sort(rng.choice(own, BOUGHT, replace=False))
        gone = bought[rng.integers(BOUGHT) if held is None else held]
        test.append((user, gone))
        train += [(user, item) for item in bought if item != gone]
        touched += [(user, item) for item in own if item != gone]
    columns = {"train": train, "test": test} | ({"cart": touched} if carts else {})
    arrays = {
        f"{name}_{letter}": np.array(rows)[:, place]
        for name, rows in columns.items()
        for place, letter in enumerate("ui")
    }
    np.savez(folder / "some.npz", n_users=USERS, n_items=PRODUCTS, **arrays)
    return read(folder / "some.npz")


@pytest.mark.parametrize(("held", "end"), [(BOUGHT - 1, True), (None, False), (0, False)])
def test_it_sees_whether_the_last_rows_were_taken(tmp_path: Path, held: int | None, end: bool) -> None:
    assert cut_at_the_end(task(tmp_path, held=held).train) is end


def test_it_sees_nothing_without_side_events(tmp_path: Path) -> None:
    assert not cut_at_the_end(task(tmp_path, held=BOUGHT - 1, carts=False).train)


def test_it_holds_out_what_the_test_holds_out(tmp_path: Path) -> None:
    whole = task(tmp_path, held=BOUGHT - 1).train
    _, cases = validation(task(tmp_path, held=BOUGHT - 1), seed=0)
    purchases = whole.take(whole.kind == 0)
    last = {int(user): int(item) for user, item in zip(purchases.customer, purchases.product, strict=True)}
    asked = dict(zip(cases.customers.tolist(), cases.wanted.indices.tolist(), strict=True))
    assert len(asked) == USERS
    assert len(validations(task(tmp_path, held=BOUGHT - 1), seed=0)) == 1, "there is one end, however often it is drawn"
    assert all(last[user] == item for user, item in asked.items())


def test_it_draws_one_where_the_test_drew_one(tmp_path: Path) -> None:
    first, second = (validation(task(tmp_path, held=None), seed=seed)[1] for seed in (0, 1))
    assert (first.wanted.indices != second.wanted.indices).mean() > 0.5
