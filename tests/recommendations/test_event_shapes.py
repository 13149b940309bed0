"""Events as rows: each field, what one asks of another, and a purchase item by item (R44, R45). No database."""

import math
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations import shapes
from tests.recommendations.payloads import NOW

SINCE = NOW - timedelta(days=90)
ID = "018f2b1e-7d3a-7c11-8a51-0f3f6f1d2a77"
VIEW = {"type": "view", "customer_id": "c-1", "product_id": "p-1"}
PURCHASE = {"type": "purchase", "session_id": "s", "order_id": "o-1", "id": ID}


def rows(event):
    found, errors = shapes.events(event, now=NOW, since={"": SINCE}, currency="GBP")
    assert errors == [], errors
    return found


def faults(event):
    found, errors = shapes.events(event, now=NOW, since={"": SINCE}, currency="GBP")
    assert found == []
    assert all(set(error) == {"field", "code", "message"} and error["message"] for error in errors)
    return {error["field"]: error["code"] for error in errors}


def test_a_view_is_one_row():
    (row,) = rows(VIEW)
    assert row == {
        "id": row["id"],
        "kind": "view",
        "occurred_at": "2025-06-01T12:00:00+00:00",
        "customer_external_id": "c-1",
        "product_external_id": "p-1",
    }
    assert UUID(row["id"]).version == 7


def test_every_field_has_its_column():
    event = {
        **VIEW,
        "type": "click",
        "id": ID.upper(),
        "session_id": 5,
        "quantity": 2,
        "value": "1.5",
        "currency": "eur",
        "order_id": "o",
        "recommendation_id": "rec_1-A",
        "placement": "home",
        "occurred_at": "2025-05-01T10:00:00+02:00",
        "properties": {"a": 1},
    }
    assert rows(event) == [
        {
            "id": ID,
            "given": True,
            "kind": "click",
            "occurred_at": "2025-05-01T08:00:00+00:00",
            "customer_external_id": "c-1",
            "session_id": "5",
            "product_external_id": "p-1",
            "quantity": 2,
            "value": "1.50",
            "currency": "EUR",
            "order_external_id": "o",
            "recommendation_id": "rec_1-A",
            "placement": "home",
            "properties": {"a": 1},
        }
    ]


def test_a_value_without_a_currency_is_in_the_shops():
    (row,) = rows({**VIEW, "value": 0})
    assert (row["value"], row["currency"]) == ("0.00", "GBP")
    (row,) = rows({**VIEW, "currency": "EUR"})
    assert (row["currency"], "value" in row) == ("EUR", False)


def test_nothing_is_kept_of_what_is_empty():
    empty = {
        "session_id": None,
        "order_id": "",
        "recommendation_id": "",
        "placement": None,
        "value": None,
        "properties": {},
    }
    (row,) = rows({**VIEW, **empty, "currency": None, "items": None, "occurred_at": None})
    assert set(row) == {"id", "kind", "occurred_at", "customer_external_id", "product_external_id"}


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("type", ["", "View", "a b", "x" * 41, 5, None, "-a", "ä", "view\n", ["view"]]),
        ("id", ["", "x", ID[:-1], ID + "0", 5, None, True, "x" * 36, "０" * 32, "g" * 32]),
        ("customer_id", [True, 1.5, [], "a\u202eb", " ", "x" * 65]),
        ("session_id", [True, {}, "a\nb"]),
        ("product_id", [True, 1.5, "a\x00"]),
        ("order_id", [False, "\u200b"]),
        ("quantity", [0, -1, True, 1.0, "1", None, 1_000_001, math.nan]),
        ("value", [True, -1, "nan", "x", 10**12, math.inf]),
        ("currency", ["EURO", 5, "E1R"]),
        ("recommendation_id", ["a b", "x" * 41, 5, True, "é", "a\n", "a.b"]),
        ("placement", ["x" * 41, 5, "a\u202e"]),
        ("occurred_at", ["x", 5, "2025-06-01T11:00:00", "2025-06-01T12:10:01Z", "2025-01-01T00:00:00Z", True]),
        ("properties", [[], "x", {"a": {}}]),
        ("colour", ["red"]),
    ],
)
def test_a_field_that_is_not_right(field, values):
    for value in values:
        assert field in faults({**VIEW, field: value}), value


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("type", ["a", "x" * 40, "wish.list_2-b", "9"]),
        ("id", [ID, ID.replace("-", ""), ID.upper()]),
        ("quantity", [1, 1_000_000]),
        ("recommendation_id", ["a", "x" * 40, "A-_9"]),
        ("placement", ["x" * 40, "Home page"]),
        ("occurred_at", ["2025-06-01T12:10:00Z", SINCE.isoformat()]),
    ],
)
def test_a_field_at_its_limit(field, values):
    for value in values:
        assert len(rows({**VIEW, field: value})) == 1, value


@pytest.mark.parametrize("event", [None, [], "x", 5, True])
def test_what_is_no_object_is_refused(event):
    assert faults(event) == {"": "type"}


def test_a_thousand_rows_are_the_most_of_a_call():
    assert shapes.MAX_ROWS == 1000


def test_a_refusal_of_nested_rows_reads_as_a_sentence():
    refused = shapes.RefusedRows([shapes.error("2.quantity", "range", "Must be from 1 to 5.")])
    assert (refused.code, str(refused)) == ("range", "2.quantity: Must be from 1 to 5.")


def test_a_type_is_needed():
    assert faults({"customer_id": "c"}) == {"type": "required"}


def test_somebody_does_it():
    assert faults({"type": "view", "product_id": "p"}) == {"customer_id": "required"}
    assert len(rows({"type": "view", "product_id": "p", "session_id": "s"})) == 1


@pytest.mark.parametrize("kind", ["view", "cart", "remove", "click", "impression", "purchase"])
def test_some_kinds_name_their_product(kind):
    assert faults({"type": kind, "customer_id": "c"}) == {"product_id": "required"}
    assert len(rows({"type": kind, "customer_id": "c", "product_id": "p"})) == 1
    assert len(rows({"type": "search", "customer_id": "c"})) == 1


def test_an_event_older_than_the_plan_keeps_is_refused():
    assert faults({**VIEW, "occurred_at": (SINCE - timedelta(seconds=1)).isoformat()}) == {"occurred_at": "range"}


def test_an_impression_shows_products():
    shown = {"type": "impression", "session_id": "s", "items": ["a", 5], "properties": {"q": "tea"}}
    (row,) = rows(shown)
    assert row["properties"] == {"q": "tea", "items": ["a", "5"]}
    assert "product_external_id" not in row
    assert len(rows({**shown, "items": ["a"] * 200})[0]["properties"]["items"]) == 200
    for items, told in (
        ([], {"items": "type"}),
        ("a", {"items": "type"}),
        ({}, {"items": "type"}),
        (["a"] * 201, {"items": "too_many"}),
        (["a", None], {"items.1": "type"}),
        ([" ", "a"], {"items.0": "blank"}),
    ):
        assert faults({**shown, "items": items}) == told, items
    (row,) = rows({"type": "impression", "session_id": "s", "product_id": "p"})
    assert "properties" not in row


def test_a_purchase_is_a_row_for_each_item():
    items = [
        {"product_id": 1, "quantity": 3, "price": "2.50"},
        {"product_id": "2", "recommendation_id": "rec_x"},
        {"product_id": "3", "price": None},
    ]
    event = {**PURCHASE, "items": items, "value": "99", "currency": "EUR", "recommendation_id": "rec_all"}
    first, second, third = rows(event)
    assert first["id"] == ID
    assert len({first["id"], second["id"], third["id"]}) == 3
    assert [row["id"] for row in rows(event)] == [first["id"], second["id"], third["id"]], "the same again"
    assert (first["product_external_id"], first["quantity"], first["value"], first["currency"]) == (
        "1",
        3,
        "2.50",
        "EUR",
    )
    assert (second["product_external_id"], second["quantity"], second["recommendation_id"]) == ("2", 1, "rec_x")
    assert (first["recommendation_id"], third["recommendation_id"]) == ("rec_all", "rec_all")
    assert "value" not in second
    assert "value" not in third
    assert all(row["order_external_id"] == "o-1" and row["session_id"] == "s" for row in (first, second, third))


def test_an_items_price_is_in_the_shops_currency_when_none_is_said():
    (row,) = rows({**PURCHASE, "items": [{"product_id": 1, "price": 0}]})
    assert (row["value"], row["currency"]) == ("0.00", "GBP")


@pytest.mark.parametrize(
    ("items", "faulty"),
    [
        ([], {"items": "type", "product_id": "required"}),
        ({}, None),
        ([None], {"items.0": "type"}),
        ([{}], {"items.0.product_id": "required"}),
        ([{"product_id": 1}, {"product_id": True}], {"items.1.product_id": "type"}),
        ([{"product_id": 1, "quantity": True}], {"items.0.quantity": "type"}),
        ([{"product_id": 1, "price": "nan"}], {"items.0.price": "format"}),
        ([{"product_id": 1, "sku": 5}], {"items.0.sku": "unknown"}),
        ([{"product_id": 1, "recommendation_id": "a b"}], {"items.0.recommendation_id": "format"}),
        ([{"product_id": 1}] * 201, {"items": "too_many"}),
    ],
)
def test_an_item_that_is_not_right(items, faulty):
    """R48: nested items are checked, and the place of the fault is told."""
    found = faults({**PURCHASE, "items": items})
    assert "items" in found or all(name.startswith("items.") for name in found)
    if faulty is not None:
        assert found.items() <= faulty.items()


def test_two_hundred_items_are_taken():
    assert len(rows({**PURCHASE, "items": [{"product_id": n} for n in range(200)]})) == 200


def test_items_belong_to_some_kinds_only():
    assert faults({**VIEW, "items": ["a"]}) == {"items": "unknown"}
    both = {**PURCHASE, "product_id": "p", "items": [{"product_id": 1}]}
    assert faults(both) == {"product_id": "conflict"}


@given(
    st.dictionaries(
        st.sampled_from([*shapes.EVENT.fields, "x"]),
        st.none()
        | st.booleans()
        | st.text()
        | st.integers()
        | st.floats()
        | st.lists(st.none() | st.integers() | st.dictionaries(st.text(max_size=3), st.integers())),
        max_size=8,
    )
)
def test_whatever_comes_has_an_answer(event):
    """R54"""
    found, errors = shapes.events(event, now=datetime.now(UTC), since={"": SINCE}, currency="GBP")
    assert bool(found) != bool(errors)
    assert all(isinstance(error["message"], str) for error in errors)
