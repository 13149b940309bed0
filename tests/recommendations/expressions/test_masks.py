"""Masks over arrays say what a reader of single products says; texts survive printing."""

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommendations import expressions
from tests.recommendations.expressions import making, oracle
from tests.recommendations.expressions.catalogue import Rows, told

CALM = settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))


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
    assert expression.mask(Rows(rows), **beside).tolist() == wanted
    at = np.array(data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=20)), np.int32)
    assert expression.mask(Rows(rows), at, **beside).tolist() == [wanted[i] for i in at]
    if not expression.fields:
        assert expression.holds(**beside) is wanted[0]


@CALM
@given(making.CONDITIONS)
def test_it_reads_what_it_printed_as_the_same(condition):
    root = expressions.parse(oracle.written(condition)).root
    assert expressions.parse(expressions.printed(root)).root == root
    assert expressions.describe(expressions.parse(oracle.written(condition)))
