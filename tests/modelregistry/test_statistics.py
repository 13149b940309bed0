"""The statistics of experiments: published values, and what holds for any data."""

from math import inf, isclose, isnan

import numpy as np
import pytest
from scipy import stats

from modelregistry.statistics import lifts, moments, power, ratio_check, stopping
from modelregistry.statistics.moments import Moments
from modelregistry.statistics.stopping import Facts, Verdict

LIFT = lifts.relative(moments.proportion(500, 10_000), moments.proportion(580, 10_000))


def test_it_gives_the_values_that_growthbook_gives():
    """500 of 10,000 against 580 of 10,000, gbstats 0.8.0, sequential tuning 5,000."""
    assert isclose(LIFT.value, 0.16)
    assert isclose(LIFT.variance**0.5, 0.0688627620706576, rel_tol=1e-12)
    assert np.allclose(lifts.at_the_end(LIFT), [0.0250232, 0.2949768], atol=5e-8)
    assert np.allclose(lifts.at_any_time(LIFT), [-0.0553417172445743, 0.3753417172445743], rtol=1e-10)


def test_it_says_how_probable_and_how_risky_b_is():
    assert isclose(lifts.chance_to_win(LIFT), stats.norm.cdf(0.16 / LIFT.variance**0.5))
    draws = np.random.default_rng(1).normal(0.16, LIFT.variance**0.5, 1_000_000)
    assert isclose(lifts.risk(LIFT), np.maximum(-draws, 0).mean(), rel_tol=0.05)


def test_it_takes_subjects_not_lists_as_independent():
    """The delta method of a ratio equals the spread of the ratio over many drawn shops."""
    chance = np.random.default_rng(2)
    shown = chance.geometric(0.2, (4000, 400))
    clicked = chance.binomial(shown, chance.beta(1, 9, shown.shape))
    parts = (clicked, clicked**2, shown, shown**2, clicked * shown)
    ratio = moments.ratio(Moments(np.full(4000, 400.0), *(part.sum(axis=1).astype(float) for part in parts)))
    assert isclose(ratio.variance.mean(), ratio.mean.var(), rel_tol=0.06)
    naive = ratio.mean * (1 - ratio.mean) / shown.sum(axis=1)
    assert naive.mean() < 0.7 * ratio.mean.var()


def test_it_adds_sums_of_disjoint_subjects():
    values = np.random.default_rng(3).gamma(2, 3, 50)

    def sums(part: np.ndarray) -> Moments:
        return Moments(float(len(part)), float(part.sum()), float((part**2).sum()))

    found = moments.mean(sums(values[:20]) + sums(values[20:]))
    assert isclose(found.mean, values.mean())
    assert isclose(found.variance, values.var(ddof=1) / 50)


def test_it_narrows_the_interval_by_earlier_behaviour_and_never_widens_it():
    chance = np.random.default_rng(4)
    before, noise = chance.gamma(2, 10, (2, 3000)), chance.gamma(2, 10, (2, 3000))

    def sums(x: np.ndarray, y: np.ndarray) -> Moments:
        return Moments(3000.0, y.sum(), (y * y).sum(), x.sum(), (x * x).sum(), (x * y).sum())

    related = [sums(before[i], before[i] + noise[i]) for i in (0, 1)]
    a, b, theta = moments.adjusted(*related)
    assert isclose(theta, 1, abs_tol=0.05)
    assert lifts.relative(a, b).variance < 0.6 * lifts.relative(*map(moments.mean, related)).variance
    unknown = [sums(np.zeros(3000), noise[i]) for i in (0, 1)]
    a, b, theta = moments.adjusted(*unknown)
    assert theta == 0
    assert isclose(lifts.relative(a, b).variance, lifts.relative(*map(moments.mean, unknown)).variance)


def test_it_says_nan_where_nothing_can_be_said():
    assert isnan(lifts.relative(moments.proportion(0, 100), moments.proportion(5, 100)).value)
    assert isnan(moments.proportion(0, 0).mean)
    assert lifts.absolute(moments.proportion(0, 100), moments.proportion(5, 100)).value == 0.05


def test_it_sees_arms_that_do_not_hold_their_shares():
    assert isclose(ratio_check.p_value([5000, 5300], (50, 50)), stats.chisquare([5000, 5300]).pvalue)
    assert ratio_check.p_value([9000, 1000], (90, 10)) == 1
    assert ratio_check.p_value([9200, 1000], (90, 10)) > ratio_check.MISMATCH_BELOW
    assert ratio_check.p_value([9500, 500], (90, 10)) < 1e-9
    assert ratio_check.p_value_at_any_time([9000, 1000], (90, 10)) == 1
    assert ratio_check.p_value_at_any_time([9500, 500], (90, 10)) < 1e-9
    assert ratio_check.p_value([10, 1], (100, 0)) == 0
    assert ratio_check.p_value_at_any_time([10, 1], (100, 0)) == 0
    assert ratio_check.p_value([0, 0], (50, 50)) == ratio_check.p_value_at_any_time([0, 0], (50, 50)) == 1


@pytest.mark.parametrize("share", [0.5, 0.1])
def test_it_plans_the_sample_that_shows_the_lift(share):
    needed = power.subjects(0.05, 0.0475, 0.2, share=share)
    assert isclose(power.detectable(0.05, 0.0475, needed, share=share), 0.2, rel_tol=1e-3)
    assert needed < power.subjects(0.05, 0.0475, 0.1, share=share)
    assert power.days(needed, 100) == -(-int(needed) // 100)


def test_it_plans_nothing_from_nothing():
    assert power.subjects(0.0, 0.0, 0.1) == inf
    assert power.subjects(0.05, 0.0475, 0.0) == inf
    assert power.detectable(0.05, 0.0475, 0) == inf
    assert power.days(inf, 100) is None
    assert power.days(1000, 0) is None


def test_it_tells_how_many_more_subjects_the_seen_lift_needs():
    more = power.more_subjects(LIFT.variance, LIFT.n, 0.16, tuning=5000)
    then = lifts.Lift(0.16, LIFT.variance * LIFT.n / (LIFT.n + more), LIFT.n + more, inf)
    assert 0 <= lifts.at_any_time(then)[0] < 0.001
    assert power.more_subjects(LIFT.variance, LIFT.n, 0.0, tuning=5000) == inf


def facts(**changes) -> Facts:
    usual = {
        "subjects": (5000, 5000), "hits": (300, 300), "days": 14, "least": 4500, "lift": (-0.1, 0.2),
        "difference": (-0.01, 0.02), "mismatch": False, "ended": False,
    }  # fmt: skip
    return Facts(**{**usual, **changes})


BETTER = {"lift": (0.02, 0.3), "difference": (0.001, 0.02)}
WORSE = {"lift": (-0.3, -0.1), "difference": (-0.03, -0.01)}


@pytest.mark.parametrize(
    ("changes", "verdict", "stop"),
    [
        ({}, Verdict.OPEN, False),
        ({"ended": True}, Verdict.NO_DIFFERENCE, True),
        (BETTER, Verdict.BETTER, True),
        ({**BETTER, "days": 6}, Verdict.BETTER, False),
        ({**BETTER, "subjects": (3000, 3000)}, Verdict.BETTER, False),
        ({**BETTER, "hits": (30, 60)}, Verdict.EARLY, False),
        ({**BETTER, "difference": (-0.001, 0.02)}, Verdict.OPEN, False),
        ({**WORSE, "days": 1, "subjects": (400, 400), "hits": (60, 2)}, Verdict.WORSE, True),
        ({**WORSE, "hits": (40, 2)}, Verdict.EARLY, False),
        ({**WORSE, "mismatch": True}, Verdict.MISMATCH, False),
        ({"subjects": (60, 5000), "ended": True}, Verdict.EARLY, True),
        ({"lift": (float("nan"), float("nan"))}, Verdict.EARLY, False),
    ],
)
def test_it_stops_by_its_rules(changes, verdict, stop):
    assert stopping.decide(facts(**changes)) == stopping.Decision(verdict, stop)
