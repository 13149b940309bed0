"""Which rung a shop stands on."""

from __future__ import annotations

import numpy as np
import pytest

from recommendations.evaluation import ladder

ALL = list(ladder.RUNGS)


def scores(mean: float, lists: int = 60, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 0.1, lists)
    return mean + noise


def test_it_climbs_as_long_as_each_rung_gains() -> None:
    values = {name: scores(0.1 * place) for place, name in enumerate(ALL, start=1)}
    found = ladder.stand(values, ALL, undecided="popularity")
    assert (found.chosen, found.rung) == ("blend", "blend")
    assert "over 60 lists" in found.reason


def test_it_takes_no_rung_that_loses_against_one_below() -> None:
    values = {"popularity": scores(0.2), "content": scores(0.1), "neighbours": scores(0.3), "blend": scores(0.25)}
    found = ladder.stand(values, ALL, undecided="popularity")
    assert (found.chosen, found.rung) == ("neighbours", "co_occurrence")
    assert found.notes == {"content": "no better than a simpler one", "blend": "no better than a simpler one"}


def test_it_does_not_take_luck_for_a_gain() -> None:
    """Of two equally good ones the simpler, in most draws."""
    taken = [
        ladder.stand(
            {"popularity": scores(0.2, 12, seed), "content": scores(0.2, 12, seed + 1_000)},
            ["popularity", "content"],
            undecided="popularity",
        ).chosen
        for seed in range(200)
    ]
    assert taken.count("content") < 80


@pytest.mark.parametrize(("lists", "rung"), [(4, "popular"), (5, "content"), (8, "co_occurrence"), (12, "blend")])
def test_it_admits_rungs_by_how_much_could_be_tested(lists: int, rung: str) -> None:
    values = {name: scores(place, lists) for place, name in enumerate(ALL, start=1)}
    found = ladder.stand(values, ALL, undecided="popularity")
    assert found.rung == rung
    if lists == 4:
        assert found.reason == "too few returning customers to compare: 4 of 5"
    elif lists == 5:
        assert found.notes["blend"] == "too few tested lists for it: 5 of 12"
