"""The assortment follows the catalogue: what a change leaves as it is stays, and everything is as if made anew."""

from typing import Any

import numpy as np
import pytest
from django.db.models.functions import Now

from recommendations.assortment import Assortment
from recommendations.window import Window
from tests import make

COLUMNS = {
    "price": lambda one: one.number("price"), "stock": lambda one: one.number("stock"),
    "published": lambda one: one.flag("published"), "in_stock": lambda one: one.flag("in_stock"),
    "brand": lambda one: one.text("brand"), "categories": lambda one: one.words("categories"),
    "colour": lambda one: one.attribute("colour"), "newest": lambda one: one.newest,
    "popularity": lambda one: one.popularity, "id": lambda one: one.text("id"),
}  # fmt: skip


@pytest.fixture
def shop(acme: Any) -> Any:
    for number in range(6):
        make.product(
            acme, f"p{number}", price=number + 1, stock=3, brand="Blue" if number % 2 else "Red",
            categories=["Cups"] if number < 3 else ["Plates"], attributes={"colour": "green"},
        )  # fmt: skip
    return acme


def told(column: Any) -> Any:
    if isinstance(column, np.ndarray):
        return column.tolist()
    values = [column.values[code] if code >= 0 else None for code in column.codes]
    return (values, column.indptr.tolist()) if hasattr(column, "indptr") else values


def change(shop: Any, window: Window, name: str, **values: Any) -> None:
    shop.products.filter(external_id=name).update(**values, updated_at=Now())
    with make.inside(shop) as tenant:
        window.refresh(tenant)


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ({"stock": 0}, COLUMNS.keys() - {"stock", "in_stock"}),
        ({"price": 99}, COLUMNS.keys() - {"price"}),
        ({"is_published": False}, COLUMNS.keys() - {"published"}),
        ({"brand": "Green"}, COLUMNS.keys() - {"brand"}),
        ({"categories": ["Plates", "New"]}, COLUMNS.keys() - {"categories"}),
        ({"attributes": {"colour": "black"}}, COLUMNS.keys() - {"colour"}),
        ({"title": "Another title"}, COLUMNS.keys()),
    ],
    ids=["stock", "price", "published", "brand", "categories", "attributes", "title"],
)
def test_a_change_takes_only_what_it_touches(shop: Any, values: dict[str, Any], kept: set[str]) -> None:
    window = Window()
    with make.inside(shop) as tenant:
        window.refresh(tenant)
    held = Assortment(window, None)
    before = {name: read(held) for name, read in COLUMNS.items()}
    change(shop, window, "p2", **values)
    held.sync()
    after = {name: read(held) for name, read in COLUMNS.items()}
    fresh = Assortment(window, None)
    assert {name: told(column) for name, column in after.items()} == {
        name: told(read(fresh)) for name, read in COLUMNS.items()
    }
    assert held.for_sale[: held.size].tolist() == fresh.for_sale[: fresh.size].tolist()
    assert {name for name in COLUMNS if after[name] is before[name]} == set(kept)


def test_what_somebody_reads_at_that_moment_stays_as_it_was(shop: Any) -> None:
    """A list is made from one state of the catalogue: the column in its hands does not change."""
    window = Window()
    with make.inside(shop) as tenant:
        window.refresh(tenant)
    held = Assortment(window, None)
    prices = held.number("price")
    change(shop, window, "p2", price=99)
    held.sync()
    assert (prices[2], held.number("price")[2]) == (3, 99)


def test_a_new_product_and_a_deleted_one_take_all(shop: Any) -> None:
    window = Window()
    with make.inside(shop) as tenant:
        window.refresh(tenant)
    held = Assortment(window, None)
    for read in COLUMNS.values():
        read(held)
    make.product(shop, "p9", price=5, stock=1)
    with make.inside(shop) as tenant:
        window.refresh(tenant)
    held.sync()
    assert (held.size, len(held.number("price")), len(held.newest)) == (7, 7, 7)
    shop.products.filter(external_id="p0").delete()
    with make.inside(shop) as tenant:
        window.refresh(tenant)
    held.sync()
    assert not held.for_sale[0]
    assert np.isnan(held.number("price")[0])
