"""Bench of the two engines: false alarms and faults found on simulated streams, cost per point and size of state.

    python -m bench.anomalies [--seeds 201,202] [--shops 40] [--weeks 6] [--threshold 3.8] [--oracle]

The simulator knows nothing of the engine. A stream has a base of 0.02 to 500 events per 5 minutes, a shape over
the day and one over the week, a trend, noise from day to day, and Poisson or negative binomial counts. After two
weeks faults are put in: a burst of three times, one of ten times (an hour each), and silence for two hours. A fault
begins with a bucket; one that is found with its first bucket is found within 5 minutes. --oracle also judges one that
is told the true rate and spread of every bucket, at its lowest bar with at most 0.03 false alarms per stream-week.
"""

import argparse
import json
import statistics
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from anomalies.detectors.counts import ALERT, DOWN_COST, LEAST_EVENTS, LEAST_EXPECTED, LONGEST_UP, UP_COST, CountEngine
from anomalies.detectors.reals import RealEngine
from anomalies.detectors.tails import tail
from anomalies.detectors.windows import LENGTHS, Windows

PER_DAY = 288
START = datetime(2026, 3, 2, tzinfo=UTC)
FAULTS = {"x3": (3.0, 12), "x10": (10.0, 12), "zero": (0.0, 24)}
COOL_DOWN = 12  # buckets
GOAL = 0.03  # false alarms per stream-week
AFTER_FAULT = 72  # buckets after a fault in which an alarm is neither true nor false


@dataclass
class Stream:
    counts: np.ndarray
    rates: np.ndarray
    spread: float = 0.0
    faults: list[tuple[str, int, int, float]] = field(default_factory=list)  # kind, from, to, expected per bucket


def simulate(seed: int, shops: int, weeks: int) -> list[Stream]:
    """`shops` streams of `weeks` weeks of 5-minute counts, with faults after the second week."""
    rng = np.random.default_rng(seed)
    return [stream(rng, weeks) for _ in range(shops)]


def stream(rng: np.random.Generator, weeks: int) -> Stream:
    n = weeks * 7 * PER_DAY
    hours = np.arange(n) / 12.0
    base = np.exp(rng.uniform(np.log(0.02), np.log(500.0)))
    day = sum(rng.uniform(0.1, 0.8) / k * np.cos(2 * np.pi * (hours / 24.0 * k - rng.uniform())) for k in (1, 2))
    days = np.append(rng.normal(0.0, 0.25, 7), 0.0)
    days[7] = days[0]
    week = np.interp((hours - 12.0) % 168.0, np.arange(8) * 24.0, days)  # from noon to noon
    trend = rng.uniform(-0.5, 0.7) * hours / hours[-1]
    noise = np.interp(hours - 12.0, np.arange(weeks * 7) * 24.0, rng.normal(0.0, 0.08, weeks * 7))
    rates = base * np.exp(day + week + trend + noise)
    made = Stream(np.zeros(n), rates)
    true = rates.copy()
    at = 14 * PER_DAY + int(rng.integers(0, PER_DAY))
    while at + PER_DAY < n:
        kind = str(rng.choice(list(FAULTS)))
        times, length = FAULTS[kind]
        made.faults.append((kind, at, at + length, float(rates[at : at + length].mean())))
        true[at : at + length] *= times
        at += int(rng.integers(2 * PER_DAY, 4 * PER_DAY))
    size = rng.choice([0.0, 8.0, 30.0])
    made.spread = 1.0 / size if size else 0.0
    made.counts = rng.poisson(true * rng.gamma(size, 1.0 / size, n) if size else true).astype(float)
    return made


def scores(made: Stream, seconds: float = 300.0) -> tuple[np.ndarray, np.ndarray, float, int]:
    """Minus log10 p and side of each bucket, CPU seconds, bytes of state."""
    engine = CountEngine(seconds)
    moments = [START + timedelta(seconds=seconds * i) for i in range(len(made.counts))]
    values = made.counts.tolist()
    found, sides = np.zeros(len(values)), np.zeros(len(values), dtype=int)
    began = time.process_time()
    for index, (moment, value) in enumerate(zip(moments, values, strict=True)):
        reading = engine.update(moment, value)
        if reading.ready:
            found[index], sides[index] = reading.log10p, reading.side
    return found, sides, time.process_time() - began, len(engine.dump())


def judge(streams: list[Stream], judged: list[tuple[np.ndarray, np.ndarray]], threshold: float) -> dict:
    """False alarms per stream-week after two weeks, and per kind of fault and volume: share found, median delay."""
    false, weeks = 0, 0.0
    volumes: dict[str, int] = {}
    outcomes: dict[tuple[str, str], list[float | None]] = {}
    for made, (found, sides) in zip(streams, judged, strict=True):
        fires = found >= threshold
        spared = np.zeros(len(fires), dtype=bool)
        for kind, begin, end, expected in made.faults:
            spared[begin : end + AFTER_FAULT] = True
            side = -1 if kind == "zero" else 1
            hits = np.flatnonzero(fires[begin:end] & (sides[begin:end] == side))
            band = ">20" if expected > 20 else "1-20" if expected >= 1 else "<1"
            delay = 5.0 * (int(hits[0]) + 1) if len(hits) else None
            for name in (band, f"{band} of size {1.0 / made.spread:.0f}" if made.spread else f"{band} of Poisson"):
                outcomes.setdefault((kind, name), []).append(delay)
        begin = 14 * PER_DAY
        free = ~spared[begin:]
        weeks += free.sum() / PER_DAY / 7
        last = -COOL_DOWN
        for at in np.flatnonzero(fires[begin:] & free):
            if at - last >= COOL_DOWN:
                false += 1
                volume = ">20" if made.rates.mean() > 20 else "1-20" if made.rates.mean() >= 1 else "<1"
                volumes[volume] = volumes.get(volume, 0) + 1
            last = at
    table = {
        f"{kind} {band}": {
            "n": len(delays),
            "found": sum(d is not None for d in delays) / len(delays),
            "within": {m: sum(d is not None and d <= m for d in delays) / len(delays) for m in (5, 10, 15, 20, 50)},
            "median": statistics.median([d for d in delays if d is not None] or [float("nan")]),
        }
        for (kind, band), delays in sorted(outcomes.items())
    }
    return {
        "false_per_stream_week": false / weeks,
        "false": false,
        "by": volumes,
        "stream_weeks": weeks,
        "faults": table,
    }


def real_cost(points: int = 50_000) -> float:
    """Microseconds of CPU per point of the real-valued engine, on the logarithm of a daily curve with noise."""
    rng = np.random.default_rng(1)
    values = (5.0 + np.sin(np.arange(points) / 45.8) + rng.normal(0.0, 0.3, points)).tolist()
    moments = [START + timedelta(minutes=5 * i) for i in range(points)]
    engine = RealEngine()
    began = time.process_time()
    for moment, value in zip(moments, values, strict=True):
        engine.update(moment, value)
    return (time.process_time() - began) / points * 1e6


def oracle(made: Stream) -> tuple[np.ndarray, np.ndarray]:
    """The same windows, but told the true rate and spread of every bucket, and when a fault is over."""
    windows, found, sides = Windows(), np.zeros(len(made.counts)), np.zeros(len(made.counts), dtype=int)
    over = {end: end - begin for _, begin, end, _ in made.faults}
    for at, (count, rate) in enumerate(zip(made.counts.tolist(), made.rates.tolist(), strict=True)):
        if at in over:
            windows.forget(over[at])
        windows.push(count, rate)
        for index, length in enumerate(LENGTHS):
            seen, expected = windows.counts[index], windows.expectations[index]
            way = 1 if seen > expected else -1
            if (way > 0 and (length > LONGEST_UP or seen < LEAST_EVENTS)) or (way < 0 and expected <= LEAST_EXPECTED):
                continue
            cost = UP_COST[index] if way > 0 else DOWN_COST
            chance = tail(seen, expected, max(made.spread / length, 1e-6), way) - cost
            if chance > found[at]:
                found[at], sides[at] = chance, way
    return found, sides


def judge_oracle(streams: list[Stream], judged: list[tuple[np.ndarray, np.ndarray]]) -> dict:
    """At the lowest bar, in steps of 0.05, that raises no more false alarms than the goal allows."""
    for step in range(40, 200):
        result = judge(streams, judged, step / 20.0)
        if result["false_per_stream_week"] <= GOAL:
            break
    return {"bar": step / 20.0, **result}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="201,202,203")
    parser.add_argument("--shops", type=int, default=40)
    parser.add_argument("--weeks", type=int, default=6)
    parser.add_argument("--threshold", type=float, default=ALERT)
    parser.add_argument("--oracle", action="store_true", help="also judge one that knows the true rates")
    parser.add_argument("--json")
    told = parser.parse_args()
    streams = [made for seed in told.seeds.split(",") for made in simulate(int(seed), told.shops, told.weeks)]
    runs = [scores(made) for made in streams]
    result = judge(streams, [run[:2] for run in runs], told.threshold)
    result["cpu_us_per_count"] = 1e6 * sum(run[2] for run in runs) / sum(len(made.counts) for made in streams)
    result["cpu_us_per_value"] = real_cost()
    result["state_bytes"] = {"count": max(run[3] for run in runs), "real": len(RealEngine().dump())}
    if told.oracle:
        result["oracle"] = judge_oracle(streams, [oracle(made) for made in streams])
    text = json.dumps(result, indent=1)
    if told.json:
        Path(told.json).write_text(text)
    print(text)


if __name__ == "__main__":
    main()
