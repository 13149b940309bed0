"""Audiences: who is in one, how many, a sample; strict reading; pages of their own; files of ids."""

from typing import Any

import pytest

from luxebrain.lib.problems import NotFound, Problem
from recommendations import audiences, saved_audiences
from tests import make


def told(shop: Any, asked: dict[str, Any]) -> list[str]:
    """The members, asked for from outside; count and sample agree with them."""
    found = list(audiences.members(shop, asked))
    with make.inside(shop) as entered:
        assert audiences.count(entered, asked) == len(found)
        assert set(audiences.sample(entered, asked)) <= set(found)
        assert list(audiences.members(entered, asked)) == found
    return found


@pytest.fixture
def shop(acme: Any) -> Any:
    make.product(acme, "boot", categories=["Shoes"])
    make.product(acme, "hat", categories=["Hats", "Sale"])
    people = {name: make.customer(acme, name) for name in ("ann", "bob", "cleo", "dan")}
    make.order(acme, ["boot"], customer=people["ann"], days_ago=10)
    make.order(acme, ["boot", "hat"], customer=people["bob"], days_ago=200)
    make.order(acme, ["hat"], customer=people["bob"], days_ago=400)
    make.order(acme, ["hat"], customer=people["cleo"], days_ago=3, state="refunded")
    return acme


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"kind": "all"}, ["ann", "bob", "cleo", "dan"]),
        ({"kind": "ordered_within", "days": 90}, ["ann"]),
        ({"kind": "ordered_within", "days": 365}, ["ann", "bob"]),
        ({"kind": "not_ordered_within", "days": 90}, ["bob"]),
        ({"kind": "spent", "least": "10.00"}, ["ann", "bob"]),
        ({"kind": "spent", "least": "30"}, ["bob"]),
        ({"kind": "spent", "least": "30.01"}, []),
        ({"kind": "bought_in", "category": "Shoes"}, ["ann", "bob"]),
        ({"kind": "bought_in", "category": "Sale"}, ["bob"]),
        ({"kind": "ids", "ids": ["dan", "nobody"]}, ["dan", "nobody"]),
    ],
)  # fmt: skip
def test_it_finds_the_customers_of_every_kind(shop: Any, globex: Any, asked: dict, expected: list[str]) -> None:
    """R11: who ordered, did not order any more, spent, bought in a category; refunded orders do not count."""
    make.order(globex, ["boot"], customer=make.customer(globex, "gina"), days_ago=1)
    with make.inside(shop) as entered:
        clean = audiences.read(entered, asked)
    assert told(shop, clean) == expected


def test_it_reads_page_by_page_and_goes_on_after_a_mark(shop: Any) -> None:
    seen, after = [], ""
    for page, after in audiences.pages(shop, {"kind": "all"}, size=3):
        seen.append((page, after))
    assert [page for page, _ in seen] == [["ann", "bob", "cleo"], ["dan"]]
    assert list(audiences.pages(shop, {"kind": "all"}, after=seen[0][1])) == [(["dan"], after)]
    listed = {"kind": "ids", "ids": ["x", "y", "z"]}
    first = next(audiences.pages(shop, listed, size=2))
    assert first[0] == ["x", "y"]
    assert [page for page, _ in audiences.pages(shop, listed, after=first[1])] == [["z"]]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (None, "audience"),
        ([], "audience"),
        ({}, "audience.kind"),
        ({"kind": "everybody"}, "audience.kind"),
        ({"kind": ["all"]}, "audience.kind"),
        ({"kind": "all", "days": 3}, "audience.days"),
        ({"kind": "ordered_within"}, "audience.days"),
        ({"kind": "ordered_within", "days": 0}, "audience.days"),
        ({"kind": "ordered_within", "days": True}, "audience.days"),
        ({"kind": "spent", "least": "-3"}, "audience.least"),
        ({"kind": "spent", "least": "NaN"}, "audience.least"),
        ({"kind": "bought_in", "category": "Gloves"}, "audience.category"),
        ({"kind": "ids", "ids": []}, "audience.ids"),
        ({"kind": "ids", "ids": ["a\x00"]}, "audience.ids"),
        ({"kind": "ids", "ids": [str(n) for n in range(1001)]}, "audience.ids"),
        ({"kind": "saved", "id": 4}, "audience.id"),
        ({"kind": "saved", "id": "4"}, "audience.id"),
        ({"kind": "saved", "id": 10**30}, "audience.id"),
    ],
)  # fmt: skip
def test_it_says_of_every_field_what_is_wrong(shop: Any, asked: Any, field: str) -> None:
    with make.inside(shop) as entered, pytest.raises(Problem) as caught:
        audiences.read(entered, asked)
    assert [error["field"] for error in caught.value.errors] == [field]
    assert caught.value.errors[0]["message"].endswith(".")


def test_it_keeps_an_audience_under_a_name(shop: Any, globex: Any, ana: Any) -> None:
    """R11: a saved audience is answered from the rows of the moment; a stranger's is unknown."""
    with make.inside(shop) as entered:
        row = saved_audiences.save(entered, "Lately", {"kind": "ordered_within", "days": 90}, by=ana)
        asked = audiences.read(entered, {"kind": "saved", "id": row.pk})
        with pytest.raises(Problem) as caught:
            saved_audiences.save(entered, "Lately", {"kind": "all"}, by=ana)
        assert caught.value.errors[0]["field"] == "name"
        assert audiences.describe(entered, asked) == "Lately"
    assert told(shop, asked) == ["ann"]
    with make.inside(globex) as entered, pytest.raises(Problem):
        audiences.read(entered, asked)
    with make.inside(shop) as entered:
        saved_audiences.remove(entered, row.pk, by=ana)
        with pytest.raises(NotFound):
            saved_audiences.remove(entered, row.pk, by=ana)
    with pytest.raises(Problem, match="gone"):
        list(audiences.members(shop, asked))


def test_it_keeps_the_ids_of_a_file_once_each_in_their_order(shop: Any, ana: Any) -> None:
    """R11: an upload is an audience too, unknown ids among it, to be told."""
    ids = [f"x{n}" for n in range(4500)] + ["ann", "x7", "bob"]
    with make.inside(shop) as entered:
        row = saved_audiences.keep_ids(entered, iter(ids), filename="vip.csv", by=ana)
        assert row.size == 4502
        assert audiences.unknown(entered, ["x1", "ann", "x0"]) == ["x1", "x0"]
    asked = {"kind": "saved", "id": row.pk}
    assert told(shop, asked) == ids[:4501] + ["bob"]
    with make.inside(shop) as entered:
        assert audiences.sample(entered, asked) == ["ann", "bob"]
        with pytest.raises(Problem, match="names no customer"):
            saved_audiences.keep_ids(entered, iter([]), filename="empty.csv", by=ana)


def test_it_forgets_an_erased_customer(shop: Any, ana: Any) -> None:
    with make.inside(shop) as entered:
        file = saved_audiences.keep_ids(entered, ["ann", "bob"], filename="vip.csv", by=ana)
        few = saved_audiences.save(entered, "Few", {"kind": "ids", "ids": ["ann", "cleo"]}, by=ana)
        assert saved_audiences.forget(entered, "ann") == 2
        assert saved_audiences.forget(entered, "ann") == 0
    assert told(shop, {"kind": "saved", "id": file.pk}) == ["bob"]
    assert told(shop, {"kind": "saved", "id": few.pk}) == ["cleo"]
