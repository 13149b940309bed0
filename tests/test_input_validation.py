"""InputValidator: what arrives by webhook is checked, cleaned and never edited (R44, R48, R54). No database."""

import copy
import math
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations import validator
from recommendations.fields import Refused
from recommendations.shapes import STATES
from recommendations.validator import EVENTS, MOST_NAMES, InputValidator
from tests.recommendations.payloads import BAD_NUMBERS, check, faults, order, product


def test_it_cleans_an_order():
    clean, errors, ignored = check("order-created", order(total="12.90", currency="eur", id=788032119674292922))
    assert (errors, ignored) == ([], [])
    assert clean == {
        "id": "788032119674292922",
        "customer_id": "c-1",
        "ordered_at": datetime(2025, 6, 1, 11, tzinfo=UTC),
        "lines": [{"product_id": "p-1", "quantity": 2, "unit_price": Decimal("4.50")}],
        "total": Decimal("12.90"),
        "currency": "EUR",
    }


LINE = {"product_id": "p", "quantity": 1, "unit_price": 1}


@pytest.mark.parametrize(
    ("event", "data", "field"),
    [
        ("order", order(total=math.nan), "total"),
        ("order", order(total="NaN"), "total"),
        ("order", order(total=True), "total"),
        ("order", order(lines=[{**LINE, "quantity": True}]), "lines.0.quantity"),
        ("order", order(lines=[LINE, {**LINE, "unit_price": "free"}]), "lines.1.unit_price"),
        ("order", order(lines=[LINE, LINE, "mug"]), "lines.2"),
        ("order", {**order(), "event": "product-updated"}, "event"),
        ("product", product(price=False), "price"),
        ("product", product(title="<script>alert(1)</script>"), "title"),
    ],
)
def test_it_finds_what_is_easily_missed(event, data, field):
    """R48: NaN, a truth value as number, faults in nested items, a payload at the wrong address."""
    assert list(faults(event, data)) == [field]


def test_it_cleans_what_is_easily_missed():
    """R48: a script in plain text, a total as text."""
    assert check("product", product(title="Mug<script>alert(1)</script>"))[0]["title"] == "Mug"
    assert check("order", order(total="12.90"))[0]["total"] == Decimal("12.90")


def test_an_order_without_a_total_has_that_of_its_lines():
    assert check("order", order())[0]["total"] == Decimal("9.00")
    assert check("order", order(total=None))[0]["total"] == Decimal("9.00")
    dear = [{"product_id": "p", "quantity": 1_000_000, "unit_price": "999999.99"}] * 2
    assert faults("order", order(lines=dear)) == {"lines": "range"}
    exact = [{"product_id": "p", "quantity": 1_000_000, "unit_price": "1000000"}]
    assert faults("order", order(lines=exact)) == {"lines": "range"}


@pytest.mark.parametrize(
    ("alias", "event", "data"),
    [
        ("order", "order-created", order()),
        ("product", "product-updated", product()),
        ("customer", "customer-updated", {"id": 7, "country": "France"}),
    ],
)
def test_the_short_names_of_events_are_the_same(alias, event, data):
    assert check(alias, data) == check(event, data)
    assert check(alias, data)[1:] == ([], [])


@pytest.mark.parametrize("event", ["", "refund-created", "ORDER", None, 5, [], "order-created "])
def test_an_event_that_we_do_not_take_is_refused(event):
    clean, errors, ignored = check(event, order())
    assert (clean, ignored) == ({}, [])
    assert [(e["field"], e["code"]) for e in errors] == [("event", "choice")]
    assert all(name in errors[0]["message"] for name in EVENTS)


@pytest.mark.parametrize("data", [None, [], [order()], "x", 5, True, math.nan, ()])
def test_what_is_no_object_is_refused(data):
    assert check("order", data) == ({}, [{"field": "", "code": "type", "message": "Must be an object."}], [])


def test_other_names_of_fields_are_known():
    clean, errors, ignored = check(
        "order",
        {
            "order_id": 5,
            "created_at": "2025-06-01T11:00:00Z",
            "total_amount": "12.90",
            "items": [{"id": 9, "price": 1.5, "quantity": 1}],
        },
    )
    assert (errors, ignored) == ([], [])
    assert (clean["id"], clean["total"], clean["lines"][0]["product_id"]) == ("5", Decimal("12.90"), "9")
    for name in ("modified_at", "date_modified"):
        assert check("customer", {"customer_id": 5, name: "2025-06-01T11:00:00Z"})[0]["updated_at"]
    for name in ("line_items", "items"):
        data = order()
        data[name] = data.pop("lines")
        data["order_date"] = data.pop("ordered_at")
        assert check("order", data)[1:] == ([], [])
    row = {"product_id": 5, "name": "Mug", "stock_quantity": 3, "is_published": False}
    assert check("product", row)[0] == {"id": "5", "title": "Mug", "stock": 3, "published": False}


def test_the_own_name_of_a_field_goes_before_another():
    clean, errors, ignored = check("order", order(created_at="never", order_id="other"))
    assert (errors, clean["id"]) == ([], "o-1")
    assert ignored == ["created_at", "order_id"]
    line = {"id": "line-7", "product_id": "p-1", "quantity": 1, "unit_price": 1, "price": "x"}
    clean, errors, ignored = check("order", order(lines=[line]))
    assert (errors, ignored) == ([], ["lines.id", "lines.price"])


def test_two_other_names_for_one_field_are_a_conflict():
    data = order(items=[], line_items=[])
    lines = data.pop("lines")
    assert faults("order", {**data, "items": lines, "line_items": lines}) == {"lines": "conflict"}


def test_unknown_fields_are_dropped_and_named():
    """R44: dropped and counted."""
    line = {"product_id": "p-1", "quantity": 1, "unit_price": 1, "sku": "x", "meta": {"deep": [[[]]]}}
    data = order(status="completed", tenant_id=5, note="x" * 1_000_000, lines=[line, line], is_demo=True)
    clean, errors, ignored = check("order", data)
    assert errors == []
    assert ignored == ["lines.sku", "lines.meta", "tenant_id", "note", "is_demo"]
    assert set(clean) == {"id", "customer_id", "ordered_at", "status", "lines", "total"}
    assert clean["lines"] == [{"product_id": "p-1", "quantity": 1, "unit_price": Decimal("1.00")}] * 2


def test_names_of_unknown_fields_are_short_and_visible():
    _, _, ignored = check("customer", {"id": 1, "x" * 100: 1, "a\r\n\u202eb": 2, 5: 3})
    assert ignored == ["x" * 60, "a???b", "5"]
    assert MOST_NAMES == 100
    one_more = {"id": 1, **{f"f{n}": n for n in range(MOST_NAMES + 1)}}
    assert check("customer", one_more)[2][-1] == "… and 1 more"
    many = {"id": 1, **{f"f{n}": n for n in range(MOST_NAMES + 2000)}}
    ignored = check("customer", many)[2]
    assert ignored == [*(f"f{n}" for n in range(MOST_NAMES)), "… and 2,000 more"]
    exactly = {"id": 1, **{f"f{n}": n for n in range(MOST_NAMES)}}
    assert check("customer", exactly)[2] == [f"f{n}" for n in range(MOST_NAMES)]


@pytest.mark.parametrize(
    ("event", "data", "field"),
    [
        ("order", {**order(), "event": "product-updated"}, "event"),
        ("product", {**product(), "event": "order"}, "event"),
        ("customer", order(), ""),
        ("customer", {"id": 1, "title": "Mug", "price": "4"}, ""),
        ("product", {**order()}, ""),
        ("order", {"id": 1, "title": "Mug", "price": "4"}, ""),
        ("order", {"id": 1, "country": "FR", "email": "a@example.com"}, ""),
    ],
)
def test_a_payload_of_another_kind_is_refused(event, data, field):
    """R48: event and endpoint must agree."""
    clean, errors, ignored = check(event, data)
    assert (clean, ignored) == ({}, [])
    assert [(error["field"], error["code"]) for error in errors] == [(field, "mismatch")]


MARKS = {
    "order": {"order_id": 1, "lines": [], "items": [], "line_items": [], "ordered_at": 1, "total": 1},
    "product": {
        "product_id": 1,
        "title": 1,
        "price": 1,
        "stock": 1,
        "image_url": 1,
        "categories": 1,
        "brand": 1,
        "published": 1,
    },
    "customer": {"country": 1, "email": 1},
}


@pytest.mark.parametrize(("kind", "mark"), [(kind, mark) for kind in MARKS for mark in MARKS[kind]])
def test_a_field_that_only_one_kind_has_tells_it(kind, mark):
    """Two of another kind and none of its own: that is another kind."""
    other = next(name for name in MARKS if name != kind)
    second = next(name for name in MARKS[kind] if name != mark)
    foreign = {"id": 1, mark: 1, second: 1}
    assert faults(other, foreign) == {"": "mismatch"}
    assert {error["code"] for error in check(other, {"id": 1, mark: 1})[1]} <= {"required"}
    own = next(iter(MARKS[other]))
    assert "mismatch" not in {error["code"] for error in check(other, {**foreign, own: 1})[1]}
    twice = {"id": 1, **dict.fromkeys(list(MARKS[other])[:2], 1), mark: 1}
    assert "mismatch" not in {error["code"] for error in check(kind, twice)[1]}


def test_two_names_for_one_field_of_a_line_are_a_conflict(monkeypatch):
    """The place of the fault is told here as well."""
    monkeypatch.setitem(validator._LINE_KNOWN_AS, "count", "quantity")
    monkeypatch.setitem(validator._LINE_KNOWN_AS, "qty", "quantity")
    good = {"product_id": "p", "quantity": 1, "unit_price": 1}
    twice = {"product_id": "p", "count": 1, "qty": 1, "unit_price": 1}
    assert faults("order", order(lines=[good, twice])) == {"lines.1.quantity": "conflict"}


def test_a_payload_that_says_its_own_kind_is_taken():
    for event in ("order", "order-created", "something of the shop's", 5, None):
        assert check("order", order(event=event))[1:] == ([], [])
    mister = {"id": 1, "title": "Mr"}
    assert check("customer", mister) == ({"id": "1"}, [], ["title"])
    assert check("customer", {**mister, "price": 1, "country": "FR"})[1] == []


@pytest.mark.parametrize(
    ("event", "needed"),
    [
        ("order", {"id", "ordered_at", "lines"}),
        ("product", {"id", "title"}),
        ("customer", {"id"}),
    ],
)
def test_it_names_each_field_that_is_lacking(event, needed):
    assert faults(event, {}) == dict.fromkeys(needed, "required")


def test_a_string_is_cut_and_cleaned():
    """R44, R49: cut first, then cleaned, so that no half of a tag stays."""
    assert InputValidator.sanitize_string("<b>Mug</b> " + "x" * 300, max_length=12) == "Mug x"
    assert InputValidator.sanitize_string("  Mug ") == "Mug"
    assert len(InputValidator.sanitize_string("x" * 1_000_000)) == 255
    for value in (None, 5, True, b"x", []):
        with pytest.raises(Refused) as refused:
            InputValidator.sanitize_string(value)
        assert refused.value.code == "type"
    with pytest.raises(Refused) as refused:
        InputValidator.sanitize_string("a\u202eb")
    assert refused.value.code == "format"


def test_html_is_cut_and_cleaned():
    assert InputValidator.sanitize_html("<p>Mug</p><script>x</script>") == "<p>Mug</p>"
    assert InputValidator.sanitize_html("<p>" + "x" * 100, max_length=10) == "<p>xxx</p>"
    assert len(InputValidator.sanitize_html("x" * 30_000)) == 20_000
    with pytest.raises(Refused):
        InputValidator.sanitize_html(None)


@pytest.mark.parametrize("value", ["ann@example.com", "a.b+c@sub.example.co.uk", "ann@münchen.example"])
def test_an_email_is_taken(value):
    assert InputValidator.validate_email(value) == value
    name, _, domain = value.partition("@")
    assert InputValidator.validate_email(f"{name}@{domain.upper()}") == f"{name}@{domain}"


@pytest.mark.parametrize(
    "value",
    [
        "",
        None,
        5,
        True,
        "ann",
        "ann@",
        "@example.com",
        "ann@example",
        "a b@example.com",
        "ann@example.com\nBcc: x@example.com",
        "a\u202e@example.com",
        "x" * 250 + "@example.com",
        "ann@раypal.com",
        "<ann@example.com>",
        ["ann@example.com"],
        "аnn@example.com",
    ],
)
def test_an_email_is_refused(value):
    with pytest.raises(Refused):
        InputValidator.validate_email(value)


def test_the_refusal_of_an_email_says_why():
    for value, code in ((5, "type"), ("x" * 255, "too_long"), ("x" * 254, "format"), (None, "required")):
        with pytest.raises(Refused) as refused:
            InputValidator.validate_email(value)
        assert refused.value.code == code


def test_a_url_must_be_given():
    assert InputValidator.validate_url("https://x.example") == "https://x.example"
    for value in ("", None, "javascript:alert(1)"):
        with pytest.raises(Refused):
            InputValidator.validate_url(value)


def test_a_number_lies_in_its_range():
    number = InputValidator.validate_numeric_range
    assert [number(v, least=1, most=10) for v in (1, 10, "2.5", 2.5)] == [1, 10, Decimal("2.5"), Decimal("2.5")]
    assert isinstance(number(1.5, least=Decimal(1), most=2), Decimal)
    for value in (0.999, 10.001, 5000, -1):
        with pytest.raises(Refused) as refused:
            number(value, least=1, most=10)
        assert refused.value.code == "range"
    for value in (*BAD_NUMBERS, None):
        with pytest.raises(Refused):
            number(value, least=1, most=10)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
names = st.sampled_from(
    "id title price stock lines items total status currency ordered_at customer_id attributes tags url event".split()
) | st.text(max_size=5)
payloads = st.dictionaries(names, anything, max_size=8)
good_text = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Co"]), min_size=1, max_size=40)
orders = st.fixed_dictionaries(
    {
        "id": st.integers(0, 2**63) | st.uuids().map(str),
        "ordered_at": st.datetimes(datetime(1995, 1, 1), datetime(2025, 1, 1)).map(lambda t: t.isoformat() + "Z"),
        "lines": st.lists(
            st.fixed_dictionaries(
                {
                    "product_id": st.integers(0, 99),
                    "quantity": st.integers(1, 99),
                    "unit_price": st.decimals(0, 9999, places=2),
                },
                optional={"sku": anything},
            ),
            min_size=1,
            max_size=5,
        ),
    },
    optional={"total": st.decimals(0, 9999, places=2).map(str), "status": st.sampled_from(STATES), "note": anything},
)
products = st.fixed_dictionaries(
    {"id": st.uuids().map(str), "title": good_text.map(lambda text: f"x {text}")},
    optional={
        "description": st.text(max_size=200),
        "tags": st.lists(good_text, max_size=5),
        "stock": st.integers(-9, 99),
        "attributes": st.dictionaries(good_text, good_text | st.integers(-9, 9) | st.booleans(), max_size=4),
    },
)


@given(event=st.sampled_from(sorted(EVENTS)) | st.text(max_size=9), data=payloads | anything)
def test_whatever_comes_has_an_answer_and_stays_as_it_was(event, data):
    """R44, R54: no exception, and the caller's data are never edited."""
    before = copy.deepcopy(data)
    clean, errors, ignored = check(event, data)
    assert repr(data) == repr(before)
    assert isinstance(clean, dict)
    assert all(set(error) == {"field", "code", "message"} for error in errors)
    assert all(isinstance(name, str) and len(name) <= 130 for name in ignored)


@given(event=st.just("order"), data=orders)
def test_a_clean_order_is_clean(event, data):
    clean, errors, ignored = check(event, data)
    assert errors == []
    assert {"note"} & data.keys() <= set(ignored)
    assert check(event, clean) == (clean, [], [])


@given(products)
def test_a_clean_product_is_clean(data):
    """What was cleaned can be checked again without a change."""
    clean, errors, _ = check("product", data)
    if not errors:
        assert check("product", clean) == (clean, [], [])
    assert {error["field"] for error in errors} <= {"description", "title", "tags", "attributes"}
