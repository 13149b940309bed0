"""The shift of scores, against figures worked out by hand and against chance."""

import numpy as np
import pytest

from modelregistry import drift


def test_it_gives_the_index_of_two_known_distributions():
    """Halves moved from 50/50 to 60/40: (0.1)ln(1.2) + (-0.1)ln(0.8) = 0.04055, less chance of 1/n + 1/m."""
    before = drift.Reference((0.5,), (0.5, 0.5), 1000)
    now = [0.1] * 600 + [0.9] * 400
    assert drift.shift(before, now) == pytest.approx(0.040547 - 0.002, abs=1e-5)


def test_it_calls_chance_no_shift_and_another_distribution_a_large_one():
    random = np.random.default_rng(7)
    before = drift.reference(random.normal(0, 1, drift.ENOUGH))
    same = [
        drift.shift(drift.reference(random.normal(0, 1, drift.ENOUGH)), random.normal(0, 1, drift.ENOUGH))
        for _ in range(500)
    ]
    assert np.mean([value > 0.1 for value in same]) <= 0.05
    assert drift.shift(before, random.normal(1, 1, drift.ENOUGH)) > drift.LARGE


def test_it_survives_scores_that_are_all_the_same():
    before = drift.reference([0.0] * 300)
    assert drift.shift(before, [0.0] * 300) == 0.0
    assert drift.shift(before, [-1.0] * 300) > drift.LARGE


def test_it_reads_back_what_it_told():
    before = drift.reference(np.arange(1000))
    assert drift.Reference.read(before.told()) == before
