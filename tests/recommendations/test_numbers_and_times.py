"""Amounts, quantities, choices and times in what arrives (R44, R48). No database."""

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from recommendations.shapes import STATES
from tests.recommendations.payloads import BAD_NUMBERS, NOW, check, faults, order, product, validate


@pytest.mark.parametrize("value", [*BAD_NUMBERS, -1, "-0.01", -0.01, 10**12, "1e12", "999999999999.999", "1e400"])
@pytest.mark.parametrize("field", ["total", "unit_price"])
def test_an_amount_must_be_one(field, value):
    """R48: NaN and a truth value are no numbers."""
    if field == "total":
        assert set(faults("order", order(total=value))) == {"total"}
    else:
        line = {"product_id": "p", "quantity": 1, "unit_price": value}
        assert set(faults("order", order(lines=[line]))) == {"lines.0.unit_price"}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("12.90", "12.90"),
        (12.9, "12.90"),
        (12, "12.00"),
        ("1e2", "100.00"),
        ("-0.00", "0.00"),
        (" 5 ", "5.00"),
        ("999999999999.99", "999999999999.99"),
        (0, "0.00"),
        ("0.005", "0.00"),
        (Decimal("3.1"), "3.10"),
        ("1e-400", "0.00"),
        (0.1 + 0.2, "0.30"),
        ("+5", "5.00"),
        ("1" * 12, "1" * 12 + ".00"),
        ("0" * 39 + "1", "1.00"),
    ],
)
def test_an_amount_may_be_text_or_number(given, kept):
    """R48: "12.90" is how shops send totals."""
    total = check("order", order(total=given))[0]["total"]
    assert (str(total), total.is_signed()) == (kept, False)


@pytest.mark.parametrize("value", [True, 0, -1, 1_000_001, 1.0, 1.5, "1", None, 2**31, 2**63, math.nan, [], "１"])
def test_a_quantity_is_a_whole_number_from_one_to_a_million(value):
    """R48: nested items are checked; a truth value is no number."""
    good = {"product_id": "p", "quantity": 1_000_000, "unit_price": 1}
    data = order(lines=[good, {**good, "quantity": value}])
    assert set(faults("order", data)) == {"lines.1.quantity"}
    assert check("order", order(lines=[good, {**good, "quantity": 1}]))[1] == []


@pytest.mark.parametrize("lines", [None, [], {}, "x", [None], [[]], ["p"], [{}], 5, [order()["lines"][0]] * 1001])
def test_lines_are_one_to_a_thousand_objects(lines):
    assert all(field.split(".")[0] == "lines" for field in faults("order", order(lines=lines)))


def test_a_thousand_lines_are_taken():
    assert check("order", order(lines=order()["lines"] * 1000))[1] == []


def test_each_fault_of_each_line_is_told_up_to_twenty():
    """R48, R56: the place of a fault is in its name."""
    bad = {"quantity": 0, "unit_price": None}
    errors = faults("order", order(lines=[order()["lines"][0], bad, None]))
    assert errors == {
        "lines.1.product_id": "required",
        "lines.1.quantity": "range",
        "lines.1.unit_price": "required",
        "lines.2": "type",
    }
    assert len(check("order", order(lines=[bad] * 1000))[1]) == 20


@pytest.mark.parametrize("value", ["", "Completed", "done", "сompleted", None, 1, True, ["completed"], "completed\n"])
def test_a_state_is_one_of_ours(value):
    """A Cyrillic с is not a c."""
    assert faults("order", order(status=value)) == {"status": "choice"}


def test_every_state_is_taken():
    assert STATES == ("pending", "completed", "cancelled", "refunded", "failed", "test")
    assert [check("order", order(status=state))[0]["status"] for state in STATES] == list(STATES)


def test_the_lines_may_come_to_just_below_a_million_millions():
    """The most that the column holds."""
    most = [{"product_id": "p", "quantity": 1, "unit_price": "999999999999.99"}]
    assert str(check("order", order(lines=most))[0]["total"]) == "999999999999.99"
    cent = {"product_id": "p", "quantity": 1, "unit_price": "0.01"}
    assert faults("order", order(lines=[*most, cent])) == {"lines": "range"}


def test_a_product_has_a_currency():
    assert check("product", product(currency="eur"))[0]["currency"] == "EUR"
    assert faults("product", product(currency="EURO")) == {"currency": "format"}


@pytest.mark.parametrize("value", ["EURO", "E", "€UR", "12E", 5, True, "EU\n", "ＥＵＲ", ["EUR"]])
def test_a_currency_has_three_letters(value):
    assert faults("order", order(currency=value)) == {"currency": "format"}


def test_a_currency_may_be_left_out():
    assert [check("order", order(currency=v))[0]["currency"] for v in ("", None, "gbp")] == ["", "", "GBP"]


TIMES = [
    "2025-06-01",
    "2025-06-01T11:00:00",
    "0000-06-01T11:00:00Z",
    "9999-12-31T23:59:59-23:59",
    "now",
    5,
    True,
    "",
    "2025-13-01T11:00:00Z",
    "2025-06-01T11:00:00+25:00",
    "1989-12-31T23:59:59Z",
    "２025-06-01T11:00:00Z",
    "2025-06-01T11:00:00Z\n",
    "x" * 41,
    "0001-01-01T00:00:00+23:59",
    1748775600,
    [],
    datetime(2025, 6, 1),
    datetime(1980, 1, 1, tzinfo=UTC),
]


@pytest.mark.parametrize("value", TIMES)
@pytest.mark.parametrize("field", ["ordered_at", "updated_at"])
def test_a_time_must_be_one_with_an_offset(field, value):
    assert set(faults("order", order(**{field: value}))) == {field}


def test_a_time_may_not_lie_ahead_by_more_than_ten_minutes():
    ahead = NOW + timedelta(minutes=10)
    for field in ("ordered_at", "updated_at"):
        assert check("order", order(**{field: ahead.isoformat()}))[0][field] == ahead
        late = (ahead + timedelta(seconds=1)).isoformat()
        assert faults("order", order(**{field: late})) == {field: "future"}
    assert faults("order", order(ordered_at=None)) == {"ordered_at": "required"}
    assert check("order", order(updated_at=None))[0]["updated_at"] is None
    assert validate("order", order())[1] == [], "by its own clock when none is given"
    assert set(faults("customer", {"id": 1, "updated_at": late})) == {"updated_at"}
    assert set(faults("product", product(updated_at=late))) == {"updated_at"}


@pytest.mark.parametrize(
    ("given", "hour"),
    [
        ("2025-06-01T11:30:00+02:00", 9.5),
        ("2025-06-01 11:00:00z", 11),
        ("20250601T1100Z", 11),
        ("2025-06-01T11:00:00.25Z", 11 + 0.25 / 3600),
        ("1990-01-01T00:00:00Z", None),
    ],
)
def test_times_become_utc(given, hour):
    found = check("order", order(ordered_at=given))[0]["ordered_at"]
    if hour is not None:
        assert found == datetime(2025, 6, 1, tzinfo=UTC) + timedelta(hours=hour)
    assert found.tzinfo is UTC
