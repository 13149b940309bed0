"""docs/filters.md is true: its examples are run, its errors are made."""

import json
import re
from pathlib import Path

import pytest

from recommendations import expressions
from tests.recommendations.expressions.catalogue import Rows, told

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "filters.md").read_text()
TOLD = json.loads(re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)[1])
EXAMPLES = re.findall(r"^\|(?:[^|]*\|)? `([^`|]+)` \| ([a-z, ]+) \|$", PAGE, re.MULTILINE)
ERRORS = re.findall(r"^\| `([^`|]+)` \| (\d+) \| (.+) \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("text", "wanted"), EXAMPLES)
def test_it_holds_for_the_products_that_the_page_says(text, wanted):
    products = TOLD["products"]
    found = expressions.parse(text).mask(Rows(products), context=told(products[0]), shopper=told(TOLD["shopper"]))
    assert [product["id"] for product, holds in zip(products, found, strict=True) if holds] == wanted.split(", ")


@pytest.mark.parametrize(("text", "column", "message"), ERRORS)
def test_it_says_what_is_wrong_as_the_page_does(text, column, message):
    with pytest.raises(expressions.ExpressionError) as caught:
        expressions.parse(text)
    assert (caught.value.message, caught.value.column) == (message, int(column))


def test_it_reads_all_examples_of_the_page():
    assert len(EXAMPLES) == PAGE.count("| boot") + PAGE.count("| sock") + PAGE.count("| tee") + PAGE.count("| card")
    assert len(ERRORS) == 10


@pytest.mark.parametrize("name", expressions.FIELDS)
def test_it_names_every_field(name):
    assert name.removeprefix("context.").split(".attributes")[0] in PAGE
