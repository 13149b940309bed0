"""Each reason for refusing a value has its code, and each limit its last good and first bad value (R45, R56)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest

from recommendations import fields

text, markup = partial(fields.text, limit=10), partial(fields.markup, limit=10)
few = partial(fields.texts, most=2, limit=3)
NIL = "0" * 32


def named(value):
    """The same name in every process: of a check its name, never where it lies."""
    if callable(value):
        value = getattr(value, "func", value).__name__
    return repr(value)[:30]


@pytest.mark.parametrize(
    ("check", "value", "code"),
    [
        (fields.identifier, 10**64, "too_long"),
        (fields.identifier, -(10**63), "too_long"),
        (fields.identifier, "x" * 65, "too_long"),
        (fields.identifier, "x" * 257, "too_long"),
        (fields.identifier, " " * 257, "too_long"),
        (fields.identifier, " " * 256, "blank"),
        (fields.identifier, 1.0, "type"),
        (fields.identifier, "a\x00", "format"),
        (fields.identifier, "é\x00", "format"),
        (fields.identifier, "é\u2029", "format"),
        (fields.identifier, "é\u2028", "format"),
        (fields.identifier, "é\ue000", "format"),
        (fields.identifier, "é\u200d", "format"),
        (fields.identifier, "é\u200b", "format"),
        (fields.identifier, "\ud800", "format"),
        (text, 5, "type"),
        (text, "x" * 11, "too_long"),
        (text, "\u202e", "format"),
        (text, "\ud800", "format"),
        (text, "&#x202e;x", "format"),
        (text, "\U0001d160" * 4, "too_long"),
        (markup, 5, "type"),
        (markup, "x" * 11, "too_long"),
        (markup, "\x07", "format"),
        (markup, "&#x202e;x", "format"),
        (fields.url, 5, "type"),
        (fields.url, "https://x.example/" + "x" * 983, "too_long"),
        (fields.url, "https://[::1", "format"),
        (fields.url, "https://x:99999", "format"),
        (fields.url, "ftp://x.example", "format"),
        *((fields.url, f"https://x.example/{char}", "format") for char in '<>"`\\ \t\x07\u202e'),
        (fields.url, "https://раypal.example", "format"),
        (fields.url, "https://αbc.example", "format"),
        (fields.url, "https://աbc.example", "format"),
        (fields.url, "https://Ꭰbc.example", "format"),
        (fields.url, "https://" + "ü" * 64 + ".example", "format"),
        (fields.email, 5, "type"),
        (fields.email, "x" * 243 + "@example.com", "too_long"),
        (fields.email, "x", "format"),
        (fields.email, "ann@раypal.com", "format"),
        (fields.money, -1, "range"),
        (fields.money, "-0.001", "range"),
        (fields.money, 10**12, "range"),
        (fields.money, "999999999999.996", "range"),
        (fields.money, "x", "format"),
        (fields.money, "1" * 41, "format"),
        (fields.money, "1_0", "format"),
        (fields.money, "１", "format"),
        (fields.money, float("nan"), "format"),
        (fields.money, "Infinity", "format"),
        (fields.money, True, "type"),
        (fields.money, [], "type"),
        (fields.currency, "EURO", "format"),
        (fields.currency, 5, "format"),
        (fields.moment, "x", "format"),
        (fields.moment, 5, "format"),
        (fields.moment, "2025-02-30T00:00:00Z", "format"),
        (fields.moment, "9999-12-31T23:59:59-23:59", "format"),
        (fields.moment, "2025-01-01T00:00:00", "offset"),
        (fields.moment, datetime(2025, 1, 1), "offset"),
        (fields.moment, "1989-12-31T23:59:59.999Z", "range"),
        (fields.quantity, "1", "type"),
        (fields.quantity, 0, "range"),
        (fields.quantity, 1_000_001, "range"),
        (fields.stock, True, "type"),
        (fields.stock, -1_000_001, "range"),
        (fields.flag, 1, "type"),
        (fields.slug, "A", "format"),
        (fields.slug, 5, "format"),
        (fields.token, "a b", "format"),
        (fields.token, 5, "format"),
        (fields.uuid, "x", "format"),
        (fields.uuid, 5, "format"),
        (fields.uuid, NIL[1:], "format"),
        (few, "x", "type"),
        (few, ["a", "b", "c"], "too_many"),
        (few, ["aaaa"], "too_long"),
        (few, [5], "type"),
        (fields.attributes, [], "type"),
        (fields.attributes, {f"a{n}": 1 for n in range(51)}, "too_many"),
        (fields.attributes, {" ": 1}, "blank"),
    ],
    ids=named,
)
def test_a_refusal_has_its_code(check, value, code):
    with pytest.raises(fields.Refused) as refused:
        check(value)
    assert refused.value.code == code
    assert refused.value.message == str(refused.value)
    assert refused.value.message.endswith(".")


@pytest.mark.parametrize(
    ("check", "value", "kept"),
    [
        (fields.identifier, 10**64 - 1, "9" * 64),
        (fields.identifier, -(10**63) + 1, "-" + "9" * 63),
        (fields.identifier, " " * 192 + "x" * 64, "x" * 64),
        (fields.identifier, "e\u0301" * 64, "é" * 64),
        (text, "x" * 10, "x" * 10),
        (text, None, ""),
        (text, " &amp; ", "&"),
        (markup, None, ""),
        (fields.url, None, ""),
        (fields.url, "https://x.example/" + "x" * 982, "https://x.example/" + "x" * 982),
        (fields.url, "https://XX.example/X", "https://XX.example/X"),
        (fields.url, "https://αβγ.example", "https://αβγ.example"),
        (fields.email, "", ""),
        (fields.email, None, ""),
        (fields.email, "a@B.example", "a@b.example"),
        (fields.money, "9" * 12, Decimal("999999999999.00")),
        (fields.money, "0" * 39 + "1", Decimal("1.00")),
        (fields.money, Decimal("1.005"), Decimal("1.00")),
        (fields.currency, None, ""),
        (fields.moment, "1990-01-01T00:00:00Z", datetime(1990, 1, 1, tzinfo=UTC)),
        (fields.moment, "2025-01-01T00:00:00.123456789+00:00", datetime(2025, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)),
        (fields.moment, datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)),
        (fields.stock, -1_000_000, -1_000_000),
        (fields.stock, 1_000_000_000, 1_000_000_000),
        (fields.token, None, ""),
        (fields.token, "", ""),
        (fields.uuid, NIL, "00000000-0000-0000-0000-000000000000"),
        (fields.uuid, "0000000000000000-0000-000000000000", "00000000-0000-0000-0000-000000000000"),
        (few, ["aaa", "b"], ["aaa", "b"]),
        (few, None, []),
    ],
    ids=named,
)
def test_a_value_at_its_limit_is_taken(check, value, kept):
    assert check(value) == kept


def test_a_time_that_has_a_zone_of_its_own_becomes_utc():
    from datetime import timezone

    east = datetime(2025, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    assert fields.moment(east) == datetime(2025, 1, 1, tzinfo=UTC)
    assert fields.moment(east).tzinfo is UTC


def test_a_name_is_told_short_and_visible():
    assert fields.shown("a\x00\u202e\ud800b" + "x" * 100) == "a???b" + "x" * 55
