"""The automatic choice of a blend."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from recommendations.algorithms.blend import Blend, many
from recommendations.algorithms.data import DAY, Interactions
from recommendations.evaluation import weighing
from recommendations.evaluation.cases import Cases, evaluate, histories_of
from recommendations.evaluation.grid import Nature, families
from recommendations.evaluation.tuning import Fold, tune
from recommendations.evaluation.weighing import Table

START = 1_700_000_000


def walkers(shoppers: int = 80, size: int = 24) -> tuple[Interactions, Cases]:
    """Who took product n takes n + 1 next, mostly; the last step is asked."""
    rng = np.random.default_rng(2)
    rows = []
    for shopper in range(shoppers):
        place = int(rng.integers(size))
        for step in range(6):
            rows.append((shopper, place, step))
            place = int((place + 1) % size if rng.random() < 0.9 else rng.integers(size))
    table = np.array(rows)
    last = table[:, 2] == 5
    learn = Interactions.of(
        customers=[f"c{n}" for n in table[~last, 0]],
        products=[f"p{n:02}" for n in table[~last, 1]],
        occurred_at=START + table[~last, 2] * DAY,
        catalogue=[f"p{n:02}" for n in range(size)],
    )
    wanted = sparse.csr_array(
        (np.ones(shoppers, np.float32), table[last, 1], np.arange(shoppers + 1)),
        shape=(shoppers, size),
    )
    return learn, Cases(histories_of(learn), np.arange(shoppers, dtype=np.int32), wanted, None)


def test_it_finds_what_the_data_are_made_of() -> None:
    learn, cases = walkers()
    nature = Nature.of(learn, repeats=True)
    assert nature.ordered
    assert not nature.sides
    tuned = tune([Fold(learn, cases)], nature, k=5, seed=0, seconds=5)
    best = max(tuned.parts, key=lambda part: part["weight"])
    assert best["name"] == "transitions"
    assert {trial.name for trial in tuned.trials} >= {"popularity", "repurchase", "neighbours"}
    fitted = Blend(parts=tuned.parts).fit(learn, None, seed=0)
    found = evaluate(lambda *asked: many(fitted, *asked), cases, [5])
    assert (found["recall@5"] + found["ndcg@5"]) / 2 == pytest.approx(tuned.value, abs=0.02)


def test_it_chooses_the_same_for_the_same_seed() -> None:
    learn, cases = walkers(40)
    nature = Nature.of(learn, repeats=True)
    one, two = (tune([Fold(learn, cases)], nature, k=5, seed=3, seconds=60) for _ in range(2))
    assert one.parts == two.parts


def test_it_keeps_to_its_budget_by_trying_less() -> None:
    learn, cases = walkers(40)
    nature = Nature.of(learn, repeats=True)
    tuned = tune([Fold(learn, cases)], nature, k=5, seed=0, seconds=0)
    tried = {(trial.name, str(trial.params)) for trial in tuned.trials}
    assert len(tried) == len(families(nature))
    assert tuned.parts


def test_it_says_how_far_it_is_and_can_be_stopped() -> None:
    class Stopped(Exception):
        pass

    def stop(step: str, share: float) -> None:
        if share > 0.3:
            raise Stopped

    learn, cases = walkers(20)
    with pytest.raises(Stopped):
        tune([Fold(learn, cases)], Nature.of(learn, repeats=True), k=5, seed=0, progress=stop)


def test_it_gives_no_weight_to_noise() -> None:
    rng = np.random.default_rng(0)
    right = rng.random((200, 40)) < 0.1
    right[:, 0] = True
    good = right + rng.normal(0, 0.3, right.shape)
    scores = np.stack([rng.random(right.shape), good, rng.random(right.shape)], axis=2)
    table = Table(scores.astype(np.float32), right, np.zeros_like(right), right.sum(axis=1), 5)
    weights, value = weighing.search(table)
    assert weights[1] == 1
    assert weights[[0, 2]].max() < 0.2
    assert value >= table.value(np.array([0, 1, 0]))


def test_it_blends_what_knows_different_things() -> None:
    rng = np.random.default_rng(1)
    right = rng.random((300, 40)) < 0.1
    right[:, 0] = True
    halves = [right + rng.normal(0, 0.6, right.shape) for _ in range(2)]
    table = Table(np.stack(halves, axis=2).astype(np.float32), right, np.zeros_like(right), right.sum(axis=1), 5)
    weights, value = weighing.search(table)
    assert weights.min() > 0.3
    assert value > max(table.value(np.eye(2)[number]) for number in range(2))


def test_it_asks_what_carts_say_only_where_there_are_some() -> None:
    learn, _ = walkers()
    plain = Nature.of(learn, repeats=False)
    carts = Nature.of(replace(learn, kind=(np.arange(len(learn)) % 2).astype(np.uint8)), repeats=False)
    assert carts.sides == (1,)
    alone, beside = (
        [option for family in families(nature) if family.name == "local_ease" for option in family.params]
        for nature in (plain, carts)
    )
    assert all(option["targets"] is None and "lean" not in option for option in alone)
    assert beside[0]["targets"] == [0], "the likeliest is to explain purchases"
    assert {option.get("rare", 0.0) for option in beside} == {0.0, 0.2, 0.3}


def test_it_judges_a_part_by_the_lists_without_what_lies_in_the_cart() -> None:
    """Everybody has the best sellers in the cart and buys something else."""
    learn, cases = walkers()
    popular = np.argsort(-np.bincount(learn.product, minlength=24), kind="stable")[:5]
    carts = np.zeros(cases.wanted.shape, np.float32)
    carts[:, popular] = 1
    carts[cases.wanted.toarray() > 0] = 0
    asked = replace(cases, sides=sparse.csr_array(carts))
    alone = [family for family in families(Nature.of(learn, repeats=True)) if family.name == "popularity"]
    shown, hidden = (
        tune([Fold(learn, one)], Nature.of(learn, repeats=True), k=5, seed=0, among=alone)
        for one in (cases, asked)
    )
    assert hidden.hide_sides
    assert max(trial.value for trial in hidden.trials) == pytest.approx(hidden.value)
    assert hidden.value > shown.value
