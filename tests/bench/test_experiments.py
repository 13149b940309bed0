"""The simulated experiments: few false winners when looked at daily, and intervals that hold what they promise."""

import pytest

from bench import experiments

EXPERIMENTS = 2000


@pytest.mark.parametrize("metric", list(experiments.METRICS))
def test_it_names_few_false_winners_though_looked_at_daily(metric):
    assert experiments.false_winners(metric, EXPERIMENTS, seed=41) <= 0.05
    assert experiments.naive_winners(metric, EXPERIMENTS, seed=41) > 0.2


@pytest.mark.parametrize("metric", list(experiments.METRICS))
def test_it_holds_known_lifts_as_often_as_it_says(metric):
    at_end, always = experiments.coverage(metric, EXPERIMENTS, lift=0.1, seed=42)
    assert 0.93 <= at_end <= 0.97
    assert always >= 0.94  # 95 % and the noise of 2,000 draws


def test_it_warns_of_lost_subjects_and_hardly_without_cause():
    assert experiments.mismatches(EXPERIMENTS, lost=0.0, seed=43) <= 0.01
    assert experiments.mismatches(EXPERIMENTS, lost=0.1, seed=44) > 0.99


def test_it_gains_from_earlier_behaviour_and_stays_honest():
    width, covered = experiments.cuped(1000, seed=45)
    assert width < 0.8
    assert 0.93 <= covered <= 0.97


def test_it_finds_the_lift_that_was_planned_for():
    _, found = experiments.found(EXPERIMENTS, lift=0.15, seed=46)
    assert found > 0.8
