"""Bad bodies and fields over every route of the API that writes: the right status, one shape, nothing changed.

Rows of the examination that the platform has to stand (R47, R50, R56). Routes are found by walking, so a new
one is examined without being named here. Parameters, addresses and headers: tests/test_bad_addresses.py.
"""

import pytest

from tests.examining import BODIES, BODILESS, GOOD, LINE, LISTS, WRITES, kept, raw, wrong


@pytest.fixture
def unchanged(acme, api):
    yield from kept(acme, api)


def test_there_is_something_to_examine():
    assert len(WRITES) >= 8
    assert len(LISTS) >= 5
    assert {path for _, path in WRITES} >= {f"/api/v1/{name}" for name in GOOD}


# --- Bodies ---------------------------------------------------------------------------------------------
UNREADABLE = {
    "1: a hundred thousand levels": b"[" * 100_000,
    "1: the same, of objects": b'{"a":' * 100_000,
    "2: 33 levels": b"[" * 33 + b"]" * 33,
    "3: a null character": b'{"id": "a\\u0000b", "title": "x"}',
    "3: a null character in a name": b'{"\\u0000": 1}',
    "5: half of a surrogate pair": b'{"id": "\\ud800"}',
    "5: the other half": b'{"title": "x\\udc00"}',
    "13: NaN": b'{"total": NaN}',
    "13: Infinity": b'{"total": -Infinity}',
    "13: 1e400": b'{"total": 1e400}',
    "14: a number of 5000 digits": b'{"total": ' + b"9" * 5000 + b"}",
    "14: a number beyond 64 bits": b'{"total": 99999999999999999999}',
    "15: the first number out of range": b'{"total": 9223372036854775809}',
    "12: the same key twice": b'{"id": "1", "id": "2"}',
    "12: the same key twice, inside": b'{"attributes": {"a": 1, "a": 2}}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"id": "1"}'.encode("utf-16"),
    "not UTF-8": b'{"id": "\xff"}',
    "an overlong slash": b'{"id": "\xc0\xaf"}',
    "a raw null character": b'{"id": "a\x00"}',
    "a raw line break": b'{"id": "a\nb"}',
    "half an object": b'{"id": "1"',
    "two objects": b"{}{}",
    "something after it": b"{} x",
    "a trailing comma": b'{"id": "1",}',
    "single quotes": b"{'id': '1'}",
    "a comment": b'{} // ""',
    "a form": b"id=1&title=x",
    "a bomb of quotes": b'{"' + b'\\"' * 200_000,
    "white space": b"   ",
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_a_body_that_cannot_be_read(unchanged, body):
    """R47: rows 1, 3, 5, 13, 15 of the examination, and their neighbours. 400 on every route that writes."""
    faults = {f"{method} {path}": wrong(raw(unchanged, method, path, body), 400) for method, path in WRITES}
    assert not {call: fault for call, fault in faults.items() if fault}


@pytest.mark.parametrize("body", [b"[]", b"[null]", b"null", b"true", b'"x"', b"5", b"1.5", b"[[]]", b'[{"id": 1}]'])
def test_a_body_that_is_no_object(unchanged, body):
    """Row 27."""
    faults = {  # what is to be changed must be there first
        f"{method} {path}": wrong(raw(unchanged, method, path, body), 400, *[404] * (method == "PATCH"))
        for method, path in BODIES
    }
    assert not {call: fault for call, fault in faults.items() if fault}


@pytest.mark.parametrize("name", ["products", "customers", "orders", "events"])
@pytest.mark.parametrize("rows", [[], [None], {}, None, "x", 5, [[]], [{}], [5], [True]])
def test_a_list_that_is_none(unchanged, name, rows):
    """Row 27: an empty list, a list of nothing, an object where a list is expected."""
    assert not wrong(unchanged.post(f"/api/v1/{name}", {name: rows}), 400)
    assert not wrong(unchanged.post(f"/api/v1/{name}", {}), 400)
    assert not wrong(unchanged.post(f"/api/v1/{name}", {name: [GOOD[name]], "other": 1}), 400)


@pytest.mark.parametrize("name", ["products", "customers", "orders", "events"])
@pytest.mark.parametrize("count", [1001, 20_000])
def test_too_many_at_a_time(unchanged, name, count):
    """Row 25: 413, at once."""
    answer = unchanged.post(f"/api/v1/{name}", {name: [GOOD[name]] * count})
    assert not wrong(answer, 413)


@pytest.mark.parametrize(
    ("content_type", "headers"),
    [
        ("text/plain", {}),
        ("application/x-www-form-urlencoded", {}),
        ("multipart/form-data; boundary=x", {}),
        ("application/xml", {}),
        ("application/jsonx", {}),
        ("application/json+x", {}),
        ("json", {}),
        ("application/json; charset=utf-16", {}),
        ("application/json; charset=foo", {}),
        ("application/json; charset=latin-1", {}),
        ("application/json", {"content-encoding": "gzip"}),
        ("application/json", {"content-encoding": "br"}),
        ("application/json", {"content-encoding": "gzip, identity"}),
    ],
)
def test_another_kind_of_body(unchanged, content_type, headers):
    """R47: rows 21 and 23. 415 on every route that writes."""
    faults = {
        f"{method} {path}": wrong(raw(unchanged, method, path, b'{"id": "1"}', content_type, **headers), 415)
        for method, path in WRITES
    }
    assert not {call: fault for call, fault in faults.items() if fault}


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=UTF-8", "APPLICATION/JSON", 'application/json;charset="utf8"']
)
def test_json_in_other_spellings_is_json(acme, api, content_type):
    assert raw(api, "POST", "/api/v1/products", b'{"id": "1", "title": "x"}', content_type).status_code == 200


def test_a_body_that_is_announced_too_long(unchanged):
    """R47: refused by its announcement; an announcement that is no number is refused as well."""
    for method, path in WRITES:
        for announced, status in ((10 * 2**20 + 1, 413), (10**30, 413), ("many", 400), ("-5", 400), ("５", 400)):
            answer = unchanged.client.generic(
                method,
                path,
                b"{}",
                "application/json",
                CONTENT_LENGTH=str(announced),
                headers={"authorization": f"Bearer {unchanged.secret}"},
            )
            assert not wrong(answer, status), (method, path, announced, answer.status_code)


def test_a_body_that_is_not_there(unchanged):
    for method, path in BODIES:
        assert not wrong(raw(unchanged, method, path, b""), 400, 415, *[404] * (path in BODILESS)), (method, path)


def test_strangers_are_told_first(db, client):
    """Whoever has no key hears so, whatever else is wrong; nothing of theirs is read."""
    for method, path in WRITES:
        for headers in ({}, {"authorization": "Bearer lb_live_sk_none"}):
            answer = client.generic(method, path, b"[" * 50_000, "text/plain", headers=headers)
            assert not wrong(answer, 401), (method, path)


# --- Fields -----------------------------------------------------------------------------------------------
def lines(**fields):
    return {"lines": [{**LINE, **fields}]}


HIDDEN = ["a\r\nb", "a\x1b[2J", "a\u202eb", "a\u200bb", "\ufeffa", "a\u2066b", "\u3164", " ", ""]
BAD_TIMES = [
    "9999-12-31T23:59:59-23:59",
    "0000-01-01T00:00:00Z",
    "2025-01-01T00:00:00",
    "2999-01-01T00:00:00Z",
    "yesterday",
    1735689600,
    True,
    "2025-02-30T00:00:00Z",
    "２025-01-01T00:00:00Z",
    "2025-01-01",
    [],
    "1970-01-01T00:00:00Z",
]
BAD_FIELDS = [
    *(("orders", "15", lines(quantity=value)) for value in (2**63, 2**31, -1, 0, 1.5, True, "1", None)),
    *(
        ("orders", "13", lines(unit_price=value))
        for value in ("nan", "Infinity", "-1", True, "1e400", 10**13, [], "１")
    ),
    *(("orders", "13", {"total": value}) for value in ("nan", "inf", True, -0.01, "1e13", {})),
    *(("products", "13", {"price": value}) for value in ("nan", "sNaN", True, -1, 10**12, "12,90", "1_0")),
    *(("products", "15", {"stock": value}) for value in (2**63, 2**31, True, 1.5, "1")),
    *(("events", "15", {"quantity": value}) for value in (2**63, 2**31, -1, 0, True, "1")),
    *(("events", "13", {"value": value}) for value in ("nan", True, "1e400", -1)),
    *(("orders", "17", {"ordered_at": value}) for value in BAD_TIMES),
    *(("products", "17", {"updated_at": value}) for value in BAD_TIMES),
    *(("customers", "17", {"updated_at": value}) for value in BAD_TIMES),
    *(("events", "17", {"occurred_at": value}) for value in BAD_TIMES),
    *(
        (name, "29", {field: 1})
        for name in ("products", "customers", "orders", "events")
        for field in ("tenant_id", "tenant", "pk", "is_demo", "created_at", "__proto__", "x" * 5000, "a\r\nb", "")
    ),
    ("products", "29", {"status": "published"}),
    ("customers", "29", {"status": "active"}),
    ("customers", "29", {"is_active": True}),
    *((name, "31", {"id": value}) for name in ("products", "customers", "orders") for value in HIDDEN),
    *(("orders", "31", {"customer_id": value}) for value in HIDDEN[:-1]),
    *(("events", "31", {"customer_id": value}) for value in HIDDEN[:-1]),
    *(("orders", "31", lines(product_id=value)) for value in HIDDEN),
    *((name, "ids", {"id": value}) for name in ("products", "orders") for value in (None, True, 1.5, [], {}, "x" * 65)),
    *(("products", "title", {"title": value}) for value in (None, 5, "", " ", "x" * 501, "a\u202eb", "<b></b>", ["x"])),
    *(
        ("products", "35", {"url": value})
        for value in ("javascript:alert(1)", "data:text/html,x", "//x", "http:///x", "ftp://x")
    ),
    *(("products", "lists", {"tags": value}) for value in ("x", [5], ["x"] * 51, [["x"]], {"a": 1})),
    *(("products", "flat", {"attributes": value}) for value in ([], "x", {"a": {"b": 1}}, {"a": [{"b": 1}]}, {"": 1})),
    *(("orders", "choice", {"status": value}) for value in ("done", "", None, 5, "сompleted")),
    *(("orders", "currency", {"currency": value}) for value in ("EURO", "€UR", 5, "E1R")),
    *(("events", "type", {"type": value}) for value in ("", "View", "a b", "x" * 41, 5, None, "<b>")),
]


@pytest.mark.parametrize(
    ("name", "row", "fields"), BAD_FIELDS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_field_that_is_not_right(unchanged, name, row, fields):
    """R56: rows 13, 15, 17, 29 and 31: 400 with the name of the field."""
    answer = unchanged.post(f"/api/v1/{name}", {**GOOD[name], **fields})
    assert not wrong(answer, 400), answer.content
    assert answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("products", "title", "<img src=x onerror=alert(1)>Mug"),
        ("products", "title", "{{7*7}} ${7*7} {% debug %}"),
        ("products", "title", 'x" hx-get="/x" onclick="alert(1)'),
        ("products", "title", "Dropcap dress; UPDATE products SET title = 'x' --"),
        ("products", "title", "' OR '1'='1"),
        ("products", "title", "../../etc/passwd"),
        ("products", "title", "=HYPERLINK(1)"),
        ("products", "brand", "<script>alert(1)</script>"),
        ("products", "description", "<svg/onload=alert(1)><p>x</p>"),
        ("products", "id", "<b onmouseover=alert(1)>"),
        ("customers", "id", "'; DROP TABLE tenants_tenant; --"),
        ("customers", "country", "<iframe src=javascript:alert(1)>France"),
        ("orders", "id", "{{7*7}}"),
    ],
)
def test_text_that_means_something_elsewhere_is_kept_and_inert(acme, ana, api, signed_in, name, field, value):
    """R53, T9: row 33. It is taken, words stay, and no page shows it as anything but text."""
    answer = api.post(f"/api/v1/{name}", {**GOOD[name], field: value})
    assert answer.status_code == 200, answer.content
    told = api.get(f"/api/v1/{name}").json()[name][-1][field]
    if "<" not in value or field == "id":
        assert told == value
    pages = signed_in(ana)
    for page in ("catalogue", "catalogue/customers", "catalogue/orders", "catalogue/products"):
        shown = pages.get(f"/t/acme/{page}").content.decode()
        for sign in ("<img src=x", "<script>alert", "<svg/onload", "<b onmouseover", "<iframe", '" hx-get="/x', ">49"):
            assert sign not in shown, page
