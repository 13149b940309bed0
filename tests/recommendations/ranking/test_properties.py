"""What holds for the ranking steps whatever the candidates, by drawn pools."""

from types import SimpleNamespace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as some
from scipy import sparse

from recommendations import ranking
from recommendations.ranking import Pool, Trace

SHARES = some.floats(0, 1, width=32)
CATALOGUE = 60


@some.composite
def pools(draw: Any, *, least: int = 0) -> Pool:
    items = draw(some.lists(some.integers(0, CATALOGUE - 1), unique=True, min_size=least, max_size=40))
    scores = draw(some.lists(some.floats(0, 100, width=32), min_size=len(items), max_size=len(items)))
    sources = np.zeros(len(items), np.uint8)
    return Pool(np.array(items, np.int32), np.array(sorted(scores, reverse=True), np.float32), sources)


@some.composite
def labels(draw: Any) -> Any:
    """Texts over the whole catalogue, -1 for none."""
    codes = draw(some.lists(some.integers(-1, 5), min_size=CATALOGUE, max_size=CATALOGUE))
    return SimpleNamespace(codes=np.array(codes, np.int32))


def features(count: int, seed: int) -> Any:
    drawn = sparse.random_array((count, 12), density=0.3, rng=np.random.default_rng(seed), format="csr")
    lengths = np.sqrt(drawn.multiply(drawn).sum(axis=1))
    return sparse.diags_array(1 / np.maximum(lengths, 1e-9)) @ drawn


def same(made: Pool, before: Pool) -> bool:
    """Nothing came, went or changed its score."""
    pairs = zip(made.items.tolist(), made.scores.tolist(), strict=True)
    return dict(pairs) == dict(zip(before.items.tolist(), before.scores.tolist(), strict=True))


def falls(pool: Pool) -> bool:
    return bool((np.diff(pool.scores) <= 0).all())


@given(pools(), SHARES, some.integers(1, 20), some.integers(0, 9))
def test_diversity_only_reorders_and_keeps_the_best_first(pool: Pool, strength: float, limit: int, seed: int) -> None:
    before = pool.items.copy()
    made = ranking.diversify(pool, limit, strength, features(len(pool), seed))
    assert same(made, pool)
    assert np.array_equal(pool.items, before)
    if len(pool) and strength < 1:
        assert made.items[0] == pool.items[0]
    if not strength:
        assert np.array_equal(made.items, pool.items)


@given(pools(), labels(), some.integers(1, 4), some.integers(1, 20))
def test_a_cap_holds_in_front_and_loses_nobody(pool: Pool, brands: Any, most: int, limit: int) -> None:
    made = ranking.cap(pool, brands, most, limit, why="brand")
    assert same(made, pool)
    own = brands.codes[pool.items]
    room = sum(min(int((own == code).sum()), most) for code in range(6)) + int((own < 0).sum())
    front = brands.codes[made.items[: min(limit, room)]]
    assert max(np.bincount(front[front >= 0], minlength=1)) <= most


@given(pools(), SHARES)
def test_relevance_keeps_a_beginning(pool: Pool, least: float) -> None:
    made = ranking.relevant(pool, least)
    assert np.array_equal(made.items, pool.items[: len(made)])
    if len(pool):
        assert len(made) > 0


@given(pools(), some.integers(0, 2**31))
def test_variants_leave_one_of_each_group_its_best(pool: Pool, seed: int) -> None:
    groups = np.random.default_rng(seed).integers(-1, 5, len(pool)).astype(np.int32)
    made = ranking.collapse(pool, groups)
    left = groups[np.isin(pool.items, made.items)]
    assert len(set(left[left >= 0])) == int((left >= 0).sum()) == len(set(groups[groups >= 0]))
    assert int((left < 0).sum()) == int((groups < 0).sum())
    for group in set(groups[groups >= 0].tolist()):
        assert pool.items[groups == group][0] in made.items
    assert falls(made)


@given(pools(), some.lists(some.floats(0, 5, width=16), min_size=40, max_size=40), SHARES)
def test_boosts_and_novelty_leave_the_scores_falling(pool: Pool, factors: list[float], strength: float) -> None:
    own = np.array(factors[: len(pool)], np.float32)
    for made in (ranking.boost(pool, own), ranking.novel(pool, np.minimum(own / 5, 1), strength)):
        assert falls(made)
        assert set(made.items.tolist()) == set(pool.items.tolist())


@given(pools(), SHARES, some.integers(0, 2**32 - 1))
def test_rotation_is_the_same_for_a_seed_and_only_reorders(pool: Pool, strength: float, seed: int) -> None:
    made = ranking.rotate(pool, strength, seed)
    assert same(made, pool)
    assert np.array_equal(made.items, ranking.rotate(pool, strength, seed).items)


@given(pools(), some.lists(some.tuples(some.integers(0, CATALOGUE - 1), some.integers(1, 12)), max_size=6))
def test_pins_stand_at_their_places_and_once(pool: Pool, pins: list[tuple[int, int]]) -> None:
    made = ranking.pin(pool, pins, source=1)
    assert len(set(made.items.tolist())) == len(made)
    assert set(made.items.tolist()) == set(pool.items.tolist()) | {item for item, _ in pins}
    if pins:
        item, place = pins[0]
        assert made.items.tolist().index(item) <= place - 1
        if place <= len(made) - len({each for each, _ in pins}):
            assert made.items[place - 1] == item
    rest = [item for item in made.items.tolist() if item not in {each for each, _ in pins}]
    assert rest == [item for item in pool.items.tolist() if item not in {each for each, _ in pins}]


@given(pools(), SHARES, some.integers(0, 99))
def test_a_trace_changes_nothing_and_names_what_moved(pool: Pool, strength: float, seed: int) -> None:
    trace = Trace()
    made = ranking.rotate(pool, strength, seed, trace=trace)
    assert np.array_equal(made.items, ranking.rotate(pool, strength, seed).items)
    moved = {int(one) for one, other in zip(made.items, pool.items, strict=True) if one != other}
    assert {item for _, item, _, _ in trace.notes} == moved
