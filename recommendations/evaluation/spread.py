"""How evenly lists treat a catalogue: deciles of popularity, and the Gini coefficient."""

import numpy as np

DECILES = 10


def gini(counts: np.ndarray) -> float | None:
    """0: every product equally often; towards 1: one product has everything. None without any count.

    Half the relative mean absolute difference, from sorted values (Gini 1912).
    """
    total = float(counts.sum())
    size = len(counts)
    if not size or total <= 0:
        return None
    ranks = np.arange(1, size + 1)
    return float((2 * ranks - size - 1) @ np.sort(counts)) / (size * total)


def by_decile(popularity: np.ndarray, counts: np.ndarray) -> list[float]:
    """Shares of all counts that fall on each tenth of the products, the most popular tenth first.

    popularity    float by product; equal ones keep their order. [] with fewer products than tenths
    """
    if len(counts) < DECILES:
        return []
    order = np.argsort(-popularity, kind="stable")
    total = float(counts.sum())
    parts = np.array_split(counts[order].astype(float), DECILES)
    return [float(part.sum()) / total if total else 0.0 for part in parts]


def shares(groups: np.ndarray, worth: np.ndarray, size: int) -> list[float]:
    """The share of `worth` in each of `size` groups; int group by product, -1 = of none."""
    known = groups >= 0
    sums = np.bincount(groups[known], weights=worth[known], minlength=size)
    total = float(sums.sum())
    return [float(one) / total if total else 0.0 for one in sums]
