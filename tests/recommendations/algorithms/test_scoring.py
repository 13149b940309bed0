"""Sums of sparse rows: the same whichever way they are made, and the scratch is left clean."""

import numpy as np
import pytest

from recommendations.algorithms import scoring

SIZES = [(1, 1), (50, 3), (4_000, 200), (4_000, 100_000)]


@pytest.mark.parametrize(("entries", "distinct"), SIZES)
def test_it_sums_each_column_once(entries: int, distinct: int) -> None:
    chance = np.random.default_rng(entries)
    columns = chance.integers(0, distinct, entries).astype(np.int32)
    values = chance.normal(size=entries).astype(np.float32)
    wanted = np.bincount(columns, values, minlength=distinct)
    for _ in range(2):
        sums = scoring.begin(distinct)
        sums.add(columns, values, np.float32(2))
        found, totals = sums.take()
        assert found.tolist() == list(dict.fromkeys(columns.tolist()))
        np.testing.assert_allclose(totals, 2 * wanted[found], rtol=1e-4, atol=1e-4)


def test_it_sums_rows_without_a_dense_result() -> None:
    matrix = (np.array([0, 2, 2, 4]), np.array([0, 2, 2, 3], np.int32), np.array([1, 2, 4, 8], np.float32))
    rows, weights = np.array([0, 1, 2]), np.array([1, 1, 0.5], np.float32)
    for _ in range(2):
        found, sums = scoring.summed_rows(matrix, rows, weights, 4)
        assert dict(zip(found.tolist(), sums.tolist(), strict=True)) == {0: 1, 2: 4, 3: 4}


def test_a_damaged_row_is_an_error_and_leaves_nothing_behind() -> None:
    """An artefact whose columns lie outside the catalogue must neither crash the process nor spoil another's sums."""
    wrong = (np.array([0, 2]), np.array([1, 9_999_999], np.int32), np.ones(2, np.float32))
    with pytest.raises(IndexError):
        scoring.summed_rows(wrong, np.array([0]), np.ones(1, np.float32), 4)
    sound = (np.array([0, 2]), np.array([1, 2], np.int32), np.ones(2, np.float32))
    found, sums = scoring.summed_rows(sound, np.array([0]), np.ones(1, np.float32), 4)
    assert dict(zip(found.tolist(), sums.tolist(), strict=True)) == {1: 1, 2: 1}
