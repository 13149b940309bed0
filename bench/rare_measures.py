"""Bench of the engine for what is measured once a day: false alarms, drops found, cost and size of state.

    python -m bench.rare_measures [--seeds 301,302,303] [--streams 200] [--days 365]

The simulator knows nothing of the engine. A stream is the share of clicked lists of a shop's days: a base of 0.5 to
10 %, 300 to 50,000 lists a day, a shape over the week, noise from day to day and binomial counts; the interval of a
day is that of Wilson, as it is stored. After eight weeks each stream is asked about a day on which the share has
fallen.
"""

import argparse
import json
import math
import time
from datetime import UTC, datetime

import numpy as np

from anomalies.detectors.rare import STRANGE, RareEngine
from modelregistry.statistics import shares

MOMENT = datetime(2026, 3, 2, tzinfo=UTC)
WARM = 56
FALLS = (0.2, 0.35, 0.5)


def stream(rng: np.random.Generator, days: int) -> tuple[np.ndarray, int, float]:
    """(true share of each day, lists a day, noise from day to day)."""
    base = math.exp(rng.uniform(math.log(0.005), math.log(0.10)))
    lists = round(math.exp(rng.uniform(math.log(300), math.log(50_000))))
    noise = rng.uniform(0.0, 0.12)
    week = 1.0 + rng.uniform(0.0, 0.12) * np.sin(2 * math.pi * (np.arange(days) + rng.integers(7)) / 7)
    return base * week * np.exp(rng.normal(0.0, noise, days)), lists, noise


def judge(engine: RareEngine, clicked: int, lists: int) -> float:
    low, high = shares.wilson(clicked, lists)
    reading = engine.update(MOMENT, clicked / lists, ((high - low) / (2 * shares.Z95)) ** 2)
    return reading.log10p * reading.side if reading.ready else 0.0


def run(seeds: list[int], streams: int, days: int) -> dict[str, object]:
    alarms = judged = 0
    found = {fall: [0, 0] for fall in FALLS}
    spent, size = 0.0, 0
    for seed in seeds:
        rng = np.random.default_rng(seed)
        for _ in range(streams):
            truth, lists, _ = stream(rng, days)
            counts = rng.binomial(lists, np.minimum(truth, 1.0))
            engine = RareEngine()
            begun = time.process_time()
            for at, clicked in enumerate(counts):
                if at == WARM:
                    for fall in FALLS:
                        copy = RareEngine.load(engine.dump())
                        hit = int(rng.binomial(lists, truth[at] * (1 - fall)))
                        found[fall][0] += judge(copy, hit, lists) <= -STRANGE
                        found[fall][1] += 1
                alarms += judge(engine, int(clicked), lists) <= -STRANGE
                judged += at >= 7
            spent += time.process_time() - begun
            size = max(size, len(engine.dump()))
    return {
        "stream_weeks": round(judged / 7), "alarms_down": alarms, "per_stream_week": round(alarms / (judged / 7), 4),
        "found_on_the_day": {f"-{fall:.0%}": round(hit / asked, 2) for fall, (hit, asked) in found.items()},
        "cpu_us_per_point": round(spent / judged * 1e6, 1), "state_bytes": size,
    }  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="301,302,303")
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--days", type=int, default=365)
    given = parser.parse_args()
    print(json.dumps(run([int(seed) for seed in given.seeds.split(",")], given.streams, given.days), indent=2))
