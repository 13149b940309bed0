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


@pytest.mark.parametrize("lists", [0, 2, 4, 5, 20])
def test_what_is_presumed_stands_unless_few_lists_speak_against_it(lists: int) -> None:
    """No cliff: from nothing that could be tested to many lists, as long as they do not speak clearly."""
    values = {name: scores(0.2, lists, seed) for seed, name in enumerate(ALL)} if lists else {}
    found = ladder.stand(values, ALL, undecided="popularity", presumed="blend")
    assert (found.chosen, found.rung) == ("blend", "blend")
    assert ladder.SHAPED in found.reason
    assert ("too few own lists" in found.reason) == (lists == 0)


def test_what_is_presumed_falls_to_the_simplest_that_clearly_beats_it() -> None:
    values = {"popularity": scores(0.4, 30), "content": scores(0.5, 30), "blend": scores(0.2, 30, seed=1)}
    found = ladder.stand(values, ALL, undecided="content", presumed="blend")
    assert (found.chosen, found.rung) == ("popularity", "popular")
    assert found.notes == {"blend": "30 own lists speak against it"}
    assert "clearly better than the blend on 30 own lists" in found.reason


def test_a_few_lists_that_gain_by_luck_do_not_take_a_shop_from_the_blend() -> None:
    """Six lists of which each is better by a tenth are a week's luck; sixty of them are not."""
    for lists, chosen in ((6, "blend"), (60, "popularity")):
        better = scores(0.2, lists)
        values = {"popularity": better, "blend": better - 0.1 + scores(0, lists, seed=3) / 2}
        assert ladder.stand(values, ALL, undecided="popularity", presumed="blend").chosen == chosen
