"""Sums of sparse rows: the same whichever way they are made, and the scratch is left clean."""

import numpy as np
import pytest

from recommendations.algorithms.scoring import accumulate, summed


@pytest.mark.parametrize(("entries", "distinct"), [(1, 1), (50, 3), (4_000, 200), (4_000, 100_000)])
def test_it_sums_each_column_once(entries, distinct):
    chance = np.random.default_rng(entries)
    columns = chance.integers(0, distinct, entries).astype(np.int32)
    values = chance.normal(size=entries).astype(np.float32)
    wanted = np.bincount(columns, values, minlength=distinct)
    for _ in range(2):
        found, totals = summed(columns, values, distinct)
        assert sorted(found.tolist()) == np.unique(columns).tolist()
        np.testing.assert_allclose(totals, wanted[found], rtol=1e-4, atol=1e-4)
        repeated, same = accumulate(columns, values, distinct)
        np.testing.assert_allclose(same, wanted[repeated], rtol=1e-4, atol=1e-4)
