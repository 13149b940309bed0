"""Bench of the engine of values as streams use it: false alarms and faults found by kind of noise.

    python -m bench.values [--seeds 41,42,43] [--streams 10] [--weeks 6] [--bar 0.2]

Streams of five minutes: plain noise; with a day's shape and noise from day to day; with outliers of 4 to 12 standard
deviations every other day; with Student's t of 4 degrees; with noise that remembers (0.9); a random walk; with a trend.
After two weeks, every two to five days, a fault: an hour eight deviations off, or four hours five off. An alarm is
what the last two points confirm (RealEngine.lasting). False alarms are counted from the first point on.
"""

import argparse
import json
from datetime import UTC, datetime, timedelta

import numpy as np

from anomalies.detectors.reals import ALERT, RealEngine

PER_DAY = 288
START = datetime(2026, 3, 2, tzinfo=UTC)
COOL_DOWN, AFTER_FAULT = 12, 72  # buckets
FAULTS = {"hour": (12, 8.0), "hours": (48, 5.0)}  # length in buckets, deviations
KINDS = ("plain", "season", "season outliers", "season heavy", "season memory", "walk", "season trend memory")


def noise(rng: np.random.Generator, kind: str, n: int) -> np.ndarray:
    found = rng.standard_t(4, n) / np.sqrt(2.0) if "heavy" in kind else rng.normal(0.0, 1.0, n)
    if "memory" in kind:
        for at in range(1, n):
            found[at] = 0.9 * found[at - 1] + 0.436 * found[at]
    if "outliers" in kind:
        odd = rng.random(n) < 1.0 / (2 * PER_DAY)
        found += odd * rng.choice([-1.0, 1.0], n) * rng.uniform(4.0, 12.0, n)
    return found


def stream(rng: np.random.Generator, kind: str, weeks: int) -> tuple[np.ndarray, list[tuple[str, int, int]]]:
    """(values, faults as (kind, from, to))."""
    n = weeks * 7 * PER_DAY
    hours = np.arange(n) / 12.0
    values = rng.uniform(-3.0, 5.0) + rng.uniform(0.03, 0.3) * noise(rng, kind, n)
    if "season" in kind:
        values += rng.uniform(0.1, 1.0) * np.cos(2 * np.pi * (hours / 24.0 - rng.uniform()))
        values += np.repeat(rng.normal(0.0, 0.1, weeks * 7), PER_DAY)
    if "walk" in kind:
        values += np.cumsum(rng.normal(0.0, 0.01, n))
    if "trend" in kind:
        values += rng.uniform(-0.5, 0.5) * hours / hours[-1]
    scale, faults = values[: 14 * PER_DAY].std(), []
    at = 14 * PER_DAY + int(rng.integers(0, PER_DAY))
    while at + PER_DAY < n:
        name = str(rng.choice(list(FAULTS)))
        length, size = FAULTS[name]
        values[at : at + length] += size * scale * rng.choice([-1.0, 1.0])
        faults.append((name, at, at + length))
        at += int(rng.integers(2 * PER_DAY, 5 * PER_DAY))
    return values, faults


def alarms(values: np.ndarray, bar: float, *, lasting: bool) -> np.ndarray:
    """Which points alarm. lasting=False: by the score of each point alone."""
    engine, fires = RealEngine(), np.zeros(len(values), dtype=bool)
    for at, value in enumerate(values.tolist()):
        reading = engine.update(START + timedelta(minutes=5 * at), value)
        fires[at] = reading.ready and (engine.lasting if lasting else reading.score) >= bar
    return fires


def run(kind: str, seeds: list[int], streams: int, weeks: int, bar: float, *, lasting: bool = True) -> dict[str, float]:
    false, free_weeks = 0, 0.0
    found: dict[str, list[bool]] = {name: [] for name in FAULTS}
    for seed in seeds:
        rng = np.random.default_rng(seed)
        for _ in range(streams):
            values, faults = stream(rng, kind, weeks)
            fires = alarms(values, bar, lasting=lasting)
            free = np.ones(len(values), dtype=bool)
            for name, begin, end in faults:
                free[begin : end + AFTER_FAULT] = False
                found[name].append(bool(fires[begin:end].any()))
            places = np.flatnonzero(fires & free)
            false += int((np.diff(places, prepend=-COOL_DOWN) >= COOL_DOWN).sum())
            free_weeks += free.sum() / PER_DAY / 7
    shares = {name: sum(hits) / len(hits) for name, hits in found.items()}
    return {"false": false, "stream_weeks": free_weeks, "false_per_stream_week": false / free_weeks, **shares}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="41,42,43")
    parser.add_argument("--streams", type=int, default=10)
    parser.add_argument("--weeks", type=int, default=6)
    parser.add_argument("--bar", type=float, default=ALERT)
    parser.add_argument("--alone", action="store_true", help="by the score of each point alone")
    told = parser.parse_args()
    seeds = [int(seed) for seed in told.seeds.split(",")]
    table = {kind: run(kind, seeds, told.streams, told.weeks, told.bar, lasting=not told.alone) for kind in KINDS}
    print(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
