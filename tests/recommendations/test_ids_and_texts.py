"""Ids, texts, addresses and attributes in what arrives (R44, R48, R49, T29). No database."""

import math
from decimal import Decimal

import pytest

from tests.recommendations.payloads import check, faults, order, product


@pytest.mark.parametrize(
    "value",
    [
        True,
        1.0,
        1.5,
        None,
        "",
        " ",
        [],
        {},
        "x" * 65,
        "a\r\nb",
        "a\x1bb",
        "a\u202eb",
        "a\u200bb",
        "a\u00adb",
        "a\ud800",
        "\ufeffa",
        "a\x00",
        "\u3164",
        "a\u2066",
        pytest.param("x" * 1_000_000, id="1 MB"),
        10**64,
        -(10**63),
        pytest.param(10**5000, id="5000 digits"),
        "a\u2028b",
        "\ue000",
        "\t",
    ],
)
def test_an_id_is_short_and_visible(value):
    assert set(faults("order", order(id=value))) == {"id"}
    assert set(faults("product", product(id=value))) == {"id"}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (5, "5"),
        (0, "0"),
        (-5, "-5"),
        (2**63, str(2**63)),
        ("１２", "１２"),
        (" a/b c ", "a/b c"),
        ("e\u0301", "é"),
        ("x" * 64, "x" * 64),
        ("<b>&", "<b>&"),
        ("日本", "日本"),
        (10**64 - 1, "9" * 64),
        ("a" * 63 + "e\u0301", "a" * 63 + "é"),
        ("../../etc/passwd", "../../etc/passwd"),
        ("' OR 1=1 --", "' OR 1=1 --"),
    ],
)
def test_an_id_stays_what_it_is(given, kept):
    """Full-width digits are not digits, and words of SQL are words."""
    assert check("order", order(id=given))[0]["id"] == kept


def test_ids_that_look_alike_stay_apart():
    """T29: a Cyrillic а is not an a, and nothing folds one into the other."""
    assert check("product", product(id="pаypal"))[0]["id"] != check("product", product(id="paypal"))[0]["id"]


def test_customers_and_sessions_may_be_left_out_of_orders():
    clean = check("order", order(customer_id=None, session_id=""))[0]
    assert (clean["customer_id"], clean["session_id"]) == ("", "")
    assert faults("order", order(customer_id=True)) == {"customer_id": "type"}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Dropcap dress; UPDATE products SET", "Dropcap dress; UPDATE products SET"),
        ("<script>alert(1)</script>Mug", "Mug"),
        ("Mug <img src=x onerror=alert(1)>", "Mug"),
        ("Cups &amp; mugs", "Cups & mugs"),
        ("&#27;[2J", "[2J"),
        ("3 < 5 & 7 > 6", "3 < 5 & 7 > 6"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;Mug", "Mug"),
        ("&amp;lt;b&amp;gt;Mug", "Mug"),
        ("<\u200bscript>alert(1)</script>Mug", "Mug"),
        ("  a \t b\nc  ", "a b c"),
        ("Dress\u200b\u00ad\ufeff", "Dress"),
        ("e\u0301tui", "étui"),
        ("👩\u200d🍳 set", "👩\u200d🍳 set"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("a\u200db", "ab"),
        ("{{7*7}} ${7*7} hx-get=/x", "{{7*7}} ${7*7} hx-get=/x"),
        ("=HYPERLINK(1)", "=HYPERLINK(1)"),
        ("pаypal", "pаypal"),
        ("x" * 500, "x" * 500),
        ('it\'s "good"', 'it\'s "good"'),
    ],
)
def test_a_title_is_plain_text(given, kept):
    """R48, R49, R53: tags go, words stay, whatever they mean to SQL or to a template."""
    clean, errors, _ = check("product", product(title=given))
    assert (errors, clean["title"]) == ([], kept)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "   ",
        "<b></b>",
        "\u200b",
        "\u3164",
        "x" * 501,
        pytest.param("x" * 1_000_000, id="1 MB"),
        5,
        True,
        None,
        [],
        "a\x00b",
        "a\x1bb",
        "a\x07",
        "a\u202eb",
        "&#x202e;b",
        "a\ud800",
        "\u2066a\u2069",
        "a\x7fb",
        "a\x85b",
        "\U0001d160" * 200,
    ],
)
def test_a_title_is_there_and_shows_what_it_is(value):
    """T29: nothing turns the reading direction or hides, written as itself or as a reference."""
    assert set(faults("product", product(title=value))) == {"title"}


@pytest.mark.parametrize(
    ("event", "field", "most", "data"),
    [
        ("product", "brand", 120, product()),
        ("customer", "country", 60, {"id": 1}),
    ],
)
def test_texts_have_a_length(event, field, most, data):
    assert check(event, {**data, field: "x" * most})[1] == []
    assert faults(event, {**data, field: "x" * (most + 1)}) == {field: "too_long"}
    assert check(event, {**data, field: None})[0][field] == ""


def test_a_description_keeps_plain_formatting():
    """R49"""
    given = '<p onclick="x()">Good <b>mug</b> <a href="javascript:alert(1)">a</a> <a href="https://x.example">b</a></p>'
    rel = 'rel="noopener noreferrer nofollow"'
    kept = f'<p>Good <strong>mug</strong> <a {rel}>a</a> <a href="https://x.example" {rel}>b</a></p>'
    assert check("product", product(description=given))[0]["description"] == kept
    assert faults("product", product(description="x" * 20_001)) == {"description": "too_long"}
    assert faults("product", product(description="a\u202eb")) == {"description": "format"}
    assert faults("product", product(description="<p>&#x202e;b</p>")) == {"description": "format"}
    assert faults("product", product(description=5)) == {"description": "type"}
    assert check("product", product(description=None))[0]["description"] == ""
    assert check("product", product(description="x" * 20_000))[1] == []


@pytest.mark.parametrize(
    "value",
    [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,x",
        "ftp://x.example",
        "//x.example",
        "/mug",
        "https://",
        "https:// x.example",
        "https://x.example/<b>",
        'https://x.example/"',
        "https://u:p@x.example",
        5,
        "https://x.example:99999",
        "https://[::1",
        "https://x\\y",
        "https://x.example/\u202ex",
        "x" * 1001,
        True,
        ["https://x.example"],
        "https://раypal.example",
        "https://x.example/\n",
        "https://" + "ü" * 64 + ".example",
        "https://x.example/`",
        "https://u@x.example",
        "https://x.example/" + "x" * 1000,
    ],
)
def test_an_address_is_one_of_the_web(value):
    """T29: a name of Latin and Cyrillic letters is somebody else's."""
    assert set(faults("product", product(url=value))) == {"url"}
    assert set(faults("product", product(image_url=value))) == {"image_url"}


@pytest.mark.parametrize(
    "value",
    [
        "https://x.example/a?b=c&d=%20#e",
        "http://x.example:8080",
        "https://münchen.example",
        "https://почта.example/ü",
        "",
        "https://x.example/" + "x" * 982,
        "HTTPS://x.example",
        "https://日本.example",
        "https://\u0414om.example".replace("om", "ом"),
    ],
)
def test_an_address_stays_as_it_is(value):
    assert check("product", product(url=value))[0]["url"] == value
    assert check("product", product(url=None))[0]["url"] == ""


def test_stock_may_be_below_zero_or_unknown():
    assert [check("product", product(stock=v))[0]["stock"] for v in (None, -1_000_000, 1_000_000_000)] == [
        None,
        -1_000_000,
        1_000_000_000,
    ]
    for value in (True, 1.5, "5", -1_000_001, 1_000_000_001, math.nan):
        assert set(faults("product", product(stock=value))) == {"stock"}


@pytest.mark.parametrize("value", [0, 1, "true", None, "", []])
def test_a_yes_or_no_is_true_or_false(value):
    assert faults("product", product(published=value)) == {"published": "type"}
    assert [check("product", product(published=v))[0]["published"] for v in (True, False)] == [True, False]


def test_lists_of_texts():
    clean = check("product", product(categories=["A", " A ", "", None, "<b>B</b>"], tags=None))[0]
    assert (clean["categories"], clean["tags"]) == (["A", "B"], [])
    for value in ("A", {"a": 1}, ["x"] * 21, ["x" * 121], [5], [["A"]]):
        assert set(faults("product", product(categories=value))) == {"categories"}
    assert check("product", product(categories=[f"{n}" for n in range(20)], tags=["y" * 80] * 50))[1] == []
    assert check("product", product(categories=["x" * 120]))[1] == []
    assert faults("product", product(title=" ")) == {"title": "blank"}
    assert faults("product", product(tags=["y" * 81])) == {"tags": "too_long"}
    assert faults("product", product(tags=["y"] * 51)) == {"tags": "too_many"}


def test_attributes_are_flat():
    given = {"size": "<b>L</b>", "n": 1.5, "yes": True, "none": None, "list": ["a", "a"], "big": 2**63, "low": -(2**63)}
    kept = {"size": "L", "n": 1.5, "yes": True, "none": None, "list": ["a"], "big": 2**63, "low": -(2**63)}
    assert check("product", product(attributes=given))[0]["attributes"] == kept
    assert check("customer", {"id": 1, "attributes": None})[0]["attributes"] == {}
    fifty = {f"a{n}": n for n in range(50)}
    assert check("product", product(attributes=fifty))[1] == []
    longest = {"k" * 60: "v" * 1000, "l": ["w" * 200] * 50}
    assert check("product", product(attributes=longest))[1] == []


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ([], "type"),
        ("x", "type"),
        ({"a": {"b": 1}}, "type"),
        ({"a": math.nan}, "range"),
        ({"a": math.inf}, "range"),
        ({"a": 2**63 + 1}, "range"),
        ({"a": -(2**63) - 1}, "range"),
        ({"a": "x" * 1001}, "too_long"),
        ({"": 1}, "blank"),
        ({"k" * 61: 1}, "too_long"),
        ({"a": 1, " a": 2}, "conflict"),
        ({f"a{n}": n for n in range(51)}, "too_many"),
        ({"a": ["x"] * 51}, "too_many"),
        ({"a": ["x" * 201]}, "too_long"),
        ({"a": [1]}, "type"),
        ({"a": "\u202e"}, "format"),
        ({"a\x1b": 1}, "format"),
        ({5: 1}, "type"),
        ({"a": b"x"}, "type"),
        ({"a": Decimal(1)}, "type"),
    ],
)
def test_attributes_have_limits(value, code):
    assert faults("product", product(attributes=value)) == {"attributes": code}
