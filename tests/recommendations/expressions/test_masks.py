"""Masks over arrays say what a reader of single products says; texts survive printing."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommendations import expressions
from tests.recommendations.expressions import making, oracle
from tests.recommendations.expressions.catalogue import Rows, told

CALM = settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))


@CALM
@given(
    st.lists(making.PRODUCTS, min_size=1, max_size=12),
    making.CONDITIONS,
    making.CONTEXTS,
    making.SHOPPERS,
    st.data(),
)
def test_it_says_of_all_products_what_is_said_of_each(rows, condition, context, shopper, data):
    expression = expressions.parse(oracle.written(condition))
    wanted = [oracle.holds(condition, row, context, shopper) for row in rows]
    beside = {"context": told(context), "shopper": told(shopper)}
    columns = Rows(rows)
    assert expression.mask(columns, **beside).tolist() == wanted
    at = np.array(data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=20)), np.int32)
    assert expression.mask(columns, at, **beside).tolist() == [wanted[i] for i in at]
    if not expression.fields:
        assert expression.holds(**beside) is wanted[0]


@CALM
@given(making.CONDITIONS)
def test_it_reads_what_it_printed_as_the_same(condition):
    root = expressions.parse(oracle.written(condition)).root
    assert expressions.parse(expressions.printed(root)).root == root
    assert expressions.describe(expressions.parse(oracle.written(condition)))


LARGE = [
    {
        "id": f"P-{n}", "title": f"Thing {n}", "brand": ("Acme", None)[n % 2],
        "price": n / 4 if n % 5 else None, "stock": n % 3, "age_days": n, "popularity": n / 800,
        "in_stock": bool(n % 3), "published": n % 7 != 0, "categories": [f"c{n % 40}"],
        "tags": [f"t{n % 11}", f"T{n % 13}"][: n % 3], "attributes": {"size": str(n % 50)},
    }
    for n in range(800)
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ('title contains "9"', lambda row: "9" in row["title"]),
        ('title starts with "THING 7"', lambda row: row["title"].startswith("Thing 7")),
        ('tags starts with "t1"', lambda row: any(tag.casefold().startswith("t1") for tag in row["tags"])),
        ('id in ["p-5", "P-700", "x"]', lambda row: row["id"] in ("P-5", "P-700")),
        (f"age_days in {list(range(0, 400, 2))}", lambda row: row["age_days"] in range(0, 400, 2)),
        ("in_stock != published", lambda row: row["in_stock"] != row["published"]),
        ("price * 2 in [5, 10, 10.5]", lambda row: row["price"] in (2.5, 5, 5.25)),
        ("attributes.size > 47", lambda row: int(row["attributes"]["size"]) > 47),
        ("stock / (stock - 1) == 2", lambda row: row["stock"] == 2),
        ('not (tags contains "t3" or price > 10)', lambda row: "t3" not in row["tags"] and "T3" not in row["tags"]
         and not (row["price"] or 0) > 10),
    ],
)  # fmt: skip
def test_it_looks_up_in_a_large_catalogue_as_in_a_small_one(text, holds):
    """First some products, then all, then some again: what was kept in between says the same."""
    columns, expression = Rows(LARGE), expressions.parse(text)
    wanted = [bool(holds(row)) for row in LARGE]
    assert 0 < sum(wanted) < len(LARGE)
    some = np.arange(0, 800, 9, dtype=np.int32)[:40]
    for _ in range(2):
        assert expression.mask(columns, some).tolist() == [wanted[i] for i in some]
        assert expression.mask(columns).tolist() == wanted


def test_it_hands_out_no_column_of_the_catalogue():
    columns = Rows(LARGE)
    expressions.parse("in_stock").mask(columns)[:] = True
    assert columns.flag("in_stock").tolist() == [row["in_stock"] for row in LARGE]


def test_it_keeps_a_bounded_number_of_looked_up_texts():
    titles = Rows(LARGE).text("title")
    for n in range(100):
        titles.holding("contains", str(n))
    assert len(titles._kept) <= 16
