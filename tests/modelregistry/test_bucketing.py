"""Bucketing: the published vectors, fair shares, and moves in one direction only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelregistry import bucketing

SUBJECTS = st.text(min_size=1, max_size=64)


@pytest.mark.parametrize(
    ("subject", "expected"),
    [("1", 11), ("2", 12), ("42", 74), ("user-1", 20), ("user-2", 75), ("alice@example.com", 24)],
)
def test_it_gives_the_buckets_of_the_requirements(subject: str, expected: int) -> None:
    """R35: MD5 modulo 100 of the plain key."""
    assert bucketing.bucket("", subject) == expected


@pytest.mark.parametrize(("subject", "expected"), [("1", 19), ("2", 38), ("42", 27), ("user-1", 0)])
def test_it_salts_the_bucket_with_the_experiment(subject: str, expected: int) -> None:
    """R35: MD5 modulo 100 of `experiment:subject`."""
    assert bucketing.bucket("recommendation", subject) == expected


@pytest.mark.parametrize("share", [1, 5, 10, 33, 50, 90, 99])
def test_it_splits_ten_thousand_ids_within_two_points(share: int) -> None:
    """R35."""
    of_b = sum(bucketing.arm("spring", f"customer-{number}", (100 - share, share)) for number in range(10_000))
    assert abs(of_b / 100 - share) <= 2


def test_it_splits_in_hundredths_of_a_per_cent() -> None:
    of_b = sum(bucketing.arm("spring", f"customer-{number}", (9_950, 50)) for number in range(100_000))
    assert 0.4 <= of_b / 1000 <= 0.6


@given(SUBJECTS, st.text(max_size=40), st.integers(0, 100), st.integers(0, 100))
def test_it_moves_subjects_in_one_direction_only(subject: str, key: str, one: int, other: int) -> None:
    """R35: a larger share of B takes subjects from A and gives none back."""
    small, large = sorted((one, other))
    before = bucketing.arm(key, subject, (100 - small, small))
    after = bucketing.arm(key, subject, (100 - large, large))
    assert before <= after
    if small == large:
        assert before == after


@given(SUBJECTS, st.text(max_size=40), st.integers(0, 10_000), st.integers(0, 10_000))
def test_it_moves_in_one_direction_in_small_steps_too(subject: str, key: str, one: int, other: int) -> None:
    small, large = sorted((one, other))
    shares = (10_000 - small, small), (10_000 - large, large)
    assert bucketing.arm(key, subject, shares[0]) <= bucketing.arm(key, subject, shares[1])


@given(SUBJECTS, st.lists(st.integers(0, 100), min_size=1, max_size=6))
def test_it_finds_an_arm_for_every_subject_of_full_shares(subject: str, parts: list[int]) -> None:
    shares = [*parts, 100 - sum(parts)] if sum(parts) <= 100 else [100]
    arm = bucketing.arm("key", subject, shares)
    assert shares[arm] > 0
    assert arm == bucketing.arm("key", subject, list(shares))


def test_it_makes_two_experiments_independent() -> None:
    """Half of those in A of one are in A of the other."""
    ids = [f"s-{number}" for number in range(10_000)]
    both = sum(bucketing.arm("x", one, (50, 50)) == bucketing.arm("y", one, (50, 50)) for one in ids)
    assert abs(both / 100 - 50) <= 2


@pytest.mark.parametrize("shares", [(50, 49), (50, 51), (-1, 101), (), (0, 0)])
def test_it_refuses_shares_that_are_none(shares: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="sum up to"):
        bucketing.arm("key", "subject", shares)
