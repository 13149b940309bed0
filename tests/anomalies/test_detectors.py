"""The contract of both engines, on the same plain streams."""

from array import array
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy import stats

from anomalies.detectors import reals
from anomalies.detectors.counts import ALERT, SCALARS, CountEngine
from anomalies.detectors.reals import RealEngine
from anomalies.detectors.tails import tail
from bench import anomalies as bench

START = datetime(2026, 3, 2, tzinfo=UTC)


def feed(engine, values, since=0):
    return [engine.update(START + timedelta(minutes=5 * (since + i)), value) for i, value in enumerate(values)]


@pytest.mark.parametrize("engine", [CountEngine, RealEngine])
class TestDetectorContract:
    def test_it_says_nothing_of_a_flat_series_and_speaks_of_a_spike(self, engine):
        values = np.random.default_rng(3).poisson(30, 1200).astype(float).tolist()
        readings = feed(engine(), [*values, 200.0])
        assert max(reading.score for reading in readings[900:-1]) < readings[-1].score
        assert readings[-1].side == 1 and readings[-1].score > 0.5 and readings[-1].ready

    def test_it_goes_on_from_its_state_where_it_stood(self, engine):
        values = np.random.default_rng(4).poisson(12, 900).astype(float).tolist()
        first = engine()
        feed(first, values[:600])
        state = first.dump()
        again = engine.load(state)
        here, there = feed(first, values[600:], 600), feed(again, values[600:], 600)
        assert [r.log10p for r in there] == pytest.approx([r.log10p for r in here], rel=1e-3, abs=1e-3)
        assert len(state) <= 3072

    def test_it_refuses_a_foreign_state_and_a_value_that_is_none(self, engine):
        with pytest.raises(ValueError):
            engine.load(b"\0" * 64)
        with pytest.raises(ValueError):
            engine().update(START, float("nan"))

    def test_it_bears_any_stream(self, engine):
        rng = np.random.default_rng(9)
        huge, tiny = rng.choice([1.0, 1e300], 400), rng.random(400) * 1e-300
        plain = [0.0] * 400, [7.0] * 400, rng.pareto(0.5, 400) * 1e6, rng.choice([0.0, 1e9], 400), [1e-9] * 400
        for values in (*plain, huge, tiny, [1e300] * 400, rng.choice([5e-324, 0.0], 400)):
            for reading in feed(engine(), [float(value) for value in values]):
                assert 0.0 <= reading.score <= 1.0 and reading.low <= reading.expected <= reading.high


def test_it_has_the_tail_of_the_distribution():
    """Within 0.05 decades of the exact negative binomial between one in a thousand and one in 10^12."""
    for mean, spread in ((0.5, 0.1), (3.0, 0.3), (20.0, 0.05), (200.0, 0.01)):
        law = stats.nbinom(1 / spread, 1 / (1 + mean * spread))
        for count in range(1, 1000):
            exact = -law.logsf(count - 1) / np.log(10)
            if 3 < exact < 12:
                assert tail(count, mean, spread, 1) == pytest.approx(exact, abs=0.05)
        assert tail(0, mean, spread, -1) == pytest.approx(-np.log10(law.pmf(0)))


@pytest.mark.parametrize(("before", "after"), [(100, 20), (20, 100), (50, 0)])
def test_it_takes_a_level_that_stays_for_the_new_normal(before, after):
    """Strange for a day, then no more: neither while it lasts nor in the shape of the day."""
    rng = np.random.default_rng(12)
    day = 1.0 + 0.5 * np.sin(np.arange(288) / 288 * 2 * np.pi)
    values = [float(v) for level in (before,) * 10 + (after,) * 4 for v in rng.poisson(level * day)]
    found = [reading.log10p for reading in feed(CountEngine(), values)]
    assert max(found[10 * 288 : 10 * 288 + 24]) > ALERT
    assert max(found[12 * 288 :]) < ALERT


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_a_fault_of_values_that_comes_again_is_found_again(scale):
    """An hour three units off, every other day: each of the first four, each less strange than the one before."""
    rng, days = np.random.default_rng(2), (10, 12, 14, 16)
    values = 5 + 0.5 * np.sin(np.arange(18 * 288) / 288 * 2 * np.pi) + rng.normal(0, 0.2, 18 * 288)
    for day in days:
        values[day * 288 : day * 288 + 12] += 3.0
    engine, scores, lasting = RealEngine(), [], []
    for at, value in enumerate((values * scale).tolist()):
        scores.append(engine.update(START + timedelta(minutes=5 * at), value).score)
        lasting.append(engine.lasting)
    peaks = [max(scores[day * 288 : day * 288 + 12]) for day in days]
    assert peaks == sorted(peaks, reverse=True)
    assert all(max(lasting[day * 288 : day * 288 + 12]) > 2 * reals.ALERT for day in days)
    calm = [lasting[at] for at in range(3 * 288, len(lasting)) if at % 576 >= 90 or at < 10 * 288]
    assert max(calm) < reals.ALERT


def test_a_level_of_values_that_stays_is_the_new_range():
    rng = np.random.default_rng(1)
    readings = feed(RealEngine(), [*rng.normal(0, 1, 3000).tolist(), *rng.normal(12, 1, 3000).tolist()])
    assert readings[3000].score > 0.8 and max(reading.score for reading in readings[3100:]) < 0.35


def test_values_that_were_flat_for_long_have_a_spread_again_soon():
    rng = np.random.default_rng(4)
    engine = RealEngine()
    feed(engine, [*rng.normal(7, 1, 2000).tolist(), *[7.0] * 20_000, *rng.normal(7, 1, 600).tolist()])
    assert 0.2 < engine.variance < 2.0


def test_it_goes_on_from_a_state_of_the_version_before():
    engine = CountEngine()
    feed(engine, np.random.default_rng(13).poisson(12, 900).astype(float).tolist())
    now = array("f")
    now.frombytes(engine.dump())
    without_doubt = array("f", [1.0, *now[1 : 1 + len(SCALARS)], *now[2 + len(SCALARS) :]])
    again = CountEngine.load(without_doubt.tobytes())
    assert again.dump()[4 * (2 + len(SCALARS)) :] == engine.dump()[4 * (2 + len(SCALARS)) :]


def test_it_lets_nothing_without_exposure_speak():
    engine = CountEngine()
    feed(engine, [5.0] * 300)
    assert engine.update(START, 0.0, 0.0).log10p == 0.0


def test_it_finds_faults_and_raises_few_false_alarms():
    """A short run of the bench (its full size: `python -m bench.anomalies`), on a seed of its own."""
    streams = bench.simulate(31, 12, 5)
    result = bench.judge(streams, [bench.scores(made)[:2] for made in streams], threshold=ALERT)
    assert result["false_per_stream_week"] <= 0.12
    for name, faults in result["faults"].items():
        if name in ("x10 1-20", "x10 >20", "zero >20"):
            assert faults["found"] == 1.0, name
