"""Bench of what chance allows: how many threefold bursts two buckets can show, at so many false alarms.

    python -m bench.burst_limit [--buckets 4000000] [--seed 5]

One stream of negative binomial counts of size 8 whose rate is known and does not change. All its false alarms are spent
on the newest bucket and the newest two, in the best shares. Found is a burst that one of its first two buckets shows.
"""

import argparse

import numpy as np

SIZE, TIMES, PER_WEEK, COOL_DOWN = 8.0, 3.0, 2016, 12


def counts(rng: np.random.Generator, mean: float, shape: int | tuple[int, ...]) -> np.ndarray:
    return rng.poisson(mean * rng.gamma(SIZE, 1.0 / SIZE, shape))


def best(rng: np.random.Generator, mean: float, chance: float, buckets: int) -> tuple[float, float]:
    """(share of bursts found within two buckets, false alarms per week), where the better share of the chance is given
    to one bucket or to two."""
    calm = counts(rng, mean, buckets)
    pairs = calm[1:] + calm[:-1]
    burst, before = counts(rng, TIMES * mean, (buckets // 10, 2)), counts(rng, mean, buckets // 10)
    found = (0.0, 0.0)
    for share in (0.1, 0.3, 0.5, 0.7, 0.9):
        bar, bar_of_two = np.quantile(calm, 1 - chance * share), np.quantile(pairs, 1 - chance * (1 - share))
        hits = (burst > bar).any(axis=1) | (burst[:, 0] + before > bar_of_two) | (burst.sum(axis=1) > bar_of_two)
        fires = np.flatnonzero((calm[1:] > bar) | (pairs > bar_of_two))
        false = int((np.diff(fires, prepend=-COOL_DOWN) >= COOL_DOWN).sum())
        found = max(found, (float(hits.mean()), false / buckets * PER_WEEK))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--buckets", type=int, default=4_000_000)
    parser.add_argument("--seed", type=int, default=5)
    told = parser.parse_args()
    rng = np.random.default_rng(told.seed)
    for mean in (20.0, 30.0, 100.0, 300.0):
        for chance in (1e-5, 4e-5, 1e-4, 2e-4, 4e-4):
            share, false = best(rng, mean, chance, told.buckets)
            print(f"{mean:5.0f} events a bucket: {share:.3f} found at {false:.3f} false alarms a week")


if __name__ == "__main__":
    main()
