"""Votes of shops: bounded, summed, taken out again exactly, kept through floods."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from recommendations.algorithms import elsewhere, little, shares
from recommendations.algorithms.common import Common, Together, visits
from recommendations.algorithms.data import DAY, Interactions
from recommendations.algorithms.features import ProductFeatures
from recommendations.algorithms.tokens import Tokens
from recommendations.algorithms.voices import Voice
from recommendations.algorithms.votes import PAIRS, STEPS, TOKENS, Table, Votes
from tests.recommendations.algorithms.contract import RecommenderContract

KEY = b"of this test alone"
WORDS = ("scarlet", "azure", "amber", "olive", "ivory", "sable")


def tokens(titles: list[str]) -> Tokens:
    return Tokens.of(key=KEY, titles=titles, n_products=len(titles))


def baskets(rows: list[list[int]], products: int) -> sparse.csr_array:
    matrix = np.zeros((len(rows), products), np.float32)
    for number, row in enumerate(rows):
        matrix[number, row] = 1
    return sparse.csr_array(matrix)


def voted(seed: int, *, count: int = 120) -> Votes:
    """Products are single words; neighbours in WORDS are bought together."""
    random = np.random.default_rng(seed)
    starts = random.integers(0, len(WORDS) - 1, count)
    return Votes.of(baskets([[start, start + 1] for start in starts.tolist()], len(WORDS)), tokens(list(WORDS)))


def same(one: Table, other: Table) -> bool:
    def facts(table: Table) -> dict[tuple[int, int], tuple[float, float, int, int]]:
        columns = (table.first, table.second, table.total, table.agreed, table.yes, table.asked)
        return {(int(table.names[a]), int(table.names[b])): (round(float(t), 4), round(float(g), 4), int(y), int(s))
                for a, b, t, g, y, s in zip(*columns, strict=True)}

    return facts(one) == facts(other)


def test_it_says_what_goes_together_and_nothing_that_can_be_read() -> None:
    votes = voted(1)
    assert len(votes.first) >= 3
    assert votes.strength.max() <= STEPS
    held = b"".join(array.tobytes() for array in votes.arrays().values())
    assert not [word for word in WORDS if word.encode() in held]
    other = Tokens.of(key=b"another key of sixteen", titles=list(WORDS), n_products=len(WORDS))
    assert not np.intersect1d(votes.names, other.names).size


def test_a_title_of_two_words_is_no_token() -> None:
    two, three = tokens(["red lamp"]), tokens(["old red lamp"])
    assert (len(two.names), len(three.names)) == (2, 5)
    assert len(np.intersect1d(two.names, three.names)) == 2


def test_the_sum_without_one_is_the_sum_of_the_others() -> None:
    """R79: a shop's own word is taken out of what it learns from, to the last vote."""
    all_ = [voted(seed) for seed in range(6)]
    for number in range(6):
        rest = [votes for other, votes in enumerate(all_) if other != number]
        assert same(Table.of(lambda: all_).without(all_[number]), Table.of(lambda rest=rest: rest))


def test_no_volume_is_more_than_one_voice() -> None:
    """R79: a hundred times the baskets count once; what fewer than three say does not count."""
    small, large = Table.of(lambda: [voted(seed) for seed in range(4)]), Table.of(
        lambda: [voted(0, count=12_000), *(voted(seed) for seed in range(1, 4))])
    assert large.yes.max() <= 4
    assert large.total.max() <= 4
    assert large.shops == small.shops == 4
    assert not len(Table.of(lambda: [voted(0, count=12_000), voted(1)]).first)


def test_no_shop_brings_a_pair_about_or_raises_it_by_itself() -> None:
    """Of each pair the strongest vote is left out: what one shop adds is never more than the others say already."""
    voices = [voted(seed) for seed in range(5)]
    loud = replace(voices[0], strength=np.full_like(voices[0].strength, STEPS))
    honest, louder = Table.of(lambda: voices), Table.of(lambda: [loud, *voices[1:]])
    rest = Table.of(lambda: voices[1:], least=2)
    assert (louder.agreed <= rest.total[np.isin(rest.first * 100 + rest.second, louder.first * 100 + louder.second)]
            + 1e-5).all()
    assert (honest.agreed < honest.total).all()


def test_whole_titles_have_votes_of_their_own() -> None:
    """Two equal titles are one token, however they are written; one word is none, and no other title resembles it."""
    own = tokens(["Old Red Lamp", "old  red LAMP", "lamp", "old red lamp 2"])
    whole = own.whole()
    assert whole.matrix.toarray().sum(axis=0).tolist() in ([2, 1], [1, 2])
    assert not np.isin(whole.names, own.names).any()
    voice = Voice.of(baskets([[0, 3]] * 5 + [[2]] * 5, 4), own)
    assert (len(voice.titles.names), len(voice.titles.first)) == (2, 3)  # each with itself, and the pair
    again = Voice.from_arrays(voice.arrays())
    assert np.array_equal(again.titles.names, voice.titles.names)
    assert not len(Voice.from_arrays(voice.kinds.arrays()).titles.names)


def test_a_flooded_shop_says_what_it_said_before() -> None:
    """60 orders on 60 days, then ten times as many that came in on the last one, whatever their dates."""
    own = tokens([f"old {word} lamp" for word in WORDS])
    honest = [(number * DAY, f"c{number}", [number % 5, number % 5 + 1]) for number in range(60)]
    fake = [(number % 59 * DAY + 7 + number, f"fake{number}", [0, 3]) for number in range(600)]

    def bought(orders: list[tuple[int, str, list[int]]]) -> Interactions:
        return Interactions.of(
            customers=[who for _, who, _ in orders for _ in range(2)],
            products=[f"p{item}" for *_, items in orders for item in items],
            occurred_at=np.repeat([moment for moment, *_ in orders], 2), catalogue=[f"p{item}" for item in range(6)],
        )

    before = Voice.heard(bought(honest), own)
    arrived = {moment: 60 * DAY for moment, *_ in fake}
    assert Voice.heard(bought(honest + fake), own, before=before, arrived=arrived) is before
    assert Voice.heard(bought(honest), own, before=before) is not before
    moved = Voice.heard(bought(honest + fake), own, before=before)  # had each come in on its day
    assert not np.array_equal(moved.titles.strength, before.titles.strength)


def test_what_one_shop_says_is_bounded() -> None:
    random = np.random.default_rng(3)
    titles = [f"{''.join(random.choice(list('abcdefghij'), 8))} thing" for _ in range(4_000)]
    rows = [random.integers(0, 4_000, 150).tolist() for _ in range(2_500)]
    votes = Votes.of(baskets(rows, 4_000), tokens(titles))
    assert votes.baskets == 2_000
    assert len(votes.names) <= TOKENS
    assert len(votes.first) <= PAIRS


def test_a_word_stays_as_it_was_said_unless_spoken_against() -> None:
    before = voted(1)
    random = np.random.default_rng(5)
    flood = [[0, 3]] * 900 + [random.choice(6, 2, replace=False).tolist() for _ in range(900)]
    after = Votes.of(baskets(flood, len(WORDS)), tokens(list(WORDS)), before=before)
    said = dict(zip(zip(before.first.tolist(), before.second.tolist(), strict=True), before.strength.tolist(),
                    strict=True))
    now = dict(zip(zip(after.first.tolist(), after.second.tolist(), strict=True), after.strength.tolist(), strict=True))
    assert {pair: value for pair, value in now.items() if pair in said}.items() <= said.items()
    assert len(set(said) & set(now)) >= len(said) // 2


@pytest.mark.parametrize(("fake", "counted"), [(0, 60), (4, 64), (1_200, 59)])
def test_a_day_of_a_flood_is_left_out(fake: int, counted: int) -> None:
    """60 orders on 60 days, and fake ones on the last: a few count with the day, many are not looked at."""
    moments = [number * DAY for number in range(60)] + [59 * DAY + 60 + number for number in range(fake)]
    rows = Interactions.of(customers=[f"c{number}" for number in range(len(moments)) for _ in range(2)],
                           products=["a", "b"] * len(moments), occurred_at=np.repeat(moments, 2))
    assert visits(rows).shape[0] == counted


class TestTogether(RecommenderContract):
    """Without anybody's word, as a training has it that takes no part."""

    def make(self) -> Together:
        return Together()


def test_it_lists_the_own_products_that_go_together_elsewhere() -> None:
    """The shop has sold nothing: what follows the scarlet thing is what four others say, among its own."""
    own = Tokens.of(key=KEY, titles=[f"{word} {word[::-1]}" for word in WORDS] * 2, n_products=2 * len(WORDS))
    nothing = Interactions.of(customers=[], products=[], occurred_at=[],
                              catalogue=[f"p{number:02}" for number in range(2 * len(WORDS))])
    table = Table.of(lambda: [voted(seed) for seed in range(4)])
    features = replace(ProductFeatures.of(n_products=2 * len(WORDS)), common=Common(table, own, own=1.0, others=0.1))
    fitted = Together().fit(nothing, features, seed=0)
    found, scores = fitted.similar(0)
    assert set(found[scores > 0.1].tolist()) == {1, 7}
    assert not len(Together().fit(nothing, ProductFeatures.of(n_products=12), seed=0).similar(0)[0])


def shared_by(seed: int, *, count: int = 120, before: Votes | None = None) -> Votes:
    """What a shop says of titles: neighbours in WORDS are bought together."""
    starts = np.random.default_rng(seed).integers(0, len(WORDS) - 1, count)
    whole = tokens([f"old {word}" for word in WORDS]).whole()
    rows = baskets([[start, start + 1] for start in starts.tolist()], len(WORDS))
    return shares.of(rows, whole.matrix, whole.names, before=before)


def test_how_often_titles_are_bought_counts_as_so_many_visits_at_most() -> None:
    """R79: a hundred times the visits weigh as VISITS, and each pair less the strongest shop's."""
    few, many = shared_by(1), shared_by(1, count=12_000)
    for votes, visits_ in ((few, 120), (many, shares.VISITS)):
        itself = votes.first == votes.second
        counted = votes.strength / shares.STEPS * shares.VISITS * 2**shares.LARGE
        assert counted[~itself].sum() == pytest.approx(visits_, rel=0.01)
        assert counted[itself].sum() == pytest.approx(2 * visits_, rel=0.01)
    loud = Table.of(lambda: [many, *(shared_by(seed) for seed in range(2, 5))])
    rest = Table.of(lambda: [shared_by(seed) for seed in range(2, 5)])
    assert loud.agreed.max() <= rest.total.max() + 1e-5
    assert same(loud.without(many), rest)


def test_what_was_said_of_titles_is_not_lowered_and_changes_by_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood of others leaves it; what is seen no longer goes, and what is new comes, so many at a time."""
    before = shared_by(1)
    again = shared_by(2, count=4_000, before=before)
    assert np.array_equal(again.names, before.names)
    assert (again.strength >= before.strength).all()
    monkeypatch.setattr(little, "CHANGED", 1)
    monkeypatch.setattr(shares, "CLEARLY", 1_000.0)
    whole = tokens([f"old {word}" for word in WORDS]).whole()
    other = shares.of(baskets([[0, 5]] * 200, len(WORDS)), whole.matrix, whole.names, before=before)
    said, now = ({(int(v.names[a]), int(v.names[b])): int(s) for a, b, s in
                  zip(v.first, v.second, v.strength, strict=True)} for v in (before, other))
    assert len(set(said) - set(now)) == 1
    assert sum(said.get(pair) != value for pair, value in now.items()) == 1


def test_it_lists_what_is_sold_by_the_same_titles_elsewhere() -> None:
    """The shop has sold nothing: what follows a title is what three others say, and nothing of those it lacks."""
    own = tokens([f"Old {word}" for word in WORDS[:4]])
    table = Table.of(lambda: [shared_by(seed) for seed in range(4)])
    nothing = Table.of(list)
    rows = elsewhere.rows(table, own, baskets([], 4), own=1.0, others=0.1, lam=1.0, keep=50).toarray()
    assert np.argmax(rows, axis=1).tolist()[0] == 1
    assert (rows[[0, 1, 2], [1, 2, 3]] > 0.05).all()
    assert abs(rows[0, 3]) < rows[0, 1]
    assert not elsewhere.rows(nothing, own, baskets([], 4), own=1.0, others=0.1, lam=1.0, keep=50).nnz
    common = Common(nothing, own, own=1.0, others=0.1, titles=table)
    assert not common.has_words()
    assert elsewhere.knows(table, own) == (3, 4)
