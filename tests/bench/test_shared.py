"""The benchmark of the shared model: its cuts, its questions and its floods."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bench.common import poison, shops
from tests.bench.test_cold_start import START, retail


def test_a_cut_knows_nothing_of_what_comes_next() -> None:
    data = retail()
    found = list(shops.cuts("x", data, 50, most=3))
    assert len(found) == 3
    for cut in found:
        assert len(cut.before.orders()) == 50
        assert cut.moment <= int(cut.after.moment.min())
        for _, _, moment, wanted in shops.questions(cut, seed=1):
            assert moment >= cut.moment
            assert wanted


def test_it_deals_the_countries_and_lets_the_largest_only_vote() -> None:
    data = retail()
    names = np.array(["a", "b", "c", "d"], object)[np.arange(len(data)) % 4]
    choose, report = shops.halves(shops.countries(replace(data, country=names)))
    assert sorted(choose + report) == ["a", "b", "c", "d"]
    assert len(choose) == len(report) == 2


def test_a_flood_is_twenty_times_the_orders_and_honest_ones_stay() -> None:
    data = retail()
    moment = START + 86_400 * 30
    honest = data.take(data.moment <= moment)
    flood = poison.flooded(data, moment, days="burst", seed=1)
    assert len(flood.orders()) == 21 * len(honest.orders())
    assert set(honest.orders()) <= set(flood.orders())
    before = shops.vote(data, moment)
    assert before is not None
    after = shops.vote(flood, moment, newest=None, before=before)
    assert after is not None
    assert set(before.kinds.names.tolist()) <= set(after.kinds.names.tolist())
