"""External ids and their numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.algorithms import ids
from recommendations.algorithms.ids import IdMap


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=20), unique=True, max_size=50))
def test_it_finds_every_id_again(names: list[str]) -> None:
    known = IdMap.of(names)
    assert len(known) == len(names)
    assert list(known) == names
    assert known.index(names).tolist() == list(range(len(names)))
    again = IdMap.from_arrays(known.arrays("products"), "products")
    assert again.ids(again.index(names)) == names


def test_it_answers_minus_one_for_strangers() -> None:
    known = IdMap.of(["a", "b", "äöü", ""])
    assert known.index(["b", "B", "äöü", "", "\ud800", "x" * 5_000]).tolist() == [
        1,
        -1,
        2,
        3,
        -1,
        -1,
    ]
    assert IdMap.of([]).index(["a"]).tolist() == [-1]


def test_it_compares_the_text_when_hashes_collide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "_digest", lambda raw: len(raw).to_bytes(8, "little"))
    known = IdMap.of(["aa", "b", "cc", "dd"])
    assert known.index(["dd", "aa", "ee", "b", "c"]).tolist() == [3, 0, -1, 1, -1]


def test_it_refuses_an_id_twice_and_an_index_out_of_range() -> None:
    with pytest.raises(ValueError, match="distinct"):
        IdMap.of(["a", "a"])
    with pytest.raises(IndexError):
        IdMap.of(["a"]).id(-1)


def test_it_numbers_values_by_first_appearance() -> None:
    known, codes = IdMap.encode(["b", "a", "b"])
    assert list(known) == ["b", "a"]
    assert codes.tolist() == [0, 1, 0]
